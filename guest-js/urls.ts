/**
 * Building URLs the way Clerk's SDKs do, and deciding where redirects may lead.
 *
 * The same in Rust: `crates/clerk-core/src/navigation/urls.rs`. Both are tested against `tests/vectors/urls.json`.
 */
import type { ClerkOptions, DisplayConfig, RedirectOrigin } from './bindings';

/** Options of `buildSignInUrl` and the other builders for pages to authenticate on. */
export interface RedirectOptions {
  /** Where to come back to. Default: the present page. */
  redirectUrl?: string | null;
  signInForceRedirectUrl?: string | null;
  signInFallbackRedirectUrl?: string | null;
  signUpForceRedirectUrl?: string | null;
  signUpFallbackRedirectUrl?: string | null;
  /** Values to fill the form with, e.g. `emailAddress`. */
  initialValues?: Record<string, string>;
}

/** What URLs are built from. */
export interface UrlContext {
  /** Address of the page, which relative URLs are resolved against. */
  here: string;
  options: ClerkOptions;
  /** Absent before the environment was loaded. */
  display: Partial<DisplayConfig> | undefined;
  production: boolean;
  /** Host of FAPI; empty before it is known. */
  frontendApi: string;
  loaded: boolean;
}

type Params = [string, string][];

/** Scheme, host and port. Pages of an app have schemes of their own, whose origin the standard calls opaque. */
export function originOf(url: URL): string {
  return `${url.protocol}//${url.host}`;
}

