/**
 * Where a navigation may lead: pages of the app go to its router, other sites open in the system browser, and other
 * protocols need the app's permission. Everything else is replaced by the app's start page. The webview never shows a
 * foreign site.
 *
 * The same in Rust: `crates/clerk-core/src/navigation/destination.rs`. Both are tested against `tests/vectors/navigation.json`.
 */

/** A router's function; see `routerPush` of Clerk's documentation. */
export type RouterFn = (to: string) => unknown;

/** What {@link navigate} needs from the app. */
export interface NavigationHost {
  /** The page's own address. */
  href: string;
  routerPush: RouterFn | undefined;
  routerReplace: RouterFn | undefined;
  /** The app's own deep-link schemes that may be navigated to, e.g. `my-app:`. */
  allowedProtocols: string[];
  /** Assigns the page's address. */
  assign(url: string): void;
  /** Opens a page in the system browser. */
  openExternal(url: string): Promise<unknown>;
}

/** Where a URL leads. */
export type Destination =
  /** A page of the app: path, query and fragment. */
  | { path: string }
  /** A site for the system browser. */
  | { external: string }
  /** A URL with a protocol that the app allows. */
  | { custom: string }
  /** Nowhere, and why. */
  | { refused: string };

/**
 * Schemes that run a program, read the disk, or belong to the webview. They are refused, even if the app allows them, as are
 * all that begin with `ms-`, which belong to Windows.
 */
const FORBIDDEN = [
  'about',
  'asset',
  'blob',
  'chrome',
  'data',
  'devtools',
  'edge',
  'file',
  'filesystem',
  'ftp',
  'hcp',
  'help',
  'intent',
  'ipc',
  'jar',
  'javascript',
  'mhtml',
  'microsoft-edge',
  'mk',
  'res',
  'resource',
  'search',
  'search-ms',
  'shell',
  'smb',
  'ssh',
  'telnet',
  'vbscript',
  'view-source',
];

/** Resolves `to`, which may be relative to the page. Null when it is empty. */
export function destination(to: string, page: URL, allowedProtocols: string[]): Destination | null {
  if (to === '') {
    return null;
  }
  const target = parse(to, page);
  if (!target) {
    return { refused: 'the URL is not valid' };
  }
  if (target.protocol === page.protocol && target.host === page.host) {
    return { path: pathOf(target) };
  }
  if (target.protocol === 'http:' || target.protocol === 'https:') {
    return { external: target.href };
  }
  const scheme = target.protocol.slice(0, -1);
  const allowed = allowedProtocols.map((protocol) => protocol.replace(/:*$/, '').toLowerCase());
  return allowed.includes(scheme) && !FORBIDDEN.includes(scheme) && !scheme.startsWith('ms-')
    ? { custom: target.href }
    : { refused: `the protocol ${scheme}: is not allowed; see allowedRedirectProtocols` };
}

function parse(to: string, page: URL): URL | undefined {
  // URL parsers disagree on leading backslashes and surplus slashes for schemes other than http, so these are removed.
  const text = to
    .replace(/[\t\n\r]/g, '')
    .replace(/^[\u0000-\u0020]+/, '')
    .replace(/^[/\\]+/, (slashes) => (slashes.length > 1 ? '//' : '/'));
  try {
    return new URL(text, page);
  } catch {
    return undefined;
  }
}

/** The path, query and fragment. A path that begins with two slashes would be taken for another host. */
function pathOf(url: URL): string {
  return url.pathname.replace(/^[/\\]*/, '/') + url.search + url.hash;
}

/** Navigates to `to`. Resolves when the router is done. */
export async function navigate(to: string, host: NavigationHost, replace = false): Promise<unknown> {
  const page = new URL(host.href);
  const router = (replace && host.routerReplace) || host.routerPush;
  const target = destination(to, page, host.allowedProtocols);
  if (!target) {
    return undefined;
  }
  if ('external' in target) {
    return await host.openExternal(target.external);
  }
  if ('refused' in target) {
    console.warn(`[clerk] navigating to the app's start page instead, because ${target.refused}`);
    return await navigate('/', host, replace);
  }
  if (router) {
    return await router('path' in target ? target.path : target.custom);
  }
  if ('custom' in target) {
    host.assign(target.custom);
  } else if (target.path !== pathOf(page)) {
    // Assigning the present address would only reload the page and lose its state.
    host.assign(`${page.protocol}//${page.host}${target.path}`);
  }
  return undefined;
}
