/** What clerk-js holds, when responses, aborted requests, reads of the state and events overtake each other. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { ClerkJsState } from '../bindings';
import { type ClerkJs, createClerkJs } from '../clerk-js/index';
import type { UiModule } from '../clerk-js/packages';
import { Fake } from './fake';
import { rawClient, rawEnvironment, rawSession, rawToken, rawUser } from './raw';

const INSTANCE = Symbol.for('tauri-plugin-clerk.clerk-js');
const ui = { ClerkUI: vi.fn() } as unknown as UiModule['ui'];
const active = (sessionId: string) => ({ state: 'session', sessionId }) as const;

let rust: Fake;

beforeEach(() => {
  rust = new Fake();
  rust.raw = { client: rawClient(), environment: rawEnvironment() };
  rust.on('get_token', () => rawToken('sess_1'));
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
});

afterEach(() => {
  rust.stop();
  Reflect.deleteProperty(document, INSTANCE);
  vi.restoreAllMocks();
});

async function loaded(...sessions: string[]): Promise<ClerkJs> {
  if (sessions[0] !== undefined) {
    rust.raw.client = named('Ada', ...sessions);
    rust.state = { ...rust.state, activeSession: active(sessions[0]) };
  }
  return await createClerkJs({ ui });
}

/** A client whose user has a first name. */
function named(firstName: string, ...sessions: string[]) {
  return rawClient(sessions.map((id) => rawSession(id, { user: rawUser({ first_name: firstName }) })));
}

async function shows(clerk: ClerkJs, firstName: string): Promise<void> {
  await vi.waitFor(() => {
    expect(clerk.user?.firstName).toBe(firstName);
  });
}

describe('the client of a response', () => {
  it.each(['/me/oauth/device', '/me/oauth/device/lookup'])(
    'the client of a response to POST %s, which clerk-js does not take, comes with the state',
    async (path) => {
      const clerk = await loaded('sess_1');
      rust.api(`POST ${path}`, () => {
        rust.advance(named('Grace', 'sess_1'));
        return { object: 'device', status: 'complete', scopes: [] };
      });
      const consent = clerk.oauthApplication;
      await (path.endsWith('lookup')
        ? consent.lookupDeviceVerification({ userCode: 'A' })
        : consent.submitDeviceVerification({ userCode: 'A', approved: true }));
      await shows(clerk, 'Grace');
    },
  );

  it('the client of a response to an aborted request comes with the state', async () => {
    const clerk = await loaded('sess_1');
    const controller = new AbortController();
    rust.api('PATCH /me', () => {
      controller.abort();
      rust.advance(named('Grace', 'sess_1'));
      return rawUser();
    });
    const { request } = clerk.getFapiClient();
    const aborted = request({ method: 'PATCH', path: '/me', signal: controller.signal });
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    await shows(clerk, 'Grace');
  });

  it('the client of a response that clerk-js takes although it has read only is known to be held', async () => {
    const clerk = await loaded('sess_1');
    const before = rust.raw.client;
    rust.api('GET /me', () => {
      rust.advance(named('Grace', 'sess_1'));
      return rawUser({ first_name: 'Grace' });
    });
    await clerk.user!.reload();
    expect(clerk.user?.firstName).toBe('Grace');
    // Back to the client before.
    rust.advance(before);
    await shows(clerk, 'Ada');
  });

  it('the client that a reload brings is known to be held', async () => {
    const clerk = await loaded('sess_1');
    const before = rust.raw.client;
    rust.api('GET /client', () => (rust.raw = { ...rust.raw, client: named('Grace', 'sess_1') }).client);
    await clerk.client!.reload();
    rust.advance(before);
    await shows(clerk, 'Ada');
  });

  it('the client that clerk-js takes is the newest when it takes it', async () => {
    const clerk = await loaded('sess_1');
    rust.api('PATCH /me', () => {
      rust.advance(named('Grace', 'sess_1'));
      return rawUser({ first_name: 'Grace' });
    });
    const { payload } = await clerk.getFapiClient().request({ method: 'PATCH', path: '/me' });
    rust.advance(named('Joan', 'sess_1'));
    await shows(clerk, 'Joan');
    expect(JSON.stringify(payload)).toContain('Joan');
  });
});

