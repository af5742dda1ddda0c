/** The app's router functions. They are looked up at each navigation, so that an app may replace them. */
import { type Routers, routerFor } from './navigate';
import type { ClerkJsOptions } from './options';

type Router = NonNullable<ClerkJsOptions['routerPush']>;

/** The functions of the options, for the window's own navigation. One stands for the other. */
export function routersOf(given: ClerkJsOptions, allowedProtocols: string[]): Routers {
  return {
    get push() {
      return routerFor(given.routerPush ?? given.routerReplace);
    },
    get replace() {
      return routerFor(given.routerReplace ?? given.routerPush);
    },
    allowedProtocols,
  };
}

/** The functions that clerk-js gets for good. Without a router of the app, they navigate the window. */
export function lastingRouters(
  given: ClerkJsOptions,
  navigateWindow: (to: string) => void,
): { routerPush: Router | undefined; routerReplace: Router | undefined } {
  return {
    routerPush: routerFor((to, metadata) =>
      (given.routerPush ?? given.routerReplace ?? navigateWindow)(to, metadata),
    ),
    routerReplace: routerFor((to, metadata) =>
      (given.routerReplace ?? given.routerPush ?? navigateWindow)(to, metadata),
    ),
  };
}
