import type * as wire from '../bindings';

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
