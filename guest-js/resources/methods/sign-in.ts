import type * as wire from '../../bindings';
import * as commands from '../../on-demand-commands';
import { type PasskeyFlow, signInWithPasskey } from '../../passkey';
import type { SignIn } from '../sign-in';
import type { WalletParams, Web3Params } from '../wallet-params';
import { signInWithWeb3 } from '../web3';
import { type WalletMethod, withWallet } from './attempt';

export { authenticateWithPopup, authenticateWithRedirect } from './attempt';

/** Sets a new password in a sign-in that needs one. */
export function resetPassword(this: SignIn, params: wire.ResetPasswordParams): Promise<SignIn> {
  return this.settleWithId((id) => commands.resetSignInPassword(id, params));
}

/** Passes the anti-fraud check, which may be followed by another one. */
export function submitProtectCheck(this: SignIn, { proofToken }: { proofToken: string }): Promise<SignIn> {
  return this.settleWithId((id) => commands.submitSignInProtectCheck(id, proofToken));
}

/**
 * Signs in with a passkey, if the webview supports them. With a `flow` it starts a sign-in; without one it completes
 * the first or second factor of the sign-in in progress.
 *
 * @throws {@link ClerkRuntimeError} `passkey_not_supported`, `passkey_retrieval_cancelled`, `passkey_retrieval_failed`,
 * `passkey_operation_aborted`, `passkey_invalid_rpID_or_domain`, `factor_not_found`
 */
export function authenticateWithPasskey(this: SignIn, params: { flow?: PasskeyFlow } = {}): Promise<SignIn> {
  return this.settle(signInWithPasskey(this, params.flow));
}

/**
 * Signs a message of Clerk with a wallet: that of the system browser, or the one that the parameters bring. Unlike
 * {@link Clerk.authenticateWithWeb3}, it leaves the session to `clerk.setActive`.
 *
 * @throws {@link ClerkRuntimeError} those of {@link Clerk.authenticateWithWeb3}, `factor_not_found`
 */
export function authenticateWithWeb3(this: SignIn, params: Web3Params): Promise<SignIn> {
  return this.settle(signInWithWeb3(params));
}

/** Continues with MetaMask; see {@link authenticateWithWeb3}. */
export const authenticateWithMetamask: WalletMethod<SignIn> = withWallet('web3_metamask_signature');

/** Continues with Coinbase Wallet; see {@link authenticateWithWeb3}. */
export const authenticateWithCoinbaseWallet: WalletMethod<SignIn> = withWallet(
  'web3_coinbase_wallet_signature',
);

/** Continues with OKX Wallet; see {@link authenticateWithWeb3}. */
export const authenticateWithOKXWallet: WalletMethod<SignIn> = withWallet('web3_okx_wallet_signature');

/** Continues with Base; see {@link authenticateWithWeb3}. */
export const authenticateWithBase: WalletMethod<SignIn> = withWallet('web3_base_signature');

/** Continues with the Solana wallet named `walletName`; see {@link authenticateWithWeb3}. */
export const authenticateWithSolana: WalletMethod<SignIn, WalletParams & { walletName: string }> =
  withWallet('web3_solana_signature');

/** Reads the sign-in again. */
export function reload(this: SignIn, params: { rotatingTokenNonce?: string } = {}): Promise<SignIn> {
  return this.settleWithId((id) => commands.reloadSignIn(id, params.rotatingTokenNonce ?? null));
}
