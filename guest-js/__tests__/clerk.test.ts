import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Clerk, onAuthEvent, onNotice, type Resources } from '../index';
import type { Patch } from '../patch';

import { activated, client, Fake, KEY, session, signedIn, signedOut, snapshot } from './fake';

let rust: Fake;

beforeEach(() => {
  rust = new Fake();
});

afterEach(() => {
  rust.stop();
  vi.restoreAllMocks();
});

async function loaded(): Promise<Clerk> {
  const clerk = new Clerk();
  await clerk.load();
  return clerk;
}

/** Outcomes of flows that finished before, each of which Rust gives once. */
function outcomes(...navigateTo: string[]) {
  const left = navigateTo.map((to) => ({ navigateTo: to, createdSessionId: 'sess_1', requirements: null }));
  return () => left.shift() ?? null;
}

describe('properties', () => {
  it('client, session, user and organization are undefined before load()', () => {
    const clerk = new Clerk(KEY);
    expect([clerk.client, clerk.session, clerk.user, clerk.organization]).toEqual(Array(4).fill(undefined));
    expect([clerk.status, clerk.loaded, clerk.isSignedIn]).toEqual(['loading', false, false]);
    expect(clerk.publishableKey).toBe(KEY);
  });

  it('session, user and organization are null when signed out', async () => {
    const clerk = await loaded();
    expect([clerk.session, clerk.user, clerk.organization]).toEqual([null, null, null]);
    expect([clerk.status, clerk.loaded]).toEqual(['ready', true]);
  });

  it('session, user and organization are undefined while the active session is unknown', async () => {
    rust.state = snapshot({ activeSession: { state: 'unknown' } });
    const clerk = await loaded();
    expect([clerk.session, clerk.user, clerk.organization]).toEqual([undefined, undefined, undefined]);
  });

  it('user is the user of the active session', async () => {
    rust.state = signedIn(1);
    const clerk = await loaded();
    expect(clerk.isSignedIn).toBe(true);
    expect(clerk.user?.fullName).toBe('Ada Lovelace');
  });

  it('isSignedIn is false for a pending session', async () => {
    rust.state = snapshot({
      client: client(session('sess_1', 'pending')),
      activeSession: { state: 'session', sessionId: 'sess_1' },
    });
    const clerk = await loaded();
    expect([clerk.session?.id, clerk.isSignedIn]).toEqual(['sess_1', false]);
  });
});

describe('load', () => {
  it('load() shares one request between overlapping calls', async () => {
    const clerk = new Clerk();
    await Promise.all([clerk.load(), clerk.load(), clerk.load()]);
    await clerk.load();
    expect(rust.count('load')).toBe(1);
  });

  it("load() passes the constructor's parameters to Rust", async () => {
    await new Clerk(KEY, { proxyUrl: 'http://127.0.0.1:1' }).load();
    expect(rust.calls.find(({ command }) => command === 'load')?.args['options']).toEqual({
      publishableKey: KEY,
      proxyUrl: 'http://127.0.0.1:1',
    });
  });

  it('load() can be called again after an error', async () => {
    rust.state = snapshot({ revision: 0, status: 'loading', client: null });
    const clerk = new Clerk();
    const seen: string[] = [];
    clerk.on('status', (status) => seen.push(status));
    rust.on('load', () => {
      rust.change(snapshot({ revision: 1, status: 'error', client: null }));
      throw { kind: 'runtime', code: 'network_error', message: 'no response', errors: [] };
    });
    await expect(clerk.load()).rejects.toMatchObject({ code: 'network_error' });
    expect(clerk.status).toBe('error');
    rust.on('load', () => (rust.state = snapshot({ revision: 2 })));
    await clerk.load();
    expect([clerk.status, seen]).toEqual(['ready', ['error', 'loading', 'ready']]);
  });

  it('load() shows a known state while Rust is still waiting for Clerk', async () => {
    rust.state = { ...signedIn(1), status: 'degraded' };
    let finish = (_state: unknown): void => undefined;
    rust.on('load', () => new Promise((resolve) => (finish = resolve)));
    const clerk = new Clerk();
    const loading = clerk.load();
    await vi.waitFor(() => {
      expect(rust.count('load')).toBe(1);
    });
    expect([clerk.status, clerk.loaded, clerk.user?.firstName]).toEqual(['degraded', true, 'Ada']);
    finish(signedIn(2));
    await loading;
    expect(clerk.status).toBe('ready');
  });

  it('load() navigates to where a flow that finished before leads', async () => {
    rust.on('take_redirect_outcome', outcomes('/welcome'));
    const routerPush = vi.fn();
    await new Clerk().load({ routerPush });
    expect(routerPush).toHaveBeenCalledExactlyOnceWith('/welcome');
  });

  it('load() confirms an outcome when it navigates, and takes the next one', async () => {
    rust.on('take_redirect_outcome', outcomes('/one', '/two'));
    const asked: number[] = [];
    const routerPush = vi.fn(() => asked.push(rust.count('take_redirect_outcome')));
    await new Clerk().load({ routerPush });
    expect(routerPush.mock.calls).toEqual([['/one'], ['/two']]);
    // A reload after the navigation must not bring the outcome back.
    expect([asked, rust.count('take_redirect_outcome')]).toEqual([[2, 3], 3]);
  });
});

