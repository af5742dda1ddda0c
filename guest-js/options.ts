/** The options of `Clerk.load`, and the part of them that Rust is told. */
import type * as wire from './bindings';
import type { RouterFn } from './navigation';
import type { Client } from './resources/client';
import type { Session } from './resources/session';

/** Options of {@link Clerk.load}. The configuration of the app may have set them already; these win. */
export interface ClerkOptions {
  /** The look of the prebuilt components. */
  appearance?: object;
  /** The texts of the prebuilt components. */
  localization?: object;
  /** Goes to a path of the app. */
  routerPush?: RouterFn;
  /** Goes to a path of the app in place of the present one. */
  routerReplace?: RouterFn;
  /** Whether to ask Clerk every five minutes what has changed; it does unless this says otherwise. */
  polling?: boolean;
  /** Chooses the session that the app begins with; the one that was active last, when absent. */
  selectInitialSession?: (client: Client) => Session | null | undefined;
  /** Kept for the prebuilt components; a desktop app never uses Clerk's cookies. */
  standardBrowser?: boolean;
  /** Address for support, which the prebuilt components show. */
  supportEmail?: string;
  /** Whether the session is touched when the window gets the focus; it is unless this says otherwise. */
  touchSession?: boolean;
  /** Where the app's own sign-in is. Without it, signing in means Clerk's hosted pages in the system browser. */
  signInUrl?: string;
  /** Where the app's own sign-up is. */
  signUpUrl?: string;
  /** Where to go after every sign-in. */
  signInForceRedirectUrl?: string | null;
  /** Where to go after every sign-up. */
  signUpForceRedirectUrl?: string | null;
  /** Where to go after a sign-in when nothing else says so. */
  signInFallbackRedirectUrl?: string | null;
  /** Where to go after a sign-up when nothing else says so. */
  signUpFallbackRedirectUrl?: string | null;
  /** Where to go after a sign-out. */
  afterSignOutUrl?: string;
  /** Where to go after signing out of one of several sessions. */
  afterMultiSessionSingleSignOutUrl?: string;
  waitlistUrl?: string;
  newSubscriptionRedirectUrl?: string;
  /** Where the tasks of a pending session are done, by their key. */
  taskUrls?: Record<string, string>;
  /** Origins that redirects may lead to: with `*` for any text, or regular expressions. */
  allowedRedirectOrigins?: (string | RegExp)[];
  /** Protocols beside http, https and the app's own that may be navigated to, e.g. `my-app:`. */
  allowedRedirectProtocols?: string[];
  /** Whether the app is a satellite of another domain. */
  isSatellite?: boolean | ((url: URL) => boolean);
  /** Nothing is ever sent; kept for those who read it. */
  telemetry?: false | { disabled?: boolean; debug?: boolean };
  /** The SDK that the app uses. */
  sdkMetadata?: wire.SdkMetadata;
}

/** The options without functions, as they cross to Rust. */
export function wireOptions(options: ClerkOptions): wire.ClerkOptions {
  const { allowedRedirectOrigins, isSatellite, telemetry, appearance, localization, ...others } = options;
  // What is not given leaves the configuration as it is.
  const given = (value: unknown) => value !== undefined && value !== null && typeof value !== 'function';
  const data = Object.entries(others).filter(([, value]) => given(value));
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
