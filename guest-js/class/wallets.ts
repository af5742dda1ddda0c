/** Signing in with a wallet. */
import type * as wire from '../bindings';
import { type CustomNavigate, Flows } from './flows';

/** Parameters of {@link Wallets.authenticateWithWeb3}. */
export type AuthenticateWithWeb3Params = Omit<wire.AuthenticateWithWeb3Params, 'location'> & {
  /** Navigates to the steps before the session is active, instead of Clerk's own navigation. */
  customNavigate?: CustomNavigate;
};

/** Parameters of {@link Wallets.authenticateWithMetamask} and the methods for other wallets. */
export type AuthenticateWithWalletParams = Omit<AuthenticateWithWeb3Params, 'strategy'>;

export abstract class Wallets extends Flows {
  /**
   * Signs in with a wallet through the system browser. A user without an account is signed up. Does nothing before
   * `load()`.
   *
   * @throws {@link ClerkRuntimeError} `web3_wallet_unavailable`, `web3_signature_request_rejected`,
   * `web3_signature_generation_failed`, `web3_solana_wallet_name_required`, `web3_wallet_not_confirmed`,
   * `wallet_bridge_misused`, `browser_unavailable`
   */
  async authenticateWithWeb3(params: AuthenticateWithWeb3Params): Promise<void> {
    await this.flow('authenticateWithWeb3', params);
  }

  /** Signs in with MetaMask; see {@link authenticateWithWeb3}. */
  authenticateWithMetamask(params: AuthenticateWithWalletParams = {}): Promise<void> {
    return this.authenticateWithWeb3({ ...params, strategy: 'web3_metamask_signature' });
  }

  /** Signs in with Coinbase Wallet; see {@link authenticateWithWeb3}. */
  authenticateWithCoinbaseWallet(params: AuthenticateWithWalletParams = {}): Promise<void> {
    return this.authenticateWithWeb3({ ...params, strategy: 'web3_coinbase_wallet_signature' });
  }

  /** Signs in with OKX Wallet; see {@link authenticateWithWeb3}. */
  authenticateWithOKXWallet(params: AuthenticateWithWalletParams = {}): Promise<void> {
    return this.authenticateWithWeb3({ ...params, strategy: 'web3_okx_wallet_signature' });
  }

  /** Signs in with Base; see {@link authenticateWithWeb3}. */
  authenticateWithBase(params: AuthenticateWithWalletParams = {}): Promise<void> {
    return this.authenticateWithWeb3({ ...params, strategy: 'web3_base_signature' });
  }

  /** Signs in with the Solana wallet named `walletName`; see {@link authenticateWithWeb3}. */
  authenticateWithSolana(params: AuthenticateWithWalletParams & { walletName: string }): Promise<void> {
    return this.authenticateWithWeb3({ ...params, strategy: 'web3_solana_signature' });
  }
}
