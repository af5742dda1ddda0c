/**
 * The app's router. The page is in the query, `/?page=account`, and the fragment is left to the component of Clerk on it, which
 * keeps its own place there, e.g. `#/security`. Without a library: there is one parameter to read.
 */
import { useSyncExternalStore } from 'react';

/** The pages of the app. */
export const PAGES = [
  'home',
  'account',
  'organization',
  'organizations',
  'new-organization',
  'sign-in',
  'sign-up',
  'waitlist',
  'choose-organization',
  'reset-password',
  'setup-mfa',
] as const;

export type Page = (typeof PAGES)[number];

/** The pages for people who are not signed in. */
export const PUBLIC_PAGES: readonly Page[] = ['sign-in', 'sign-up', 'waitlist'];

/** The pages for the tasks of a session, named like Clerk's tasks. */
export const TASK_PAGES: readonly Page[] = ['choose-organization', 'reset-password', 'setup-mfa'];

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener('popstate', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('popstate', listener);
  };
}

/** Returns the page that the address names. */
export function currentPage(): Page {
  const name = new URLSearchParams(window.location.search).get('page');
  return PAGES.find((page) => page === name) ?? 'home';
}

/** Returns the path of a page. */
export function pathOf(page: Page): string {
  return page === 'home' ? '/' : `/?page=${page}`;
}

/** Navigates to a path of the app; see Clerk's option `routerPush`. */
export function push(to: string): void {
  window.history.pushState(null, '', to || '/');
  notify();
}

/** Navigates without a new entry in the history; see Clerk's option `routerReplace`. */
export function replace(to: string): void {
  window.history.replaceState(null, '', to || '/');
  notify();
}

function notify(): void {
  for (const listener of listeners) {
    listener();
  }
}

/** Returns the current page. */
export function usePage(): Page {
  return useSyncExternalStore(subscribe, currentPage);
}
