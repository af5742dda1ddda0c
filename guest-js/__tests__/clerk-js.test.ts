/** Clerk's own clerk-js on a fake of Rust. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { type ClerkJs, createClerkJs } from '../clerk-js/index';
import type { UiModule } from '../clerk-js/packages';
import { Fake, Refusal, snapshot } from './fake';
import { rawClient, rawEnvironment, rawSession, rawSignIn, rawToken } from './raw';

const INSTANCE = Symbol.for('tauri-plugin-clerk.clerk-js');
/** No components are shown here. */
const ui = { ClerkUI: vi.fn() } as unknown as UiModule['ui'];

let rust: Fake;

beforeEach(() => {
  rust = new Fake();
  rust.raw = { client: rawClient(), environment: rawEnvironment() };
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
});

afterEach(() => {
  rust.stop();
  Reflect.deleteProperty(document, INSTANCE);
  vi.restoreAllMocks();
});

async function loaded(...sessions: string[]): Promise<ClerkJs> {
  if (sessions[0] !== undefined) {
    rust.raw.client = rawClient(sessions.map((id) => rawSession(id)));
    rust.state = { ...rust.state, activeSession: { state: 'session', sessionId: sessions[0] } };
  }
  return await createClerkJs({ ui });
}

const active = (sessionId: string) => ({ state: 'session', sessionId }) as const;

describe('createClerkJs', () => {
  it('createClerkJs() loads without a request', async () => {
    const clerk = await loaded('sess_1');
    expect([clerk.loaded, clerk.session?.id, clerk.user?.firstName]).toEqual([true, 'sess_1', 'Ada']);
    expect(rust.requests).toEqual([]);
    expect(rust.calls.map(({ command }) => command)).toEqual(['snapshot', 'clerk_js_state']);
  });

  it('createClerkJs() makes one instance per page', async () => {
    const [one, other] = await Promise.all([createClerkJs({ ui }), createClerkJs({ ui })]);
    expect(other).toBe(one);
    expect(await createClerkJs()).toBe(one);
  });

  it('createClerkJs() loads Clerk in Rust with the options of the window', async () => {
    rust.state = snapshot({ status: 'loading' });
    rust.on('load', () => (rust.state = snapshot({ options: { afterSignOutUrl: '/bye' } })));
    const clerk = await createClerkJs({
      ui,
      signInUrl: '/in',
      nonce: 'n',
      routerPush: vi.fn(),
      routerReplace: vi.fn(),
    });
    expect(rust.calls.find(({ command }) => command === 'load')?.args).toEqual({
      options: { signInUrl: '/in' },
    });
    expect(clerk.buildSignInUrl()).toContain('/in');
    expect(clerk.buildAfterSignOutUrl()).toContain('/bye');
  });

  it('createClerkJs() that failed can be called again', async () => {
    rust.state = snapshot({ status: 'error' });
    rust.on('load', () => {
      throw { kind: 'runtime', code: 'network_error', message: 'no response', errors: [] };
    });
    await expect(createClerkJs({ ui })).rejects.toMatchObject({ code: 'network_error' });
    rust.on('load', () => (rust.state = snapshot()));
    expect((await createClerkJs({ ui })).loaded).toBe(true);
  });
});

describe('sign-in', () => {
  it('signs in by a code, with every request through Rust', async () => {
    const clerk = await loaded();
    const seen: (string | null | undefined)[] = [];
    clerk.addListener(({ session }) => seen.push(session && session.id), { skipInitialEmit: true });
    rust.api('POST /client/sign_ins', () => {
      rust.advance(rawClient([], { sign_in: rawSignIn() }));
      return rawSignIn();
    });
    rust.api('POST /client/sign_ins/sia_1/prepare_first_factor', () => rawSignIn());
    rust.api('POST /client/sign_ins/sia_1/attempt_first_factor', () => {
      rust.advance(rawClient([rawSession('sess_1')]), { state: 'none' });
      return rawSignIn({ status: 'complete', created_session_id: 'sess_1' });
    });
    rust.api('POST /client/sessions/sess_1/touch', () => {
      rust.advance(rust.raw.client, active('sess_1'));
      return rawSession('sess_1');
    });
    rust.on('get_token', () => rawToken('sess_1'));

    const signIn = await clerk.client!.signIn.create({ identifier: 'ada@example.test' });
    await signIn.prepareFirstFactor({ strategy: 'email_code', emailAddressId: 'idn_1' });
    const { status, createdSessionId } = await signIn.attemptFirstFactor({
      strategy: 'email_code',
      code: '424242',
    });
    expect([status, createdSessionId]).toEqual(['complete', 'sess_1']);
    await clerk.setActive({ session: createdSessionId! });
    expect([clerk.session?.id, clerk.user?.firstName, clerk.isSignedIn]).toEqual(['sess_1', 'Ada', true]);
    expect(rust.requests.map(({ method, path, form }) => [method, path, form])).toEqual([
      ['POST', '/client/sign_ins', expect.arrayContaining([['identifier', 'ada@example.test']]) as unknown],
      [
        'POST',
        '/client/sign_ins/sia_1/prepare_first_factor',
        [
          ['email_address_id', 'idn_1'],
          ['strategy', 'email_code'],
        ],
      ],
      [
        'POST',
        '/client/sign_ins/sia_1/attempt_first_factor',
        [
          ['strategy', 'email_code'],
          ['code', '424242'],
        ],
      ],
      [
        'POST',
        '/client/sessions/sess_1/touch',
        [
          ['active_organization_id', ''],
          ['intent', 'select_session'],
        ],
      ],
    ]);
    expect(seen.at(-1)).toBe('sess_1');
    // Never signed out again by a state that this window itself has overtaken.
    expect(seen.indexOf('sess_1')).toBe(seen.findIndex((id) => !!id));
    expect(seen.slice(seen.indexOf('sess_1')).every((id) => id === 'sess_1')).toBe(true);
  });

  it('an error of the Frontend API is one of clerk-js', async () => {
    const clerk = await loaded();
    rust.api('POST /client/sign_ins', () => {
      throw new Refusal(422, [
        {
          code: 'form_identifier_not_found',
          message: 'no',
          long_message: 'Nobody.',
          meta: { param_name: 'identifier' },
        },
      ]);
    });
    await expect(clerk.client!.signIn.create({ identifier: 'x' })).rejects.toMatchObject({
      status: 422,
      errors: [
        { code: 'form_identifier_not_found', longMessage: 'Nobody.', meta: { paramName: 'identifier' } },
      ],
    });
  });
});
