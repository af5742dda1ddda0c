/** The URL builders. */
import type { RedirectOptions } from '../urls';
import { Components } from './components';

export abstract class UrlBuilders extends Components {
  /** Returns the sign-in page, with the URLs for afterwards in its fragment. Empty before `load()`. */
  buildSignInUrl(options?: RedirectOptions): string {
    return this.context.urls().signIn(options);
  }

  /** Returns the sign-up page; see {@link buildSignInUrl}. */
  buildSignUpUrl(options?: RedirectOptions): string {
    return this.context.urls().signUp(options);
  }

  /** Returns the page with the user's profile. */
  buildUserProfileUrl(): string {
    return this.context.urls().userProfile();
  }

  /** Returns the page with the organization's profile. */
  buildOrganizationProfileUrl(): string {
    return this.context.urls().organizationProfile();
  }

  /** Returns the page that creates an organization. */
  buildCreateOrganizationUrl(): string {
    return this.context.urls().createOrganization();
  }

  /** Returns the application's home page, as set in Clerk's dashboard. */
  buildHomeUrl(): string {
    return this.context.urls().home();
  }

  /** Returns `to`, absolute on development instances. Apps have no development browser, so no token is added. */
  buildUrlWithAuth(to: string, _options?: { useQueryParam?: boolean | null }): string {
    return this.context.urls().withAuth(to);
  }

  /** Returns where a sign-in leads; `params` are parameters of an address, e.g. `redirect_url`. */
  buildAfterSignInUrl({ params }: { params?: URLSearchParams } = {}): string {
    return this.context.urls().afterSignIn(Object.fromEntries(params ?? []));
  }

  /** Returns where a sign-up leads; see {@link buildAfterSignInUrl}. */
  buildAfterSignUpUrl({ params }: { params?: URLSearchParams } = {}): string {
    return this.context.urls().afterSignUp(Object.fromEntries(params ?? []));
  }

  /** Returns where a sign-out leads. */
  buildAfterSignOutUrl(): string {
    return this.context.urls().afterSignOut();
  }

  /** Returns where a new subscription leads. Default: where a sign-in leads. */
  buildNewSubscriptionRedirectUrl(): string {
    return this.context.urls().newSubscriptionRedirect();
  }

  /** Returns where signing out of one of several sessions leads. */
  buildAfterMultiSessionSingleSignOutUrl(): string {
    return this.context.urls().afterMultiSessionSingleSignOut();
  }

  /** Returns the waitlist page. */
  buildWaitlistUrl({ initialValues }: { initialValues?: Record<string, string> } = {}): string {
    return this.context.urls().waitlist(initialValues);
  }

  /** Returns the page for the active session's current task; empty without a task. */
  buildTasksUrl(options?: RedirectOptions): string {
    return this.context.urls().task(this.context.session()?.currentTask?.key, options);
  }
}
