/** Navigating to the pages that the URL builders name. */
import type { RedirectOptions } from '../urls';
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
      : this.flow('redirectToSignIn', options);
  }

  /** Navigates to the app's sign-up, or opens Clerk's hosted one; see {@link redirectToSignIn}. */
  redirectToSignUp(options: RedirectOptions = {}): Promise<unknown> {
    return this.context.urls().hasOwnSignUp()
      ? this.context.navigate(this.buildSignUpUrl(options))
      : this.flow('redirectToSignUp', options);
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
