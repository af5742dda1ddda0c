/** What sign-ins and sign-ups have in common. */
import type * as wire from '../../bindings';
import { authenticate } from '../../class/browser-flows';
import type { Context } from '../../class/context';
import { ClerkRuntimeError } from '../../errors';
import type { RedirectParams } from '../base';
import type { WalletParams, Web3Params } from '../wallet-params';

/**
 * Authenticates through the system browser: opens the provider's page there, waits for the link that leads back, and completes
 * the flow. Resolves when the user is signed in and the app has navigated.
 *
 * @throws {@link ClerkRuntimeError} `oauth_access_denied`, `oauth_callback_failed`, `oauth_flow_cancelled`,
 * `oauth_flow_superseded` (a newer attempt took its place), `oauth_flow_timed_out`, `redirect_url_invalid`
 * @throws {@link ClerkAPIResponseError} e.g. `resource_missmatch`: the callback URL is not on the allowlist
 *
 * @example
 * ```ts
 * await clerk.client.signIn.authenticateWithRedirect({ strategy: 'oauth_google' });
 * ```
 */
export function authenticateWithRedirect(
  this: { host: Context; kind(): wire.AttemptKind },
  params: RedirectParams,
): Promise<void> {
  return authenticate(this.host, this.kind(), params);
}

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
