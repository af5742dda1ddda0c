/**
 * Where a navigation may lead: in-app paths go to the app's router, other sites to the system browser, and everything
 * else only where the app allows it: to the app's start page otherwise. The webview is never driven to a foreign site.
 */

/** A router's function; see `routerPush` of Clerk's documentation. */
export type RouterFn = (to: string) => unknown;

/** What {@link navigate} needs to know of the app. */
export interface NavigationHost {
  /** The page's own address. */
  href: string;
  routerPush: RouterFn | undefined;
  routerReplace: RouterFn | undefined;
  /** Protocols beside http and https that may be gone to, e.g. `my-app:`. */
  allowedProtocols: string[];
  /** Assigns the page's address. */
  assign(url: string): void;
  /** Opens a page in the system browser. */
  openExternal(url: string): Promise<unknown>;
}

function sameOrigin(a: URL, b: URL): boolean {
  // Pages of an app may have a scheme of their own, whose origin is opaque; so its parts are compared.
  return a.protocol === b.protocol && a.host === b.host;
}

/** Protocols that carry a program or read the disk are never gone to, whatever the app allows. */
const NEVER = ['javascript:', 'data:', 'vbscript:', 'blob:', 'file:'];

/** Goes to `to`. Resolves when the router is done. */
export async function navigate(to: string, host: NavigationHost, replace = false): Promise<unknown> {
  const here = new URL(host.href);
  const router = (replace && host.routerReplace) || host.routerPush;
  let target: URL;
  try {
    target = new URL(to, here);
  } catch {
    console.warn('[clerk] the address to navigate to is not valid; staying here');
    return undefined;
  }
  if (sameOrigin(target, here)) {
    const path = target.pathname + target.search + target.hash;
    if (router) {
      return await router(path);
    }
    // Without a router a navigation loads the page anew; going to where one is would only lose its state.
    if (path !== here.pathname + here.search + here.hash) {
      host.assign(target.href);
    }
    return undefined;
  }
  if (target.protocol === 'http:' || target.protocol === 'https:') {
    return await host.openExternal(target.href);
  }
  const allowed = host.allowedProtocols.map((protocol) => protocol.replace(/:*$/, ':'));
  if (allowed.includes(target.protocol) && !NEVER.includes(target.protocol)) {
    if (router) {
      return await router(target.href);
    }
    host.assign(target.href);
    return undefined;
  }
  console.warn(
    `[clerk] the protocol ${target.protocol} is not allowed for navigation, so the app's start page takes its place; see allowedRedirectProtocols`,
  );
  return await navigate('/', host, replace);
}
