import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import vectors from '../../tests/vectors/urls.json';
import type { ClerkOptions, DisplayConfig, RedirectOrigin } from '../bindings';
import { type RedirectOptions, Urls, withHash, glob } from '../urls';

beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
});

afterEach(() => {
  vi.restoreAllMocks();
});

interface Vector {
  here: string;
  options: ClerkOptions;
  display: Record<string, string> | null;
  production: boolean;
  loaded?: boolean;
  call: [string, ...unknown[]];
  result: unknown;
}

function camelCased(display: Record<string, string>): Partial<DisplayConfig> {
  const entries = Object.entries(display).map(([key, value]) => [
    key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ]);
  return Object.fromEntries(entries) as Partial<DisplayConfig>;
}

function run(urls: Urls, [name, first, second, third]: Vector['call']): unknown {
  const values = first as Record<string, string>;
  const redirect = first as RedirectOptions;
  switch (name) {
    case 'buildSignInUrl':
      return urls.signIn(redirect);
    case 'buildSignUpUrl':
      return urls.signUp(redirect);
    case 'buildUserProfileUrl':
      return urls.userProfile();
    case 'buildOrganizationProfileUrl':
      return urls.organizationProfile();
    case 'buildCreateOrganizationUrl':
      return urls.createOrganization();
    case 'buildHomeUrl':
      return urls.home();
    case 'buildUrlWithAuth':
      return urls.withAuth(first as string);
    case 'buildAfterSignInUrl':
      return urls.afterSignIn(values);
    case 'buildAfterSignUpUrl':
      return urls.afterSignUp(values);
    case 'buildAfterSignOutUrl':
      return urls.afterSignOut();
    case 'buildNewSubscriptionRedirectUrl':
      return urls.newSubscriptionRedirect();
    case 'buildAfterMultiSessionSingleSignOutUrl':
      return urls.afterMultiSessionSingleSignOut();
    case 'buildWaitlistUrl':
      return urls.waitlist(values);
    case 'buildTasksUrl':
      return urls.task(first as string);
    case 'isAllowedRedirect':
      return urls.allowedRedirect(first as string) !== undefined;
    case 'withHash':
      return withHash(first as string, second as string, Object.entries(third as Record<string, string>));
    default:
      throw new Error(`unknown call ${name}`);
  }
}

describe('the vectors, which Rust runs as well', () => {
  it.each(vectors as unknown as Vector[])('Urls agrees with urls.json on $call of $here', (vector) => {
    const urls = new Urls({
      here: vector.here,
      options: vector.options,
      display: vector.display ? camelCased(vector.display) : undefined,
      production: vector.production,
      frontendApi: 'clerk.example.test',
      loaded: vector.loaded !== false,
    });
    expect(run(urls, vector.call)).toEqual(vector.result);
  });
});

describe('glob', () => {
  it.each([
    ['https://*.example.com', 'https://a.b.example.com', true],
    ['https://*.example.com', 'https://example.com', false],
    ['https://a*b*c', 'https://aXbXbc', true],
    ['https://a*b*c', 'https://abcb', false],
    ['https://a.c', 'https://abc', false],
    ['*', '', true],
    ['', 'x', false],
  ])('glob() matches stars as any characters: %s %s', (pattern, text, expected) => {
    expect(glob(pattern, text)).toBe(expected);
  });

  it('glob() survives patterns that are made to be slow', () => {
    const text = `https://${'a'.repeat(2000)}`;
    expect(glob(`${'*'.repeat(1_000_000)}#`, text)).toBe(false);
    expect(glob(`https://${'*a'.repeat(1000)}b`, text)).toBe(false);
  });
});

it('isAllowedRedirect treats an expression that the webview does not support as no match', () => {
  const urls = (allowedRedirectOrigins: RedirectOrigin[]) =>
    new Urls({
      here: 'tauri://localhost/',
      options: { allowedRedirectOrigins },
      display: undefined,
      production: true,
      frontendApi: '',
      loaded: true,
    });
  const unsupported = { regex: 'x', flags: 'uv' };
  expect(urls([unsupported]).allowedRedirect('https://x.example/')).toBeUndefined();
  expect(vi.mocked(console.warn).mock.calls[0]?.[0]).toContain('/x/uv');
  expect(urls([unsupported, 'https://*.example']).allowedRedirect('https://x.example/')?.host).toBe(
    'x.example',
  );
});