describe('the state', () => {
  it('a change of the environment is followed when a response has the same revision', async () => {
    const clerk = await loaded('sess_1');
    rust.api('PATCH /me', () => {
      rust.raw.environment = rawEnvironment({ display: { application_name: 'Renamed' } });
      // Session tokens that are minted meanwhile are no revision.
      const token = { object: 'token', jwt: rawToken('sess_1') };
      rust.advance(rawClient([rawSession('sess_1', { last_active_token: token })]));
      return rawUser();
    });
    await clerk.user!.update({ firstName: 'Ada' });
    await vi.waitFor(() => {
      expect(clerk.__internal_environment?.displayConfig.applicationName).toBe('Renamed');
    });
  });

  it('a state that a response has overtaken does not sign out', async () => {
    const clerk = await loaded('sess_1');
    const seen: unknown[] = [];
    clerk.addListener(({ session }) => seen.push(session && session.id), { skipInitialEmit: true });
    let read: () => void = () => undefined;
    rust.on('clerk_js_state', () => {
      const state: ClerkJsState = rust.clerkJsState;
      return rust.count('clerk_js_state') === 2
        ? new Promise(
            (resolve) =>
              (read = () => {
                resolve(state);
              }),
          )
        : state;
    });
    // Another window signs in to another session, which makes that the active one.
    rust.advance(named('Grace', 'sess_2'), active('sess_2'));
    await vi.waitFor(() => {
      expect(rust.count('clerk_js_state')).toBe(2);
    });
    // While that is being read, a response comes with a newer client.
    rust.api('GET /me/sessions/active', () => {
      rust.raw = { ...rust.raw, client: named('Joan', 'sess_2') };
      rust.state = { ...rust.state, revision: rust.state.revision + 1 };
      return [];
    });
    await clerk.getFapiClient().request({ path: '/me/sessions/active' });
    read();
    await shows(clerk, 'Joan');
    expect(clerk.session?.id).toBe('sess_2');
    expect(seen).toEqual(['sess_2']);
  });

  it('a state that could not be read is read again', async () => {
    // Imported with the first such error, which takes real time.
    await import('../refusal');
    const clerk = await loaded('sess_1');
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      rust.on('clerk_js_state', () => {
        if (rust.count('clerk_js_state') < 5) {
          throw 'the window is busy';
        }
        return rust.clerkJsState;
      });
      rust.advance(rawClient(), { state: 'none' });
      await vi.advanceTimersByTimeAsync(500);
      expect(clerk.session?.id).toBe('sess_1');
      await vi.advanceTimersByTimeAsync(30_000);
      expect([clerk.session, rust.count('clerk_js_state')]).toEqual([null, 5]);
      // Nothing is left to do.
      await vi.advanceTimersByTimeAsync(600_000);
      expect([error.mock.calls.length, rust.count('clerk_js_state')]).toEqual([1, 5]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('a state that could not be read after a change of the active session is read again', async () => {
    const clerk = await loaded('sess_1');
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      rust.on('clerk_js_state', () => {
        if (rust.count('clerk_js_state') < 3) {
          throw 'the window is busy';
        }
        return rust.clerkJsState;
      });
      rust.api('DELETE /client/sessions', () => {
        throw { kind: 'runtime', code: 'request_not_allowed', message: 'no', errors: [] };
      });
      await expect(clerk.signOut()).rejects.toMatchObject({ status: 400 });
      await vi.advanceTimersByTimeAsync(5000);
      expect(clerk.session?.id).toBe('sess_1');
    } finally {
      vi.useRealTimers();
    }
  });
});
