/** Clerk's React components and hooks on the plugin: `@clerk/react`, with a `ClerkProvider` that needs no props. */
import {
  type ClerkProp,
  ClerkProvider as ClerkReactProvider,
  type ClerkProviderProps as ClerkReactProviderProps,
} from '@clerk/react';
import { type JSX, type ReactNode, useEffect, useInsertionEffect, useState } from 'react';

import { type ClerkJs, type ClerkJsOptions, createClerkJs } from '../clerk-js';

// The provider below takes the place of the one that this exports.
export * from '@clerk/react';

/** The props of {@link ClerkProvider}: the options of `createClerkJs`. None is required. */
export type ClerkProviderProps = Omit<ClerkJsOptions, 'appearance' | 'localization'> &
  Pick<ClerkReactProviderProps, 'appearance' | 'localization'> & {
    children?: ReactNode;
    /** What to render until Clerk has loaded. By default, nothing. */
    fallback?: ReactNode;
  };

/** How far Clerk has come in this page. */
type Loading = { at: 'loading' } | { at: 'loaded'; clerk: ClerkJs } | { at: 'failed'; error: unknown };

/** The router functions of the provider that was rendered last. */
let router: Pick<ClerkProviderProps, 'routerPush' | 'routerReplace'> = {};

/**
 * Provides Clerk to the components and hooks of `@clerk/react`.
 *
 * Renders `children` once Clerk has loaded, for which it asks Rust and not the network. An error of loading is thrown to the
 * nearest error boundary; when that renders the provider again, it loads again.
 *
 * A page has one Clerk object, however often the provider is mounted. `appearance`, `localization` and the router functions may
 * change; the other props are those of the first provider.
 *
 * @example
 * ```tsx
 * <ClerkProvider>
 *   <Show when="signed-in" fallback={<SignIn routing="hash" />}>
 *     <UserButton />
 *   </Show>
 * </ClerkProvider>
 * ```
 */
export function ClerkProvider({ children, fallback = null, ...options }: ClerkProviderProps): JSX.Element {
  const { appearance, localization, routerPush, routerReplace } = options;
  const [loading, setLoading] = useState<Loading>({ at: 'loading' });
  // Before the effects of the children, which may navigate.
  useInsertionEffect(() => {
    router = { ...(routerPush && { routerPush }), ...(routerReplace && { routerReplace }) };
  }, [routerPush, routerReplace]);
  useEffect(() => {
    let mounted = true;
    const settle = (settled: Loading) => {
      if (mounted) {
        setLoading(settled);
      }
    };
    createClerkJs(withCurrentRouter(options)).then(
      (clerk) => {
        settle({ at: 'loaded', clerk });
      },
      (error: unknown) => {
        settle({ at: 'failed', error });
      },
    );
    return () => {
      mounted = false;
    };
    // Clerk is created with the options of the first render; what may change later is passed on below.
  }, []);
  if (loading.at === 'failed') {
    throw loading.error;
  }
  if (loading.at === 'loading') {
    return <>{fallback}</>;
  }
  const { clerk } = loading;
  return (
    <ClerkReactProvider
      Clerk={clerk as ClerkProp}
      publishableKey={clerk.publishableKey}
      standardBrowser={false}
      // `@clerk/react` sets both whether they are given or not, and the app's configuration may have them.
      appearance={appearance ?? (clerk.__internal_getOption('appearance') as typeof appearance) ?? {}}
      localization={localization ?? clerk.__internal_getOption('localization') ?? {}}
    >
      {children}
    </ClerkReactProvider>
  );
}

/** Lets Clerk navigate by the router functions of the provider that is mounted then. */
function withCurrentRouter(options: ClerkJsOptions): ClerkJsOptions {
  return Object.defineProperties(
    { ...options },
    {
      routerPush: { get: () => router.routerPush },
      routerReplace: { get: () => router.routerReplace },
    },
  );
}
