/** The options of `Clerk.load`, and the part of them that is passed to Rust. */
import type * as wire from './bindings';
import type { RouterFn } from './navigation';
import type { Client } from './resources/client';
import type { Session } from './resources/session';

/** Options of {@link Clerk.load}. They override the app's configuration, except where it forbids that. */
export interface ClerkOptions {
  /** The look of the prebuilt components. */
  appearance?: object;
  /** The texts of the prebuilt components. */
  localization?: object;
  /** The nonce of the app's content security policy, for the styles of the prebuilt components. */
  nonce?: string;
  /** Navigates to a path of the app. */
  routerPush?: RouterFn;
  /** Navigates to a path of the app, replacing the present one in the history. */
  routerReplace?: RouterFn;
  /**
   * Whether to read the client again every five minutes. Rust does so once for the whole app, so set it in the app's
   * configuration: here it has no effect. Default: `true`.
   */
  polling?: boolean;
  /** Chooses the session that is active first. Default: the one that was active last. */
  selectInitialSession?: (client: Client) => Session | null | undefined;
  /** For the prebuilt components only; a desktop app never uses Clerk's cookies. */
  standardBrowser?: boolean;
  /** Address for support, which the prebuilt components show. */
  supportEmail?: string;
  /** Whether the session is touched when the window gets the focus. Default: `true`. */
  touchSession?: boolean;
  /** The app's own sign-in page. Default: Clerk's hosted page in the system browser. */
  signInUrl?: string;
  /** The app's own sign-up page. Default: Clerk's hosted page in the system browser. */
  signUpUrl?: string;
  /** Where to navigate to after every sign-in. */
  signInForceRedirectUrl?: string | null;
  /** Where to navigate to after every sign-up. */
  signUpForceRedirectUrl?: string | null;
  /** Where to navigate to after a sign-in without another redirect URL. */
  signInFallbackRedirectUrl?: string | null;
  /** Where to navigate to after a sign-up without another redirect URL. */
  signUpFallbackRedirectUrl?: string | null;
  /** Where to navigate to after a sign-out. Default: `/`. */
  afterSignOutUrl?: string;
  /** Where to navigate to after signing out of one of several sessions. */
  afterMultiSessionSingleSignOutUrl?: string;
  /** The waitlist page. */
  waitlistUrl?: string;
  /** Where to navigate to after a new subscription. */
  newSubscriptionRedirectUrl?: string;
  /** The pages for the tasks of a pending session, by the tasks' keys. */
  taskUrls?: Record<string, string>;
  /** Origins that redirects may lead to: strings, in which `*` matches any characters, or regular expressions. */
  allowedRedirectOrigins?: (string | RegExp)[];
  /** The app's own deep-link schemes that may be navigated to, besides http and https, e.g. `my-app:`. */
  allowedRedirectProtocols?: string[];
  /** Whether the app is a satellite of another domain. */
  isSatellite?: boolean | ((url: URL) => boolean);
  /** Reflected by `Clerk.telemetry` only; nothing is ever sent. */
  telemetry?: false | { disabled?: boolean; debug?: boolean };
  /** The SDK that the app uses. */
  sdkMetadata?: wire.SdkMetadata;
}

/** Returns the options without functions, as they are passed to Rust. */
export function wireOptions(options: ClerkOptions): wire.ClerkOptions {
  const { allowedRedirectOrigins, isSatellite, telemetry, appearance, localization, ...others } = options;
  // An absent option leaves the configuration's value in place.
  const given = (value: unknown) => value !== undefined && value !== null && typeof value !== 'function';
  const data = Object.entries(others).filter(([name, value]) => name !== 'nonce' && given(value));
  const rest = Object.fromEntries(data) as wire.ClerkOptions;
  return {
    ...rest,
    ...(appearance !== undefined && { appearance: appearance as wire.ClerkOptions['appearance'] & {} }),
    ...(localization !== undefined && {
      localization: localization as wire.ClerkOptions['localization'] & {},
    }),
    ...(allowedRedirectOrigins !== undefined && {
      allowedRedirectOrigins: allowedRedirectOrigins.map((origin) =>
        typeof origin === 'string'
          ? origin
          : { regex: origin.source, flags: origin.flags.replace(/[^imsuv]/g, '') },
      ),
    }),
    ...(isSatellite !== undefined && {
      isSatellite:
        typeof isSatellite === 'function' ? isSatellite(new URL(window.location.href)) : isSatellite,
    }),
    ...(telemetry !== undefined && {
      telemetry: {
        disabled: telemetry === false || (telemetry.disabled ?? true),
        debug: (telemetry || {}).debug ?? false,
      },
    }),
  };
}
