/** The options of `createClerkJs`, and what clerk-js gets of them. */
import type * as wire from '../bindings';
import { wireOptions } from '../options';
import { VERSION } from '../version';
import type { ClerkJs, UiModule } from './packages';

type Given = NonNullable<Parameters<ClerkJs['load']>[0]>;

/** Options that have no meaning in an app, or that this package sets. */
type NotForApps =
  | 'ui'
  | 'clerkUICtor'
  | 'standardBrowser'
  | 'telemetry'
  | 'sdkMetadata'
  | 'isSatellite'
  | 'satelliteAutoSync'
  | 'polling'
  | 'protectAssertion';

type KeysOf<Options> = Options extends Options
  ? Exclude<keyof Options, `__internal_${string}` | NotForApps>
  : never;

/** Options of {@link createClerkJs}: those of clerk-js that apply to a desktop app. */
export type ClerkJsOptions = {
  [Key in KeysOf<Given>]?: Given[Key];
} & {
  /** The object `ui` of `@clerk/ui/no-rhc`. Default: it is imported. */
  ui?: UiModule['ui'];
  /** The nonce of the app's content security policy, for the styles of the components. */
  nonce?: string | undefined;
  /** The instance's key, unless the app's configuration has it. It must be the same key then. */
  publishableKey?: string;
  proxyUrl?: string;
  domain?: string;
};

/** The options that Rust and clerk-js both have. */
const SHARED = [
  'appearance',
  'localization',
  'supportEmail',
  'touchSession',
  'signInUrl',
  'signUpUrl',
  'signInForceRedirectUrl',
  'signUpForceRedirectUrl',
  'signInFallbackRedirectUrl',
  'signUpFallbackRedirectUrl',
  'afterSignOutUrl',
  'afterMultiSessionSingleSignOutUrl',
  'waitlistUrl',
  'newSubscriptionRedirectUrl',
  'taskUrls',
  'allowedRedirectOrigins',
  'allowedRedirectProtocols',
] as const satisfies (keyof wire.ClerkOptions & keyof ClerkJsOptions)[];

/** The properties of an object that are set, of those named. */
export function pick<Value extends object, Key extends keyof Value>(
  value: Value,
  keys: readonly Key[],
): { [Name in Key]?: NonNullable<Value[Name]> } {
  const set = keys.filter((key) => value[key] !== undefined && value[key] !== null);
  return Object.fromEntries(set.map((key) => [key, value[key]])) as {
    [Name in Key]?: NonNullable<Value[Name]>;
  };
}

/** The options of the app's configuration, for clerk-js. */
export function configured(options: wire.ClerkOptions): ClerkJsOptions {
  const { allowedRedirectOrigins, ...others } = pick(options, SHARED);
  return {
    ...(others as ClerkJsOptions),
    ...(allowedRedirectOrigins && {
      allowedRedirectOrigins: allowedRedirectOrigins.map((origin) =>
        typeof origin === 'string' ? origin : new RegExp(origin.regex, origin.flags),
      ),
    }),
  };
}

/** The options of a window, for Rust. */
export function forRust(options: ClerkJsOptions): wire.ClerkOptions {
  return wireOptions(pick(options, SHARED));
}

/** What this package always sets: a native client, whose requests and credential are Rust's. */
export const ALWAYS = {
  standardBrowser: false,
  telemetry: false,
  sdkMetadata: { name: 'tauri-plugin-clerk', version: VERSION },
} as const;
