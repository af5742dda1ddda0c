import type * as wire from '../../bindings';
import * as commands from '../../on-demand-commands';
import type { SignUp } from '../sign-up';
import type { WalletParams, Web3Params } from '../wallet-params';
import { signUpWithWeb3 } from '../web3';
import { type WalletMethod, withWallet } from './attempt';

export { authenticateWithPopup, authenticateWithRedirect } from './attempt';

/** Passes the anti-fraud check, which may be followed by another one. */
export function submitProtectCheck(this: SignUp, { proofToken }: { proofToken: string }): Promise<SignUp> {
  return this.settleWithId((id) => commands.submitSignUpProtectCheck(id, proofToken));
}

/** Sends a code to the e-mail address. */
export function prepareEmailAddressVerification(
  this: SignUp,
  params: Partial<wire.PrepareVerificationParams> = {},
): Promise<SignUp> {
  return this.prepareVerification({ strategy: 'email_code', ...params });
}

/** Attempts the verification with the code that was sent to the e-mail address. */
export function attemptEmailAddressVerification(this: SignUp, params: { code: string }): Promise<SignUp> {
  return this.attemptVerification({ strategy: 'email_code', ...params });
}

/** Sends a code to the phone number. */
export function preparePhoneNumberVerification(
  this: SignUp,
  params: Partial<wire.PrepareVerificationParams> = {},
): Promise<SignUp> {
  return this.prepareVerification({ strategy: 'phone_code', ...params });
}

/** Attempts the verification with the code that was sent to the phone number. */
export function attemptPhoneNumberVerification(this: SignUp, params: { code: string }): Promise<SignUp> {
  return this.attemptVerification({ strategy: 'phone_code', ...params });
}

/** Prepares the message that a wallet signs. */
export function prepareWeb3WalletVerification(
  this: SignUp,
  params: Partial<wire.PrepareVerificationParams> = {},
): Promise<SignUp> {
  return this.prepareVerification({ strategy: 'web3_metamask_signature', ...params });
}

/** Attempts the verification with the wallet's signature. */
export function attemptWeb3WalletVerification(
  this: SignUp,
  params: { signature: string; strategy?: string },
): Promise<SignUp> {
  return this.attemptVerification({ strategy: 'web3_metamask_signature', ...params });
}

/**
 * Signs a message of Clerk with a wallet: that of the system browser, or the one that the parameters bring. Unlike
 * {@link Clerk.authenticateWithWeb3}, it leaves the session to `clerk.setActive`.
 *
 * @throws {@link ClerkRuntimeError} those of {@link Clerk.authenticateWithWeb3}, `factor_not_found`
 */
export function authenticateWithWeb3(this: SignUp, params: Web3Params): Promise<SignUp> {
  return this.settle(signUpWithWeb3(params));
}

/** Continues with MetaMask; see {@link authenticateWithWeb3}. */
export const authenticateWithMetamask: WalletMethod<SignUp> = withWallet('web3_metamask_signature');

/** Continues with Coinbase Wallet; see {@link authenticateWithWeb3}. */
export const authenticateWithCoinbaseWallet: WalletMethod<SignUp> = withWallet(
  'web3_coinbase_wallet_signature',
);

/** Continues with OKX Wallet; see {@link authenticateWithWeb3}. */
export const authenticateWithOKXWallet: WalletMethod<SignUp> = withWallet('web3_okx_wallet_signature');

/** Continues with Base; see {@link authenticateWithWeb3}. */
export const authenticateWithBase: WalletMethod<SignUp> = withWallet('web3_base_signature');

/** Continues with the Solana wallet named `walletName`; see {@link authenticateWithWeb3}. */
export const authenticateWithSolana: WalletMethod<SignUp, WalletParams & { walletName: string }> =
  withWallet('web3_solana_signature');

/** Reads the sign-up again. */
export function reload(this: SignUp, params: { rotatingTokenNonce?: string } = {}): Promise<SignUp> {
  return this.settleWithId((id) => commands.reloadSignUp(id, params.rotatingTokenNonce ?? null));
}
