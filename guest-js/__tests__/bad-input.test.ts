/** Documented errors have their class and code, and values that are not allowed are replaced with a warning. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Environment } from '../bindings';
import {
  Clerk,
  type ClerkOptions,
  EmailLinkErrorCode,
  isClerkAPIResponseError,
  isClerkRuntimeError,
  isEmailLinkError,
} from '../index';
import { Fake, KEY, signedIn, snapshot } from './fake';

let rust: Fake;
const warnings = vi.fn();

beforeEach(() => {
  rust = new Fake();
  warnings.mockClear();
  vi.spyOn(console, 'warn').mockImplementation(warnings);
});

afterEach(() => {
  rust.stop();
  vi.restoreAllMocks();
});

async function loaded(options?: ClerkOptions, state = snapshot()): Promise<Clerk> {
  const displayConfig = { signInUrl: 'https://accounts.example.test/sign-in' };
  rust.state = { ...state, environment: { displayConfig } as unknown as Environment };
  const clerk = new Clerk();
  await clerk.load(options);
  return clerk;
}

async function rejection(call: Promise<unknown>): Promise<unknown> {
  return await call.then(
    () => {
      throw new Error('the call was expected to reject');
    },
    (error: unknown) => error,
  );
}

/** What Rust rejects a command with. */
function reject(command: string, payload: { kind: string; code: string; errors?: unknown[] }): void {
  rust.on(command, () => {
    throw { message: 'no', errors: [], status: 422, ...payload };
  });
}

describe('the constructor', () => {
  it.each([
    ['something else', 'nonsense'],
    ['a secret key', `sk_test_${KEY.slice(8)}`],
    ['a key of a third kind', `pk_stage_${KEY.slice(8)}`],
    ['a key with more parts', `${KEY}_x`],
    ['a key that is cut off', KEY.slice(0, -3)],
    ['a key that is not base64', 'pk_test_ü'],
    ['a key without a host', `pk_test_${btoa('localhost$')}`],
    ['a key with a path', `pk_test_${btoa('clerk.example.test/x$')}`],
  ])('new Clerk() rejects %s', (_, key) => {
    let thrown: unknown;
    try {
      new Clerk(key);
    } catch (error) {
      thrown = error;
    }
    expect(isClerkRuntimeError(thrown) && thrown.code).toBe('publishable_key_invalid');
    expect(String(thrown)).not.toContain(key);
  });

  it("instanceType is read from the constructor's key", () => {
    expect(new Clerk(` ${KEY} `).instanceType).toBe('development');
    expect(new Clerk(KEY.replace('test', 'live')).instanceType).toBe('production');
    expect(new Clerk('').publishableKey).toBeUndefined();
  });

  it.each(['/__clerk', 'ftp://example.com', '//example.com', 'example.com'])(
    'new Clerk() rejects the proxy %s',
    (url) => {
      expect(() => new Clerk(KEY, { proxyUrl: url })).toThrow(
        expect.objectContaining({ code: 'proxy_url_invalid' }) as Error,
      );
    },
  );
});

describe('load', () => {
  it.each([
    'publishable_key_missing',
    'publishable_key_conflict',
    'instance_mismatch',
    'domain_invalid',
    'option_invalid',
    'network_error',
    'decode_error',
  ])('load() rejects with %s and sets the status error', async (code) => {
    const clerk = new Clerk();
    reject('load', { kind: 'runtime', code });
    const error = await rejection(clerk.load());
    expect([isClerkRuntimeError(error) && error.code, clerk.status, clerk.loaded]).toEqual([
      code,
      'error',
      false,
    ]);
  });

  it("load() rejects with the error of Clerk's Frontend API", async () => {
    reject('load', {
      kind: 'api',
      code: 'api_response_error',
      errors: [{ code: 'native_api_disabled', message: 'off', longMessage: null, meta: {} }],
    });
    const error = await rejection(new Clerk().load());
    expect(isClerkAPIResponseError(error) && [error.status, error.errors[0]?.code]).toEqual([
      422,
      'native_api_disabled',
    ]);
  });
});

