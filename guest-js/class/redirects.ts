/** Navigating to the pages that the URL builders name. */
import type * as wire from '../bindings';
import * as commands from '../bindings';
import type { RedirectOptions } from '../urls';
import { isReadyFor } from './context';
import { follow, fromThisPage } from './flows';
import { Wallets } from './wallets';

export abstract class Redirects extends Wallets {
  /**
   * Navigates to the app's sign-in. Without the option `signInUrl`, Clerk's hosted sign-in opens in the system browser,
   * and this resolves when the user has come back signed in.
   *
   * @throws {@link ClerkRuntimeError} `hosted_auth_failed`, `oauth_flow_cancelled`, `oauth_flow_superseded`,
   * `oauth_flow_timed_out`
   */
  redirectToSignIn(options: RedirectOptions = {}): Promise<unknown> {
    return this.context.urls().hasOwnSignIn()
      ? this.context.navigate(this.buildSignInUrl(options))
      : this.#hosted('signIn', options);
  }

  /** Navigates to the app's sign-up, or opens Clerk's hosted one; see {@link redirectToSignIn}. */
  redirectToSignUp(options: RedirectOptions = {}): Promise<unknown> {
    return this.context.urls().hasOwnSignUp()
      ? this.context.navigate(this.buildSignUpUrl(options))
      : this.#hosted('signUp', options);
  }

  async #hosted(mode: wire.AttemptKind, options: RedirectOptions): Promise<unknown> {
    if (!isReadyFor(this.context, mode === 'signIn' ? 'redirectToSignIn' : 'redirectToSignUp')) {
      return undefined;
    }
    const callback: wire.RedirectCallbackParams = {};
    for (const name of ['signInForceRedirectUrl', 'signUpForceRedirectUrl'] as const) {
      const url = options[name];
      if (url) {
        callback[name] = url;
      }
    }
    // As with the app's own pages, the user comes back to the present page by default.
    for (const name of ['signInFallbackRedirectUrl', 'signUpFallbackRedirectUrl'] as const) {
      callback[name] =
        options.redirectUrl || options[name] || this.context.options()[name] || window.location.href;
    }
    return await follow(this.context, await commands.startHostedAuth(mode, fromThisPage(callback)));
  }

  /** Navigates to the user's profile, in the system browser unless it is a page of the app. */
  redirectToUserProfile(): Promise<unknown> {
    return this.context.navigate(this.buildUserProfileUrl());
  }

  /** Navigates to the organization's profile. */
  redirectToOrganizationProfile(): Promise<unknown> {
    return this.context.navigate(this.buildOrganizationProfileUrl());
  }

  /** Navigates to the page that creates an organization. */
  redirectToCreateOrganization(): Promise<unknown> {
    return this.context.navigate(this.buildCreateOrganizationUrl());
  }

  /** Navigates to where a sign-in leads. */
  redirectToAfterSignIn(): Promise<unknown> {
    return this.context.navigate(this.buildAfterSignInUrl());
  }

  /** Navigates to where a sign-up leads. */
  redirectToAfterSignUp(): Promise<unknown> {
    return this.context.navigate(this.buildAfterSignUpUrl());
  }

  /** Navigates to where a sign-out leads. */
  redirectToAfterSignOut(): Promise<unknown> {
    return this.context.navigate(this.buildAfterSignOutUrl());
  }

  /** Navigates to the waitlist. */
  redirectToWaitlist(): Promise<unknown> {
    return this.context.navigate(this.buildWaitlistUrl());
  }

  /** Navigates to the page for the active session's current task. Does nothing without a task. */
  redirectToTasks(options?: RedirectOptions): Promise<unknown> {
    return this.context.navigate(this.buildTasksUrl(options));
  }

  /** Navigates to the URL that {@link buildUrlWithAuth} returns. */
  redirectWithAuth(to: string): Promise<unknown> {
    return this.context.navigate(this.buildUrlWithAuth(to));
  }
}
