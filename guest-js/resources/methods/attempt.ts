/** What sign-ins and sign-ups have in common. */
import { ClerkRuntimeError } from '../../errors';
import type { RedirectParams } from '../base';
import type { WalletParams, Web3Params } from '../wallet-params';

/** A method that continues with a certain wallet. */
export type WalletMethod<Attempt, Params = WalletParams | undefined> = (
  this: Attempt,
  ...params: undefined extends Params ? [params?: Params] : [params: Params]
) => Promise<Attempt>;

/** Continues with the wallet of a strategy; see `authenticateWithWeb3()`. */
export function withWallet<Attempt extends { authenticateWithWeb3(params: Web3Params): Promise<Attempt> }>(
  strategy: string,
): (this: Attempt, params?: WalletParams) => Promise<Attempt> {
  return function (params) {
    return this.authenticateWithWeb3({ ...params, strategy });
  };
}

/**
 * Rejects: a popup cannot lead back to the app. Call `authenticateWithRedirect()`, which opens the system browser.
 *
 * @throws {@link ClerkRuntimeError} `popup_not_supported`
 */
export function authenticateWithPopup(_params?: RedirectParams & { popup?: Window | null }): Promise<void> {
  const message =
    'a popup cannot lead back to the app: call authenticateWithRedirect(), which opens the system browser';
  return Promise.reject(new ClerkRuntimeError(message, { code: 'popup_not_supported' }));
}