describe('a load that failed in this window', () => {
  it('load() that failed without a network succeeds by itself when Rust has recovered', async () => {
    rust.state = snapshot({ revision: 0, status: 'loading', client: null });
    const clerk = new Clerk();
    rust.on('load', () => {
      rust.change(snapshot({ revision: 1, status: 'error', client: null }));
      throw { kind: 'runtime', code: 'network_error', message: 'no response', errors: [] };
    });
    await expect(clerk.load()).rejects.toMatchObject({ code: 'network_error' });
    expect(clerk.status).toBe('error');
    rust.on('load', () => rust.state);
    rust.change(signedIn(2));
    await vi.waitFor(() => {
      expect([clerk.status, clerk.isSignedIn, rust.count('load')]).toEqual(['ready', true, 2]);
    });
    await clerk.load();
    expect(rust.count('load')).toBe(2);
  });

  it('status stays error after a failed load(), whatever other windows do', async () => {
    const clerk = new Clerk();
    rust.on('load', () => {
      throw { kind: 'runtime', code: 'publishable_key_conflict', message: 'two keys', errors: [] };
    });
    await expect(clerk.load()).rejects.toMatchObject({ code: 'publishable_key_conflict' });
    rust.change(signedIn(2));
    await vi.waitFor(() => {
      expect(clerk.revision).toBe(2);
    });
    expect([clerk.status, clerk.loaded]).toEqual(['error', false]);
  });
});

describe('users', () => {
  it('user stays the same object while it does not change', async () => {
    rust.state = signedIn(1);
    const clerk = await loaded();
    const user = clerk.user;
    const touched = signedIn(2);
    touched.client!.sessions[0]!.lastActiveAt = 1;
    rust.change(touched);
    await vi.waitFor(() => {
      expect(clerk.revision).toBe(2);
    });
    expect(clerk.user).toBe(user);
    expect(clerk.session?.lastActiveAt).toEqual(new Date(1));
  });
});

describe('data that the app changes in place', () => {
  it('user.unsafeMetadata that the app has changed does not spoil the next change', async () => {
    const clerk = await loaded();
    const signed = signedIn(2);
    (signed.client!.sessions[0]!.user as { unsafeMetadata: object }).unsafeMetadata = { todo: ['a', 'b'] };
    // The user that the class shows is the one that the next patch is for.
    rust.change(signed);
    await vi.waitFor(() => {
      expect(clerk.user?.unsafeMetadata).toEqual({ todo: ['a', 'b'] });
    });
    const todo = clerk.user!.unsafeMetadata['todo'] as string[];
    todo.push('x');
    todo.splice(0, 1);
    const inside = (patch: Patch, ...names: string[]): Patch =>
      names.reduceRight((inner, name) => ({ in: { [name]: inner } }), patch);
    const added = inside({ splice: [2, 0, ['x']] }, 'sessions', '0', 'user', 'unsafeMetadata', 'todo');
    rust.on('snapshot', () => ({ changes: { in: { client: added, revision: { set: 3 } } } }));
    rust.update({ since: 0 });
    await vi.waitFor(() => {
      expect(clerk.revision).toBe(3);
    });
    expect(clerk.user!.unsafeMetadata).toEqual({ todo: ['a', 'b', 'x'] });
  });
});

describe('a window that may only read', () => {
  it('load() succeeds in a window that may only read', async () => {
    rust.on('take_redirect_outcome', () => {
      throw 'clerk.take_redirect_outcome not allowed';
    });
    const clerk = await loaded();
    expect(clerk.status).toBe('ready');
  });
});

