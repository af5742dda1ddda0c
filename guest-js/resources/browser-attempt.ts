import type * as wire from '../bindings';
import { importOnDemand } from '../import-on-demand';
import { Attempt, type RedirectParams } from './base';

/** Asks a wallet for a signature of `nonce`. */
export type GenerateSignature = (params: {
  identifier: string;
  nonce: string;
  provider: string;
  walletName?: string;
}) => Promise<string>;

/** Parameters of a sign-in or sign-up with a certain wallet. */
export interface WalletParams {
  /** Metadata of a sign-up. */
  unsafeMetadata?: wire.Value;
  /** Whether the user accepted the terms, for a sign-up. */
  legalAccepted?: boolean;
}

/** Parameters of `authenticateWithWeb3`. */
export interface Web3Params extends WalletParams {
  /** Default: `web3_metamask_signature`. */
  strategy?: string;
  /** The name of the wallet; required for Solana. */
  walletName?: string;
  /** The address of the app's own wallet, which `generateSignature` asks. */
  identifier?: string;
  /** Signs with a wallet of the app. Default: the wallet of the system browser, or of `clerk::Builder::wallet`. */
  generateSignature?: GenerateSignature;
}

type OnDemand = typeof import('../on-demand');

/** A sign-in or sign-up that a wallet can complete. */
export abstract class BrowserAttempt<Data extends wire.SignIn | wire.SignUp> extends Attempt<Data> {
  /** What is required next, e.g. `needs_first_factor` or `missing_requirements`; null before {@link create}. */
  get status(): string | null {
    return this.data?.status ?? null;
  }
  /** The anti-fraud check that `submitProtectCheck` passes. */
  get protectCheck(): wire.ProtectCheck | null {
    return this.data?.protectCheck ?? null;
  }
  /** The user's time zone, e.g. `Europe/Athens`. */
  get timezone(): string | null {
    return this.data?.timezone ?? null;
  }
  /**
   * Signs a message of Clerk with a wallet: that of the system browser, or the one that the parameters bring. Unlike
   * {@link Clerk.authenticateWithWeb3}, it leaves the session to `clerk.setActive`.
   *
   * @throws {@link ClerkRuntimeError} those of {@link Clerk.authenticateWithWeb3}, `factor_not_found`
   */
  abstract authenticateWithWeb3(params: Web3Params): Promise<this>;

  /** Continues with MetaMask; see {@link authenticateWithWeb3}. */
  authenticateWithMetamask(params: WalletParams = {}): Promise<this> {
    return this.authenticateWithWeb3({ ...params, strategy: 'web3_metamask_signature' });
  }

  /** Continues with Coinbase Wallet; see {@link authenticateWithWeb3}. */
  authenticateWithCoinbaseWallet(params: WalletParams = {}): Promise<this> {
    return this.authenticateWithWeb3({ ...params, strategy: 'web3_coinbase_wallet_signature' });
  }

  /** Continues with OKX Wallet; see {@link authenticateWithWeb3}. */
  authenticateWithOKXWallet(params: WalletParams = {}): Promise<this> {
    return this.authenticateWithWeb3({ ...params, strategy: 'web3_okx_wallet_signature' });
  }

  /** Continues with Base; see {@link authenticateWithWeb3}. */
  authenticateWithBase(params: WalletParams = {}): Promise<this> {
    return this.authenticateWithWeb3({ ...params, strategy: 'web3_base_signature' });
  }

  /** Continues with the Solana wallet named `walletName`; see {@link authenticateWithWeb3}. */
  authenticateWithSolana(params: WalletParams & { walletName: string }): Promise<this> {
    return this.authenticateWithWeb3({ ...params, strategy: 'web3_solana_signature' });
  }

  /**
   * Rejects: a popup cannot lead back to the app. Call {@link authenticateWithRedirect}, which opens the system browser.
   *
   * @throws {@link ClerkRuntimeError} `popup_not_supported`
   */
  async authenticateWithPopup(_params?: RedirectParams & { popup?: Window | null }): Promise<void> {
    await this.onDemand(({ refusePopup }) => refusePopup());
  }

  /** {@link run}s a call whose code is imported now. */
  protected async onDemand(call: (code: OnDemand) => Promise<Data>): Promise<this> {
    return await this.run(call(await importOnDemand()));
  }
}
