/** Errors of requests, as clerk-js throws them: only an unreachable network is one. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { type ClerkJs, createClerkJs } from '../clerk-js/index';
import type { UiModule } from '../clerk-js/packages';
import { Fake, Refusal } from './fake';
import { rawClient, rawEnvironment, rawSession, rawToken } from './raw';

const INSTANCE = Symbol.for('tauri-plugin-clerk.clerk-js');
const ui = { ClerkUI: vi.fn() } as unknown as UiModule['ui'];

let rust: Fake;
let clerk: ClerkJs;

beforeEach(async () => {
  rust = new Fake();
  rust.raw = { client: rawClient([rawSession('sess_1')]), environment: rawEnvironment() };
  rust.state = { ...rust.state, activeSession: { state: 'session', sessionId: 'sess_1' } };
  rust.on('get_token', () => rawToken('sess_1'));
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  clerk = await createClerkJs({ ui });
});

afterEach(() => {
  rust.stop();
  Reflect.deleteProperty(document, INSTANCE);
  vi.restoreAllMocks();
});

const update = () => clerk.user!.update({ firstName: 'Grace' });

describe('an error of a request', () => {
  it.each(['network_error', 'clerk_offline'])('%s of Rust is network_error of clerk-js', async (code) => {
    rust.api('PATCH /me', () => {
      throw { kind: 'runtime', code, message: 'no response', errors: [] };
    });
    await expect(update()).rejects.toMatchObject({ code: 'network_error' });
  });

  it.each([
    ['a refusal by Tauri', 'clerk.frontend_api not allowed', 'invoke_failed'],
    ['an error of Tauri', new Error('the webview is gone'), 'invoke_failed'],
    [
      'an error of Rust',
      { kind: 'runtime', code: 'decode_error', message: 'no', errors: [] },
      'decode_error',
    ],
    ['an error of a link', { kind: 'email_link', code: 'expired', message: 'no', errors: [] }, 'expired'],
  ])('%s keeps its code', async (_, error, code) => {
    rust.api('PATCH /me', () => {
      throw error;
    });
    await expect(update()).rejects.toMatchObject({ status: 400, errors: [{ code }] });
  });

  it.each([
    [
      'a body that cannot be encoded',
      { method: 'PATCH', path: '/me', body: { unsafeMetadata: { n: 1n } } as never },
    ],
    ['a path that cannot be decoded', { method: 'POST', path: '/client/sessions/%/tokens' }],
    ['a header that is invalid', { method: 'PATCH', path: '/me', headers: { 'a b': 'c' } }],
  ] as const)('%s is request_failed', async (_, init) => {
    const { status, payload } = await clerk.getFapiClient().request(init);
    expect([status, payload]).toMatchObject([400, { errors: [{ code: 'request_failed' }] }]);
    expect(rust.requests).toEqual([]);
  });

  it.each([
    [0, 500],
    [101, 500],
    [999, 500],
    [418, 418],
  ])('the status %i is %i for clerk-js', async (status, expected) => {
    rust.api('PATCH /me', () => {
      throw new Refusal(status, [{ code: 'odd', message: 'no' }]);
    });
    await expect(update()).rejects.toMatchObject({ status: expected, errors: [{ code: 'odd' }] });
  });

  it('an error of the Frontend API without a status or facts keeps its code', async () => {
    rust.on('get_token', () => {
      const items = [{ code: 'odd', message: 'no', longMessage: null, meta: null }];
      throw { kind: 'api', code: 'api_response_error', message: 'no', status: null, errors: items };
    });
    const { status, payload } = await clerk
      .getFapiClient()
      .request({ method: 'POST', path: '/client/sessions/sess_1/tokens' });
    expect([status, payload]).toMatchObject([500, { errors: [{ code: 'odd' }] }]);
  });

  it('a 401 stays what it is when Rust cannot find out who is signed in', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    rust.on('handle_unauthenticated', () => {
      throw { kind: 'runtime', code: 'network_error', message: 'no response', errors: [] };
    });
    rust.api('PATCH /me', () => {
      throw new Refusal(401, [{ code: 'authentication_invalid', message: 'no' }]);
    });
    await expect(update()).rejects.toMatchObject({
      status: 401,
      errors: [{ code: 'authentication_invalid' }],
    });
    expect(logged).toHaveBeenCalledOnce();
  });
});