describe('listeners', () => {
  it('addListener() notifies of each revision once', async () => {
    const clerk = await loaded();
    const seen: (string | null | undefined)[] = [];
    clerk.addListener(({ session }) => seen.push(session && session.id));
    rust.change(signedIn(2));
    rust.update({ since: 0 });
    await vi.waitFor(() => {
      expect(seen).toEqual([null, 'sess_1']);
    });
    rust.change(signedIn(3, 'sess_2'));
    await vi.waitFor(() => {
      expect(seen).toEqual([null, 'sess_1', 'sess_2']);
    });
  });

  it('addListener() ignores an older revision that arrives late', async () => {
    rust.state = signedIn(5);
    const clerk = await loaded();
    const listener = vi.fn<(resources: Resources) => void>();
    clerk.addListener(listener, { skipInitialEmit: true });
    rust.state = snapshot({ revision: 4 });
    rust.update({ since: 0 });
    await vi.waitFor(() => {
      expect(rust.count('snapshot')).toBe(2);
    });
    expect(listener).not.toHaveBeenCalled();
    expect(clerk.isSignedIn).toBe(true);
  });

  it('addListener() returns a function that removes the listener', async () => {
    const clerk = await loaded();
    const listener = vi.fn();
    const end = clerk.addListener(listener);
    expect(listener).toHaveBeenCalledTimes(1);
    end();
    end();
    rust.change(signedIn(2));
    await vi.waitFor(() => {
      expect(clerk.isSignedIn).toBe(true);
    });
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('addListener() notifies the other listeners when one throws', async () => {
    const clerk = await loaded();
    const complaint = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    clerk.addListener(() => {
      throw new Error('mine');
    });
    const other = vi.fn();
    clerk.addListener(other);
    expect(other).toHaveBeenCalledTimes(1);
    expect(complaint).toHaveBeenCalled();
  });

  it('on() with notify calls the handler with the present status', () => {
    const clerk = new Clerk();
    const handler = vi.fn();
    clerk.on('status', handler, { notify: true });
    expect(handler).toHaveBeenCalledWith('loading');
    clerk.off('status', handler);
  });
});

describe('calls', () => {
  it('signIn.create() resolves when the state shows the result', async () => {
    const clerk = await loaded();
    rust.on('create_sign_in', () => {
      rust.state = signedIn(2);
      rust.state.client!.signIn = { id: 'sia_1', status: 'complete', createdSessionId: 'sess_1' } as never;
      return rust.state.client!.signIn;
    });
    const signIn = await clerk.client!.signIn.create({ identifier: 'ada@example.com', password: 'x' });
    expect([signIn.status, signIn.createdSessionId]).toEqual(['complete', 'sess_1']);
    expect(clerk.client!.sessions).toHaveLength(1);
    expect(clerk.client!.signIn.id).toBe('sia_1');
  });

  it('signIn.attemptFirstFactor() rejects before create() and names it', async () => {
    const clerk = await loaded();
    await expect(async () =>
      clerk.client!.signIn.attemptFirstFactor({ strategy: 'email_code', code: '1' }),
    ).rejects.toMatchObject({
      code: 'attempt_not_started',
    });
  });

  it('setActive() distinguishes absent from null', async () => {
    const clerk = await loaded();
    rust.on('set_active', () => activated());
    await clerk.setActive({ session: 'sess_1' });
    await clerk.setActive({ organization: null });
    await clerk.setActive({ session: { id: 'sess_2' } as never, organization: 'acme' });
    expect(
      rust.calls.filter(({ command }) => command === 'set_active').map(({ args }) => args.params),
    ).toEqual([{ session: 'sess_1' }, { organization: null }, { session: 'sess_2', organization: 'acme' }]);
  });

  it('getToken() passes the session and the options', async () => {
    rust.state = signedIn(1);
    const clerk = await loaded();
    rust.on('get_token', () => 'a.b.c');
    expect(await clerk.session?.getToken({ template: 'api', organizationId: null })).toBe('a.b.c');
    expect(rust.calls.at(-1)?.args).toEqual({
      params: { sessionId: 'sess_1', template: 'api', organizationId: null },
    });
  });

  it('authenticateWithRedirect() separates the parameters of the flow from those of its callback', async () => {
    const clerk = new Clerk();
    const routerPush = vi.fn();
    await clerk.load({ routerPush });
    await clerk.load({ routerPush: () => expect.unreachable('options of a later load change nothing') });
    rust.on('authenticate_with_redirect', () => ({ navigateTo: '/home', createdSessionId: 'sess_1' }));
    await clerk.client!.signIn.authenticateWithRedirect({
      strategy: 'oauth_google',
      redirectUrl: 'https://example.com/sso-callback',
      redirectUrlComplete: '/home',
      secondFactorUrl: '/2fa',
      reloadResource: 'signIn',
    });
    expect(rust.calls.find(({ command }) => command === 'authenticate_with_redirect')?.args.params).toEqual({
      resource: 'signIn',
      strategy: 'oauth_google',
      callback: {
        secondFactorUrl: '/2fa',
        reloadResource: 'signIn',
        signInFallbackRedirectUrl: '/home',
        signUpFallbackRedirectUrl: '/home',
        location: window.location.href,
      },
    });
    expect(routerPush).toHaveBeenCalledExactlyOnceWith('/home');
  });
});

describe('signOut', () => {
  it('signOut() does nothing without a session', async () => {
    const clerk = await loaded();
    const callback = vi.fn();
    await clerk.signOut(callback);
    expect([rust.count('sign_out'), callback.mock.calls.length]).toEqual([0, 0]);
  });

  it('signOut() calls the callback instead of navigating', async () => {
    rust.state = signedIn(1);
    const routerPush = vi.fn();
    const clerk = new Clerk();
    await clerk.load({ routerPush });
    rust.on('sign_out', () => {
      rust.state = snapshot({ revision: 2 });
      return signedOut();
    });
    const callback = vi.fn();
    await clerk.signOut(callback);
    expect([callback.mock.calls.length, routerPush.mock.calls.length, clerk.session]).toEqual([1, 0, null]);
  });

  it('signOut() navigates to where Rust says', async () => {
    rust.state = signedIn(1);
    const routerPush = vi.fn();
    const clerk = new Clerk();
    await clerk.load({ routerPush, afterSignOutUrl: '/bye' });
    const signOut = vi
      .fn()
      .mockReturnValueOnce(signedOut('/bye'))
      .mockReturnValueOnce(signedOut('/elsewhere'));
    rust.on('sign_out', signOut);
    await clerk.signOut();
    await clerk.signOut({ redirectUrl: '/elsewhere' });
    expect(routerPush.mock.calls).toEqual([['/bye'], ['/elsewhere']]);
    const location = window.location.href;
    expect(signOut.mock.calls).toEqual([
      [{ options: { location } }],
      [{ options: { redirectUrl: '/elsewhere', location } }],
    ]);
  });

  it('signOut() of another session does not navigate', async () => {
    rust.state = snapshot({
      client: client(session('sess_1'), session('sess_2')),
      activeSession: { state: 'session', sessionId: 'sess_1' },
    });
    const routerPush = vi.fn();
    const clerk = new Clerk();
    await clerk.load({ routerPush });
    rust.on('sign_out', () => ({ activeSessionEnded: false, navigateTo: null }));
    const callback = vi.fn();
    await clerk.signOut(callback, { sessionId: 'sess_2' });
    expect([rust.count('sign_out'), routerPush.mock.calls.length]).toEqual([1, 0]);
    expect(callback).not.toHaveBeenCalled();
  });
});

describe('notices', () => {
  it('onNotice() reports each notice once, including those from before the window was opened', async () => {
    const [early, late] = [
      { code: 'storage_unavailable', message: 'no keyring' },
      { code: 'redirect_failed', message: 'too late' },
    ];
    let all = [early];
    rust.on('notices', () => all);
    const seen: unknown[] = [];
    await onNotice((notice) => seen.push(notice));
    all = [early, late];
    rust.emit('notice', early);
    rust.emit('notice', late);
    await vi.waitFor(() => {
      expect(seen).toEqual([early, late]);
    });
  });

  it('onNotice() reports nothing that another window emitted', async () => {
    const genuine = { code: 'storage_unavailable', message: 'no keyring' };
    let all: unknown[] = [];
    rust.on('notices', () => all);
    const seen: unknown[] = [];
    await onNotice((notice) => seen.push(notice));
    for (const forged of [{ code: 'storage_unavailable', message: 'Call 555-0100.' }, null, 7, {}]) {
      rust.emit('notice', forged);
    }
    all = [genuine];
    rust.emit('notice', genuine);
    await vi.waitFor(() => {
      expect(seen).toEqual([genuine]);
    });
  });
});

describe('updates', () => {
  const loadedWithReads = async () => {
    const clerk = await loaded();
    const before = rust.count('snapshot');
    return { clerk, reads: () => rust.count('snapshot') - before };
  };

  it('an update shows at once, without a read', async () => {
    const { clerk, reads } = await loadedWithReads();
    rust.change(signedIn(2));
    expect(clerk.session?.id).toBe('sess_1');
    rust.change(signedIn(3, 'sess_2'));
    expect([clerk.session?.id, reads()]).toEqual(['sess_2', 0]);
  });

  it('sync() of a state whose update has arrived asks once', async () => {
    rust.state = signedIn(1);
    const { clerk, reads } = await loadedWithReads();
    rust.on('sign_out', () => {
      rust.change(snapshot({ revision: 2 }));
      return signedOut();
    });
    await clerk.signOut();
    expect([clerk.isSignedIn, reads()]).toEqual([false, 1]);
  });

  it('sync() asks again for a change whose update was lost', async () => {
    rust.state = signedIn(1);
    const { clerk, reads } = await loadedWithReads();
    rust.on('sign_out', () => {
      rust.change(snapshot({ revision: 2 }), { isLost: true });
      return signedOut();
    });
    await clerk.signOut();
    expect([clerk.isSignedIn, reads()]).toEqual([false, 2]);
  });

  it('an update for another state than the one that is known makes the page read', async () => {
    const { clerk, reads } = await loadedWithReads();
    rust.change(signedIn(2), { isLost: true });
    rust.change(signedIn(3, 'sess_2'));
    await vi.waitFor(() => {
      expect(clerk.session?.id).toBe('sess_2');
    });
    expect(reads()).toBe(1);
  });

  it('an update that arrives after the page has read the change is not applied', async () => {
    rust.state = signedIn(1);
    const { clerk, reads } = await loadedWithReads();
    rust.change(signedIn(2, 'sess_2'), { isLost: true });
    rust.update({ since: 0 });
    await vi.waitFor(() => {
      expect(clerk.session?.id).toBe('sess_2');
    });
    const before = reads();
    // It is relative to the first state.
    rust.update({ since: 1, changes: { in: { activeSession: { set: { state: 'none' } } } } });
    await vi.waitFor(() => {
      expect(reads()).toBe(before + 1);
    });
    expect(clerk.session?.id).toBe('sess_2');
  });

  it('a page that is shown again reads what it has missed', async () => {
    const { clerk, reads } = await loadedWithReads();
    rust.state = signedIn(2);
    const show = (persisted: boolean) =>
      window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted }));
    show(false);
    expect(reads()).toBe(0);
    show(true);
    await vi.waitFor(() => {
      expect(clerk.session?.id).toBe('sess_1');
    });
  });

  it('sync() resolves although updates announce ever newer states', async () => {
    rust.state = signedIn(1);
    const clerk = await loaded();
    const flood = 1000;
    let announced = 0;
    rust.on('snapshot', async () => {
      await Promise.resolve();
      if (announced < flood) {
        announced += 1;
        rust.update({ since: 0 });
      }
      return rust.state;
    });
    rust.on('sign_out', () => {
      rust.state = snapshot({ revision: 2 });
      return signedOut();
    });
    rust.update({ since: 0 });
    await clerk.signOut();
    const sent = announced;
    announced = flood;
    expect([clerk.isSignedIn, sent < flood]).toEqual([false, true]);
  });
});