describe('before load', () => {
  it.each<[string, (clerk: Clerk) => Promise<unknown>]>([
    ['handleRedirectCallback', (clerk) => clerk.handleRedirectCallback()],
    ['handleEmailLinkVerification', (clerk) => clerk.handleEmailLinkVerification({})],
    ['authenticateWithWeb3', (clerk) => clerk.authenticateWithMetamask()],
    ['redirectToSignIn', (clerk) => clerk.redirectToSignIn()],
    ['redirectToSignUp', (clerk) => clerk.redirectToSignUp()],
    ['signOut', (clerk) => clerk.signOut()],
  ])('%s() does nothing before load() and warns', async (name, call) => {
    expect(await call(new Clerk())).toBeUndefined();
    expect(rust.calls).toEqual([]);
    expect(warnings).toHaveBeenCalledExactlyOnceWith(expect.stringContaining(`${name}()`));
  });
});

describe('handleEmailLinkVerification', () => {
  it.each(Object.values(EmailLinkErrorCode))(
    'handleEmailLinkVerification() rejects with EmailLinkError %s',
    async (code) => {
      const clerk = await loaded();
      reject('handle_email_link_verification', { kind: 'email_link', code });
      const error = await rejection(clerk.handleEmailLinkVerification({}));
      expect(isEmailLinkError(error) && [error.code, error.name]).toEqual([code, 'EmailLinkError']);
      expect(isClerkRuntimeError(error)).toBe(false);
    },
  );
});

describe('refusals', () => {
  it.each<[string, string, (clerk: Clerk) => Promise<unknown>]>([
    ['set_active', 'no_active_session', (clerk) => clerk.setActive({ organization: 'org_1' })],
    ['sign_out', 'network_error', (clerk) => clerk.signOut()],
    ['handle_redirect_callback', 'redirect_callback_incomplete', (clerk) => clerk.handleRedirectCallback()],
    ['authenticate_with_web3', 'web3_wallet_unavailable', (clerk) => clerk.authenticateWithBase()],
    ['start_hosted_auth', 'hosted_auth_failed', (clerk) => clerk.redirectToSignIn()],
    ['handle_unauthenticated', 'network_error', (clerk) => clerk.handleUnauthenticated()],
    ['get_token', 'no_active_session', (clerk) => clerk.session?.getToken() ?? Promise.resolve()],
  ])('%s keeps the code %s of an error and the session', async (command, code, call) => {
    const clerk = await loaded({}, signedIn(1));
    reject(command, { kind: 'runtime', code });
    const error = await rejection(call(clerk));
    expect(isClerkRuntimeError(error) && error.code).toBe(code);
    expect(clerk.session?.id, 'the session stays').toBe('sess_1');
  });

  it.each<[string, (clerk: Clerk) => Promise<unknown>]>([
    ['join_waitlist', (clerk) => clerk.joinWaitlist({ emailAddress: 'x' })],
    ['create_organization', (clerk) => clerk.createOrganization({ name: '' })],
    ['get_organization', (clerk) => clerk.getOrganization('org_unknown')],
  ])("%s rejects with the error of Clerk's Frontend API", async (command, call) => {
    const clerk = await loaded();
    const item = { code: 'form_param_format_invalid', message: 'no', longMessage: 'No.', meta: {} };
    reject(command, { kind: 'api', code: 'api_response_error', errors: [item] });
    const error = await rejection(call(clerk));
    expect(isClerkAPIResponseError(error) && error.errors[0]?.code).toBe('form_param_format_invalid');
  });
});

describe('what is not allowed', () => {
  it('redirect URLs with an origin that is not allowed are replaced by the default, with a warning', async () => {
    const clerk = await loaded({ signInUrl: '/in', signInFallbackRedirectUrl: '/home' });
    const url = new URL(clerk.buildSignInUrl({ signInFallbackRedirectUrl: 'https://evil.example/x' }));
    const params = new URLSearchParams(url.hash.split('?')[1]);
    expect(params.get('sign_in_fallback_redirect_url')).toBe(`${window.location.origin}/home`);
    expect(warnings).toHaveBeenCalledWith(expect.stringContaining('allowedRedirectOrigins'));
    expect(clerk.buildAfterSignInUrl({ params: new URLSearchParams('redirect_url=//evil.example') })).toBe(
      `${window.location.origin}/home`,
    );
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'other-app://x'])(
    'navigate() replaces a protocol that is not allowed by the start page, with a warning: %s',
    async (to) => {
      const routerPush = vi.fn();
      const clerk = await loaded({ routerPush });
      await clerk.navigate(to);
      expect(routerPush).toHaveBeenCalledExactlyOnceWith('/');
      expect(warnings).toHaveBeenCalledWith(expect.stringContaining('allowedRedirectProtocols'));
    },
  );
});