function parse(url: string, base?: URL): URL | undefined {
  try {
    return new URL(url, base);
  } catch {
    return undefined;
  }
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function snakeCased(values: Record<string, string> = {}): Params {
  return Object.entries(values).map(([key, value]) => [snakeCase(key), value]);
}

/** `base` with `path` appended to the path inside its fragment, and `params` set there. */
export function withHash(base: string, path: string, params: Params = []): string {
  const step = path.replace(/^\/+/, '');
  if (step === '' && params.length === 0) {
    return base;
  }
  const [before, fragment] = splitOnce(base, '#');
  const [hashPath, hashQuery] = splitOnce(fragment, '?');
  const query = new URLSearchParams(hashQuery);
  for (const [key, value] of params) {
    query.set(key, value);
  }
  const text = query.toString();
  return `${before}#${hashPath.replace(/\/+$/, '')}/${step}${text && `?${text}`}`;
}

function splitOnce(text: string, separator: string): [string, string] {
  const place = text.indexOf(separator);
  return place < 0 ? [text, ''] : [text.slice(0, place), text.slice(place + 1)];
}

/**
 * Whether a string matches a pattern, in which each `*` matches any characters. Never slower than the product of both lengths:
 * a star gives back characters only until the next star matches. The same in Rust.
 */
export function glob(pattern: string, text: string): boolean {
  let at = 0;
  let place = 0;
  // Where to continue when the characters behind the last star don't match.
  let retry: { behindStar: number; from: number } | undefined;
  while (place < text.length) {
    if (pattern[at] === '*') {
      retry = { behindStar: at + 1, from: place };
      at += 1;
    } else if (pattern[at] === text[place]) {
      at += 1;
      place += 1;
    } else if (retry) {
      retry.from += 1;
      at = retry.behindStar;
      place = retry.from;
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(at));
}

/** The longest origin that is matched, as in Rust: host names have at most 253 characters. */
const LONGEST_ORIGIN = 1000;

function fits(entry: RedirectOrigin, origin: string): boolean {
  if (origin.length > LONGEST_ORIGIN) {
    return false;
  }
  if (typeof entry === 'string') {
    return glob(entry.replace(/\/+$/, ''), origin);
  }
  try {
    return new RegExp(entry.regex, entry.flags).test(origin);
  } catch {
    // Webviews differ in what they support, e.g. the flag `v`.
    console.warn(
      `[clerk] this webview does not support the regular expression /${entry.regex}/${entry.flags ?? ''} of allowedRedirectOrigins`,
    );
    return false;
  }
}

/** The URL builders for one page and one state. */
export class Urls {
  readonly #context: UrlContext;
  readonly #here: URL;

  constructor(context: UrlContext) {
    this.#context = context;
    this.#here = new URL(context.here);
  }

  get #options(): ClerkOptions {
    return this.#context.options;
  }

  /** Parses a URL that may be relative to the app. */
  #onOrigin(url: string): URL | undefined {
    return parse(url) ?? parse(url, new URL(`${originOf(this.#here)}/`));
  }

  /** Returns the URL, absolute on development instances. Apps have no development browser, so no token is added. */
  withAuth(to: string): string {
    return this.#context.production ? to : (this.#onOrigin(to)?.href ?? '');
  }

  #displayed(name: keyof DisplayConfig): string {
    const { display } = this.#context;
    return display ? this.withAuth((display[name] as string | undefined) ?? '') : '';
  }

  home(): string {
    return this.#displayed('homeUrl');
  }

  userProfile(): string {
    return this.#displayed('userProfileUrl');
  }

  createOrganization(): string {
    return this.#displayed('createOrganizationUrl');
  }

  organizationProfile(): string {
    return this.#displayed('organizationProfileUrl');
  }

  /** Whether sign-in and sign-up share one page of the app. */
  get #isCombinedFlow(): boolean {
    const { signInUrl, signUpUrl } = this.#options;
    return !!signInUrl && !parse(signInUrl) && !signUpUrl;
  }

  hasOwnSignIn(): boolean {
    return !!this.#options.signInUrl;
  }

  hasOwnSignUp(): boolean {
    return !!this.#options.signUpUrl || this.#isCombinedFlow;
  }

  signIn(redirect: RedirectOptions = {}): string {
    return this.#authentication(this.#options.signInUrl, 'signInUrl', '', redirect);
  }

  signUp(redirect: RedirectOptions = {}): string {
    return this.#isCombinedFlow
      ? this.#authentication(this.#options.signInUrl, 'signUpUrl', 'create', redirect)
      : this.#authentication(this.#options.signUpUrl, 'signUpUrl', '', redirect);
  }

  #authentication(
    option: string | null | undefined,
    name: 'signInUrl' | 'signUpUrl',
    path: string,
    redirect: RedirectOptions,
  ): string {
    const { display, loaded, here } = this.#context;
    const base = display && loaded ? parse(option || (display[name] ?? ''), this.#here) : undefined;
    if (!base) {
      return '';
    }
    const params = [
      ...snakeCased(redirect.initialValues),
      ...this.#redirectParams(redirect, redirect.redirectUrl || here),
    ];
    return this.withAuth(withHash(base.href, path, params));
  }

  /** The parameters that tell a sign-in page where to navigate to afterwards. */
  #redirectParams(redirect: RedirectOptions, redirectUrl: string): Params {
    const params: [name: string, url: string | undefined][] = [];
    for (const kind of ['signIn', 'signUp'] as const) {
      const add = (name: `${typeof kind}${'Force' | 'Fallback'}RedirectUrl`) => {
        const url = this.#firstAllowed(redirect[name], this.#options[name]);
        params.push([snakeCase(name), url]);
        return url;
      };
      if (!add(`${kind}ForceRedirectUrl`)) {
        add(`${kind}FallbackRedirectUrl`);
      }
    }
    params.push(['redirect_url', this.#firstAllowed(redirectUrl)]);
    return params.filter((param): param is [string, string] => param[1] !== undefined);
  }

  #firstAllowed(...candidates: (string | null | undefined)[]): string | undefined {
    for (const candidate of candidates) {
      const allowed = candidate ? this.allowedRedirect(candidate) : undefined;
      if (allowed) {
        return allowed.href;
      }
    }
    return undefined;
  }

  /** Returns where an authentication leads; `search` are parameters of an address. */
  #after(kind: 'signIn' | 'signUp', search: Record<string, string> = {}): string {
    const [force, fallback] = [`${kind}ForceRedirectUrl`, `${kind}FallbackRedirectUrl`] as const;
    const url = this.#firstAllowed(
      search[snakeCase(force)],
      this.#options[force],
      search['redirect_url'],
      search[snakeCase(fallback)],
      this.#options[fallback],
    );
    return this.withAuth(url ?? '/');
  }

  afterSignIn(search?: Record<string, string>): string {
    return this.#after('signIn', search);
  }

  afterSignUp(search?: Record<string, string>): string {
    return this.#after('signUp', search);
  }

  afterSignOut(): string {
    return this.#options.afterSignOutUrl ? this.withAuth(this.#options.afterSignOutUrl) : '/';
  }

  newSubscriptionRedirect(): string {
    return this.#options.newSubscriptionRedirectUrl || this.afterSignIn();
  }

  afterMultiSessionSingleSignOut(): string {
    const { afterMultiSessionSingleSignOutUrl, signInUrl } = this.#options;
    if (!this.#context.display) {
      return '';
    }
    if (afterMultiSessionSingleSignOutUrl) {
      return this.withAuth(afterMultiSessionSingleSignOutUrl);
    }
    const signIn = signInUrl ? parse(signInUrl, this.#here) : undefined;
    return signIn ? this.withAuth(withHash(signIn.href, 'choose')) : this.#displayed('afterSignOutOneUrl');
  }

  waitlist(initialValues: Record<string, string> = {}): string {
    const { display } = this.#context;
    const base = display && parse(this.#options.waitlistUrl || (display.waitlistUrl ?? ''), this.#here);
    return base ? withHash(base.href, '', snakeCased(initialValues)) : '';
  }

  /** Returns the page for a task of a pending session; empty without a task. */
  task(key: string | undefined, redirect: RedirectOptions = {}): string {
    if (!key) {
      return '';
    }
    return this.#options.taskUrls?.[key] || withHash(this.signIn(redirect), `tasks/${key}`);
  }

  /** Returns the absolute URL if a redirect may lead there: to the app itself or to an allowed origin. */
  allowedRedirect(url: string): URL | undefined {
    const target = this.#onOrigin(url);
    if (!target) {
      return undefined;
    }
    const dangerous =
      target.protocol === 'javascript:' ||
      target.pathname.startsWith('//') ||
      /[\u0000-\u001f\u007f-\u009f]/.test(target.pathname);
    const origin = originOf(target);
    if (!dangerous && (origin === originOf(this.#here) || this.#lists(origin))) {
      return target;
    }
    console.warn(
      `[clerk] a redirect to ${target.protocol}// was replaced by the default; see allowedRedirectOrigins`,
    );
    return undefined;
  }

  /** Whether an origin is on the app's list, or on the default list. */
  #lists(origin: string): boolean {
    const list = this.#options.allowedRedirectOrigins;
    if (list && list.length > 0) {
      return list.some((entry) => fits(entry, origin));
    }
    const { frontendApi, production } = this.#context;
    // Only a leading label: `my-clerk.example.com` is not a subdomain of `my-example.com`.
    const domain = frontendApi.replace(/^clerk\./, '');
    const ofDomain = domain !== '' && (origin === `https://${domain}` || glob(`https://*.${domain}`, origin));
    return ofDomain || (!production && origin === `https://${frontendApi}`);
  }
}
