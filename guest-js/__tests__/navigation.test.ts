/**
 * `tests/vectors/navigation.json`, which Rust is tested against as well. Each item has
 *
 * - `page`: the page that `to` is resolved against, always a page of the app,
 * - `app`: the app's start page, whose origin makes a URL a page of the app,
 * - `allowedProtocols`: the option `allowedRedirectProtocols`,
 * - `to`: the target,
 * - `result`: `{ "path" }` for the app's router, `{ "external" }` for the system browser, `{ "custom" }` for a URL with an
 *   allowed protocol, `"refused"` when the app's start page replaces the target, or null when nothing happens.
 */
import { beforeEach, describe, expect, it, vi } from 'vitest';

import vectors from '../../tests/vectors/navigation.json';
import { type Destination, destination, navigate, type NavigationHost } from '../navigation';

let host: NavigationHost & { assign: ReturnType<typeof vi.fn>; openExternal: ReturnType<typeof vi.fn> };

beforeEach(() => {
  host = {
    href: 'tauri://localhost/start?x=1',
    routerPush: undefined,
    routerReplace: undefined,
    allowedProtocols: [],
    assign: vi.fn(),
    openExternal: vi.fn(() => Promise.resolve()),
  };
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
});

describe('navigate', () => {
  it('navigate() passes paths of the app to its router', async () => {
    host.routerPush = vi.fn(() => 'done');
    host.routerReplace = vi.fn();
    expect(await navigate('/dashboard?a=1#b', host)).toBe('done');
    expect(host.routerPush).toHaveBeenCalledWith('/dashboard?a=1#b');
    await navigate('tauri://localhost/other', host, true);
    expect(host.routerReplace).toHaveBeenCalledWith('/other');
    expect(host.assign).not.toHaveBeenCalled();
  });

  it('navigate() without a router loads another page and not the present one', async () => {
    await navigate('/dashboard', host);
    expect(host.assign).toHaveBeenCalledExactlyOnceWith('tauri://localhost/dashboard');
    await navigate('/start?x=1', host);
    expect(host.assign).toHaveBeenCalledTimes(1);
  });

  it('navigate() opens other sites in the system browser', async () => {
    host.routerPush = vi.fn();
    await navigate('https://accounts.example.com/sign-in', host);
    expect(host.openExternal).toHaveBeenCalledExactlyOnceWith('https://accounts.example.com/sign-in');
    expect([vi.mocked(host.routerPush).mock.calls.length, host.assign.mock.calls.length]).toEqual([0, 0]);
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'other-app://x'])(
    "navigate() goes to the app's start page instead of %s",
    async (to) => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
      host.href = 'tauri://localhost/somewhere';
      await navigate(to, host);
      expect(host.assign).toHaveBeenCalledExactlyOnceWith('tauri://localhost/');
      expect(host.openExternal).not.toHaveBeenCalled();
      expect(warn).toHaveBeenCalledOnce();
      warn.mockRestore();
    },
  );

  it('navigate() follows protocols that the app allows', async () => {
    host.allowedProtocols = ['other-app'];
    await navigate('other-app://x/y', host);
    expect(host.assign).toHaveBeenCalledExactlyOnceWith('other-app://x/y');
    host.routerPush = vi.fn();
    await navigate('other-app://x/y', host);
    expect(host.routerPush).toHaveBeenCalledExactlyOnceWith('other-app://x/y');
  });

  it('navigate() refuses URLs that run a program, even if the app allows them', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    host.allowedProtocols = ['javascript:', 'data:'];
    host.href = 'tauri://localhost/somewhere';
    await navigate('javascript:alert(1)', host);
    await navigate('data:text/html,x', host);
    expect(host.assign.mock.calls).toEqual([['tauri://localhost/'], ['tauri://localhost/']]);
    warn.mockRestore();
  });

  it('navigate() treats scheme-relative URLs as other sites', async () => {
    host.href = 'http://tauri.localhost/start';
    await navigate('//evil.example.com/x', host);
    expect(host.openExternal).toHaveBeenCalledWith('http://evil.example.com/x');
    expect(host.assign).not.toHaveBeenCalled();
  });
});

interface Vector {
  page: string;
  app: string;
  allowedProtocols: string[];
  to: string;
  result: Destination | 'refused' | null;
}

it.each(vectors as Vector[])(
  'destination() agrees with navigation.json on $to of $page, allowed: $allowedProtocols',
  ({ page, allowedProtocols, to, result }) => {
    const target = destination(to, new URL(page), allowedProtocols);
    expect(target && 'refused' in target ? 'refused' : target).toEqual(result);
  },
);