describe('auth events', () => {
  const signedOut = (sequence: number) => ({
    sequence,
    type: 'signedOut',
    sessionId: 'sess_1',
    userId: 'user_1',
    reason: 'expired',
  });
  const refreshed = (sequence: number) => ({ sequence, type: 'tokenRefreshed', sessionId: 'sess_1' });

  it.each([
    [{}, [4, 5]],
    [{ past: true }, [1, 4, 5]],
  ])('onAuthEvent() with %j reports each event of its kind once', async (options, expected) => {
    let all: object[] = [signedOut(1), refreshed(2)];
    rust.on('auth_events', () => all);
    const seen: number[] = [];
    vi.spyOn(console, 'error').mockReturnValue(undefined);
    const unlisten = await onAuthEvent(
      'signedOut',
      ({ sequence, reason }) => {
        seen.push(reason === 'expired' ? sequence : -1);
        // It does not keep the others from being reported.
        throw new Error('a faulty listener');
      },
      options,
    );
    all = [...all, refreshed(3), signedOut(4)];
    rust.emit('auth-event', {});
    rust.emit('auth-event', {});
    all = [...all, signedOut(5)];
    rust.emit('auth-event', {});
    await vi.waitFor(() => {
      expect(seen).toEqual(expected);
    });
    // A read that is under way is not reported any more.
    all = [...all, signedOut(6)];
    rust.emit('auth-event', {});
    unlisten();
    await new Promise((resolve) => setTimeout(resolve));
    expect(seen).toEqual(expected);
  });
});
