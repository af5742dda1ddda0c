/**
 * Where clerk-js and its components may lead the window: to pages of the app. Everything else belongs in the system browser.
 */
import { openExternal, startHostedAuth } from '../on-demand-commands';
import { navigate, type RouterFn } from '../navigation';
import { openInBrowser } from './browser';
import type { ClerkJsOptions } from './options';
import type { ClerkJs } from './packages';
import type { VerificationPage, VerificationPages } from './verification';

export interface Routers {
  push: RouterFn | undefined;
  replace: RouterFn | undefined;
  allowedProtocols: string[];
}

/** The parts of a display configuration that are pages to return to. In an app without such a page, its start page is meant. */
const RETURNS = [
  'afterSignInUrl',
  'afterSignUpUrl',
  'afterSignOutOneUrl',
  'afterSignOutAllUrl',
  'afterSwitchSessionUrl',
  'afterCreateOrganizationUrl',
  'afterLeaveOrganizationUrl',
  'afterJoinWaitlistUrl',
  'homeUrl',
] as const;

export class Navigator {
  readonly #clerk: ClerkJs;
  readonly #pages: VerificationPages;
  readonly #routers: Routers;
  readonly #follow: () => Promise<void>;

  constructor(clerk: ClerkJs, pages: VerificationPages, routers: Routers, follow: () => Promise<void>) {
    this.#clerk = clerk;
    this.#pages = pages;
    this.#routers = routers;
    this.#follow = follow;
  }

  /** Replaces clerk-js's own navigation of the window. */
  readonly windowNavigate = (to: URL | string): void => {
    this.go(String(to)).catch((error: unknown) => {
      console.error('[clerk] the page could not be opened', error);
    });
  };

  /** Goes to a page: of the app by its router, of a provider or of Clerk in the system browser. */
  async go(to: string): Promise<void> {
    const url = URL.canParse(to, window.location.href) ? new URL(to, window.location.href) : undefined;
    const page = url && this.#pages.find(url.href);
    if (url && page) {
      await this.#verify(url.href, page);
      return;
    }
    const hosted = url && this.#hosted(url);
    if (hosted) {
      await this.#signInOutside(hosted);
      return;
    }
    await this.#open(url && this.#isReturn(url) ? '/' : to);
  }

  async #open(to: string): Promise<void> {
    await navigate(to, {
      href: window.location.href,
      routerPush: this.#routers.push,
      routerReplace: this.#routers.replace,
      allowedProtocols: this.#routers.allowedProtocols,
      assign: (url) => {
        window.location.assign(url);
      },
      openExternal,
    });
  }

  /** Opens Clerk's hosted sign-in or sign-up. The user comes back signed in to the present page. */
  async #signInOutside(mode: 'signIn' | 'signUp'): Promise<void> {
    const here = window.location.href;
    const outcome = await startHostedAuth(mode, {
      location: here,
      signInFallbackRedirectUrl: here,
      signUpFallbackRedirectUrl: here,
    });
    await this.#follow();
    if (outcome.navigateTo) {
      await this.#open(outcome.navigateTo);
    }
  }

  /** Whether a URL is Clerk's hosted sign-in or sign-up, on another site. */
  #hosted(url: URL): 'signIn' | 'signUp' | undefined {
    const display = this.#clerk.__internal_environment?.displayConfig;
    // The fragment of a task's page does not sign anybody in.
    if (!display || isOfApp(url) || url.hash.includes('/tasks/')) {
      return undefined;
    }
    if (url.hash.startsWith('#/create') || isPage(url, display.signUpUrl)) {
      return isPage(url, display.signInUrl) || isPage(url, display.signUpUrl) ? 'signUp' : undefined;
    }
    return isPage(url, display.signInUrl) ? 'signIn' : undefined;
  }

  #isReturn(url: URL): boolean {
    const display = this.#clerk.__internal_environment?.displayConfig as
      Partial<Record<(typeof RETURNS)[number], string>> | undefined;
    return !isOfApp(url) && RETURNS.some((name) => isPage(url, display?.[name]));
  }

  /** Opens a page of a provider, and continues as the provider's redirect would in a browser. */
  async #verify(url: string, page: VerificationPage): Promise<void> {
    const { callbackUrl } = await openInBrowser(url);
    const rotatingTokenNonce = new URL(callbackUrl).searchParams.get('rotating_token_nonce');
    const params = rotatingTokenNonce === null ? undefined : { rotatingTokenNonce };
    const { client, user } = this.#clerk;
    const attempt = [
      { resource: client?.signIn, verification: client?.signIn.firstFactorVerification },
      { resource: client?.signUp, verification: client?.signUp.verifications.externalAccount },
    ].find(({ verification }) => verification?.externalVerificationRedirectURL?.href === url)?.resource;
    if (!attempt) {
      await user?.reload(params);
      return;
    }
    await attempt.reload(params);
    if (attempt.status === 'complete' && attempt.createdSessionId) {
      await this.#clerk.setActive({
        session: attempt.createdSessionId,
        navigate: () => this.#open(page.completeUrl ?? '/'),
      });
    } else if (page.redirectUrl !== undefined) {
      await this.#open(page.redirectUrl);
    }
  }
}

function isOfApp(url: URL): boolean {
  return url.protocol === window.location.protocol && url.host === window.location.host;
}

/** Whether a URL is a page, whatever its query and fragment. */
function isPage(url: URL, page: string | undefined): boolean {
  if (!page || !URL.canParse(page)) {
    return false;
  }
  const { host, pathname } = new URL(page);
  const path = (text: string) => text.replace(/\/+$/, '');
  return url.host === host && path(url.pathname) === path(pathname);
}

/** A router as clerk-js calls it. */
type ClerkRouter = NonNullable<ClerkJsOptions['routerPush']>;

/**
 * Adapts a router of the app to clerk-js, which names the start page '' as well, and passes on paths that begin with two
 * slashes, which a router could take for another host.
 */
export function routerFor(router: ClerkRouter | undefined): ClerkRouter | undefined {
  return (
    router &&
    ((to, metadata) =>
      // Steps of a component without a URL of its own are no pages of the app.
      to.startsWith('/CLERK-ROUTER/') ? undefined : router(to.replace(/^([/\\]+|$)/, '/'), metadata))
  );
}
