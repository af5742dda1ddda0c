/** The methods of the class whose code is imported on first use, and the call that must not wait for it. */
import * as commands from '../bindings';
import { importOnDemand } from '../import-on-demand';
import { addMethods, type Bound } from '../resources/lazy';
import type { DomainOrProxyUrl } from './types';
import { UrlBuilders } from './urls';

export abstract class Flows extends (UrlBuilders as abstract new (
  publishableKey?: string,
  options?: DomainOrProxyUrl,
) => UrlBuilders & Bound<typeof import('./methods')>) {
  /** Stops waiting for the browser. False when nothing was waiting. */
  cancelAuthentication(): Promise<boolean> {
    return commands.cancelAuthentication();
  }
}
addMethods(
  Flows.prototype,
  async () => (await importOnDemand()).methods,
  'fetch handleRedirectCallback handleEmailLinkVerification handleUnauthenticated joinWaitlist createOrganization getOrganization authenticateWithWeb3 authenticateWithMetamask authenticateWithCoinbaseWallet authenticateWithOKXWallet authenticateWithBase authenticateWithSolana redirectToSignIn redirectToSignUp redirectToUserProfile redirectToOrganizationProfile redirectToCreateOrganization redirectToAfterSignIn redirectToAfterSignUp redirectToAfterSignOut redirectToWaitlist redirectToTasks redirectWithAuth',
);
