/** Clerk's own clerk-js on a fake of Rust. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { encodeBody, encodeForm, encodeQuery } from '../clerk-js/encode';
import { type ClerkJs, createClerkJs } from '../clerk-js/index';
import type { UiModule } from '../clerk-js/packages';
import { isClerkRuntimeError } from '../index';
import { activated, Fake, Refusal, snapshot } from './fake';
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

/** Lets promises and timers that are due settle. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

/** Acts, and lets a second pass for what waits for a time. */
async function withinASecond(act: () => Promise<unknown>): Promise<void> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const acting = act();
    await vi.advanceTimersByTimeAsync(1000);
    await acting;
    await vi.advanceTimersByTimeAsync(1000);
  } finally {
    vi.useRealTimers();
  }
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
    expect(rust.calls.find(({ command }) => command === 'load')?.args['options']).toEqual({
      signInUrl: '/in',
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

  it('createClerkJs() that failed after it had loaded leaves nothing behind on the page', async () => {
    const listens = vi.spyOn(document, 'addEventListener');
    const observes = vi.spyOn(MutationObserver.prototype, 'observe');
    rust.on('choose_initial_session', () => {
      throw { kind: 'runtime', code: 'no_active_session', message: 'no', errors: [] };
    });
    const failing = createClerkJs({ ui, selectInitialSession: () => null });
    await expect(failing).rejects.toMatchObject({ code: 'no_active_session' });
    expect(listens.mock.calls.filter(([type]) => type === 'click' || type === 'error')).toEqual([]);
    expect(observes).not.toHaveBeenCalled();
    rust.advance(rawClient([rawSession('sess_1')]), active('sess_1'));
    await settled();
    expect(rust.count('clerk_js_state')).toBe(1);
    // These are what a load that succeeds adds.
    await createClerkJs({ ui });
    expect(listens.mock.calls.map(([type]) => type)).toEqual(expect.arrayContaining(['click', 'error']));
    expect(observes).toHaveBeenCalled();
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

describe('state', () => {
  it('a session that Rust makes active is the one of clerk-js, and signing out by Rust signs out', async () => {
    const clerk = await loaded();
    const seen: unknown[] = [];
    clerk.addListener(({ session, user }) => seen.push([session?.id, user?.firstName]), {
      skipInitialEmit: true,
    });
    rust.advance(rawClient([rawSession('sess_1')]), active('sess_1'));
    await vi.waitFor(() => {
      expect(clerk.session?.id).toBe('sess_1');
    });
    rust.advance(rawClient(), { state: 'none' });
    await vi.waitFor(() => {
      expect(clerk.session).toBeNull();
    });
    expect([clerk.user, clerk.organization]).toEqual([null, null]);
    // Each revision is one emission, with session and user of the same state.
    expect(seen).toEqual([
      ['sess_1', 'Ada'],
      [undefined, undefined],
    ]);
  });

  it('a session without a user in this window follows when another window switches to it', async () => {
    const clerk = await loaded('sess_1', 'sess_2');
    rust.advance(rust.raw.client, active('sess_2'));
    await vi.waitFor(() => {
      expect(clerk.session?.id).toBe('sess_2');
    });
  });

  it('a revision with an equal client and session does not notify the app', async () => {
    const clerk = await loaded('sess_1');
    const listener = vi.fn();
    clerk.addListener(listener, { skipInitialEmit: true });
    rust.advance(structuredClone(rust.raw.client));
    await vi.waitFor(() => {
      expect(rust.count('clerk_js_state')).toBe(2);
    });
    await settled();
    expect(listener).not.toHaveBeenCalled();
  });

  it('a change of the environment arrives', async () => {
    const clerk = await loaded();
    rust.raw.environment = rawEnvironment({ display: { application_name: 'Renamed' } });
    rust.advance(rust.raw.client);
    await vi.waitFor(() => {
      expect(clerk.__internal_environment?.displayConfig.applicationName).toBe('Renamed');
    });
  });

  it('a change that happens while clerk-js loads is not missed', async () => {
    rust.on('clerk_js_state', () => {
      const state = rust.clerkJsState;
      if (rust.count('clerk_js_state') === 1) {
        rust.advance(rawClient([rawSession('sess_1')]), active('sess_1'));
      }
      return state;
    });
    const clerk = await loaded();
    await vi.waitFor(() => {
      expect(clerk.session?.id).toBe('sess_1');
    });
  });

  it('an event with a revision that is known already is not followed', async () => {
    await loaded();
    rust.emit('state-changed', { revision: rust.state.revision, status: 'ready' });
    await settled();
    expect(rust.count('clerk_js_state')).toBe(1);
  });

  it.each([null, undefined, 7, 'x', {}, { revision: null }, { revision: 'Infinity' }])(
    'an event with the payload %j, which another window emitted, is not followed',
    async (payload) => {
      await loaded();
      rust.emit('state-changed', payload);
      await settled();
      expect(rust.count('clerk_js_state')).toBe(1);
    },
  );

  it('the state is not read when the response has said all', async () => {
    const clerk = await loaded();
    rust.api('POST /client/sign_ins', () => {
      rust.advance(rawClient([], { sign_in: rawSignIn() }));
      return rawSignIn();
    });
    await withinASecond(() => clerk.client!.signIn.create({ identifier: 'ada@example.test' }));
    expect(rust.count('clerk_js_state')).toBe(1);
    rust.advance(rawClient([rawSession('sess_1')]), active('sess_1'));
    await vi.waitFor(() => {
      expect(clerk.session?.id).toBe('sess_1');
    });
  });

  it('a response that events have overtaken does not bring an old client back', async () => {
    const clerk = await loaded('sess_1');
    let respond: () => void = () => undefined;
    rust.on('frontend_api', async () => {
      const { revision, activeSession } = rust.state;
      const body = { response: rawSession('sess_1').user, client: rust.raw.client };
      await new Promise<void>((resolve) => (respond = resolve));
      return { status: 200, retryAfter: null, body, revision, activeSession };
    });
    const updating = clerk.user!.update({ firstName: 'Grace' });
    await vi.waitFor(() => {
      expect(rust.count('frontend_api')).toBe(1);
    });
    // Another window signs out meanwhile.
    rust.advance(rawClient(), { state: 'none' });
    await vi.waitFor(() => {
      expect(clerk.session).toBeNull();
    });
    respond();
    await updating;
    await settled();
    expect([clerk.session, clerk.client!.sessions]).toEqual([null, []]);
  });

  it('a switch by another window that comes with the own response is followed', async () => {
    const clerk = await loaded('sess_1', 'sess_2');
    rust.api('PATCH /me', () => {
      // Two changes between request and response: one by another window, one by this.
      rust.advance(rust.raw.client, active('sess_2'));
      rust.advance(structuredClone(rust.raw.client));
      return rawSession('sess_1').user;
    });
    await clerk.user!.update({ firstName: 'Grace' });
    await vi.waitFor(() => {
      expect(clerk.session?.id).toBe('sess_2');
    });
  });

  it('a switch by another window while this one navigates is followed afterwards', async () => {
    const clerk = await loaded('sess_1', 'sess_2');
    rust.on('get_token', () => rawToken('sess_1'));
    rust.api('POST /client/sessions/sess_1/touch', () => {
      rust.advance(structuredClone(rust.raw.client), active('sess_1'));
      return rawSession('sess_1');
    });
    const during: unknown[] = [];
    await clerk.setActive({
      session: 'sess_1',
      navigate: async () => {
        rust.advance(rust.raw.client, active('sess_2'));
        await settled();
        during.push(clerk.session);
      },
    });
    // clerk-js hides the session while the app navigates.
    expect(during).toEqual([undefined]);
    await vi.waitFor(() => {
      expect(clerk.session?.id).toBe('sess_2');
    });
  });
});

describe('setActive and signOut', () => {
  it('setActive({ session: null }) tells Rust, and nothing else does', async () => {
    const clerk = await loaded('sess_1');
    rust.on('set_active', () => {
      rust.advance(rust.raw.client, { state: 'none' });
      return activated();
    });
    await withinASecond(async () => {
      await clerk.setActive({ session: null });
      expect(clerk.session).toBeNull();
    });
    const calls = rust.calls.filter(({ command }) => command === 'set_active');
    expect(calls.map(({ args }) => args)).toEqual([{ params: { session: null } }]);
    expect(clerk.session).toBeNull();
  });

  it('setActive({ session: null }) that Rust refuses changes nothing', async () => {
    const clerk = await loaded('sess_1');
    rust.on('set_active', () => {
      throw { kind: 'runtime', code: 'not_loaded', message: 'no', errors: [] };
    });
    await expect(clerk.setActive({ session: null })).rejects.toMatchObject({ code: 'not_loaded' });
    expect(clerk.session?.id).toBe('sess_1');
  });

  it('setActive({ organization }) is a request that Rust understands', async () => {
    const clerk = await loaded('sess_1');
    rust.on('get_token', () => rawToken('sess_1'));
    rust.api('POST /client/sessions/sess_1/touch', () => {
      const session = rawSession('sess_1', { last_active_organization_id: 'org_1' });
      rust.advance(rawClient([session]));
      return session;
    });
    await clerk.setActive({ organization: 'org_1' });
    expect(clerk.session?.lastActiveOrganizationId).toBe('org_1');
    expect(rust.requests[0]?.form).toEqual([
      ['active_organization_id', 'org_1'],
      ['intent', 'select_org'],
    ]);
    expect(rust.count('set_active')).toBe(0);
  });

  it('signOut() is one request', async () => {
    const clerk = await loaded('sess_1');
    const routerPush = vi.fn();
    Reflect.set(clerk, '__internal_windowNavigate', routerPush);
    rust.api('DELETE /client/sessions', () => {
      rust.advance(rawClient(), { state: 'none' });
      return rawClient();
    });
    await clerk.signOut();
    expect([clerk.session, clerk.user, rust.requests.length]).toEqual([null, null, 1]);
  });

  it('a request that the session does not allow any more lets Rust decide who is active', async () => {
    const clerk = await loaded('sess_1', 'sess_2');
    rust.on('handle_unauthenticated', () => {
      rust.advance(rawClient([rawSession('sess_2')]), active('sess_2'));
      return null;
    });
    rust.api('PATCH /me', () => {
      throw new Refusal(401, [{ code: 'authentication_invalid', message: 'no' }]);
    });
    await expect(clerk.user!.update({ firstName: 'x' })).rejects.toMatchObject({ status: 401 });
    await vi.waitFor(() => {
      expect(clerk.session?.id).toBe('sess_2');
    });
    expect(rust.count('set_active')).toBe(0);
  });

  it('selectInitialSession chooses for all windows', async () => {
    rust.raw.client = rawClient([rawSession('sess_1'), rawSession('sess_2')]);
    rust.state = { ...rust.state, activeSession: active('sess_1') };
    rust.on('choose_initial_session', () => {
      rust.advance(rust.raw.client, active('sess_2'));
      return null;
    });
    const clerk = await createClerkJs({ ui, selectInitialSession: ({ sessions }) => sessions[1] as never });
    expect(rust.calls.find(({ command }) => command === 'choose_initial_session')?.args).toEqual({
      sessionId: 'sess_2',
    });
    expect(clerk.session?.id).toBe('sess_2');
  });
});

describe('session tokens', () => {
  it('getToken() is minted by Rust, with template, organization and skipCache', async () => {
    const clerk = await loaded('sess_1');
    clerk.session!.clearCache();
    const tokens = ['a', 'b', 'c'].map((jti) => rawToken('sess_1', { jti }));
    const [token, templated, fresh] = tokens;
    rust.on('get_token', ({ params }) => {
      const { template, skipCache } = params as { template?: string; skipCache?: boolean };
      return template ? templated : skipCache ? fresh : token;
    });
    expect(await clerk.session!.getToken()).toBe(token);
    expect(await clerk.session!.getToken()).toBe(token);
    expect(await clerk.session!.getToken({ template: 'hasura' })).toBe(templated);
    expect(await clerk.session!.getToken({ skipCache: true })).toBe(fresh);
    expect(rust.calls.filter(({ command }) => command === 'get_token').map(({ args }) => args)).toEqual([
      { params: { sessionId: 'sess_1', organizationId: null, skipCache: false } },
      { params: { sessionId: 'sess_1', template: 'hasura', skipCache: false } },
      { params: { sessionId: 'sess_1', organizationId: null, skipCache: true } },
    ]);
    expect(rust.requests).toEqual([]);
  });

  it('getToken() rejects with the error of the Frontend API', async () => {
    const clerk = await loaded('sess_1');
    clerk.session!.clearCache();
    rust.on('get_token', () => {
      throw {
        kind: 'api',
        code: 'api_response_error',
        message: 'no',
        status: 404,
        errors: [
          {
            code: 'resource_not_found',
            message: 'no',
            longMessage: 'No template.',
            meta: { paramName: 'x' },
          },
        ],
      };
    });
    await expect(clerk.session!.getToken({ template: 'none' })).rejects.toMatchObject({
      status: 404,
      errors: [{ code: 'resource_not_found', longMessage: 'No template.', meta: { paramName: 'x' } }],
    });
  });

  it('getToken() rejects with invoke_failed in a window without the permission', async () => {
    const clerk = await loaded('sess_1');
    clerk.session!.clearCache();
    rust.on('get_token', () => {
      throw 'clerk.get_token not allowed';
    });
    await expect(clerk.session!.getToken()).rejects.toMatchObject({ errors: [{ code: 'invoke_failed' }] });
  });
});

describe('requests', () => {
  it('a picture is sent as a part, whatever the webview makes of FormData', async () => {
    const clerk = await loaded('sess_1');
    rust.api('POST /me/profile_image', () => ({
      object: 'image',
      id: 'img_1',
      name: 'a.png',
      public_url: null,
    }));
    const bytes = new Uint8Array(70_000).map((_, at) => at % 251);
    await clerk.user!.setProfileImage({ file: new File([bytes], 'a.png', { type: 'image/png' }) });
    const [request] = rust.requests;
    expect([request?.form, request?.parts?.length]).toEqual([[], 1]);
    const { name, value, file } = request!.parts![0]!;
    expect([name, value, file?.name, file?.contentType]).toEqual(['file', null, 'a.png', 'image/png']);
    expect(Uint8Array.from(atob(file!.data), (c) => c.charCodeAt(0))).toEqual(bytes);
  });

  it('a picture as text is sent as a part, too', async () => {
    const clerk = await loaded('sess_1');
    rust.api('POST /me/profile_image', () => ({ object: 'image', id: 'img_1' }));
    await clerk.user!.setProfileImage({ file: `data:image/webp;base64,${btoa('picture')}` });
    expect(rust.requests[0]?.parts?.[0]?.file).toEqual({
      name: 'file.webp',
      contentType: 'image/webp',
      data: btoa('picture'),
    });
  });

  it('fields are encoded as clerk-js does: snake case, lists, JSON, null and undefined', () => {
    expect(
      encodeForm({
        firstName: 'Ada',
        roles: ['a', 'b'],
        unsafeMetadata: { k: [1] },
        none: null,
        left: undefined,
        on: true,
        n: 2,
      }),
    ).toEqual([
      ['first_name', 'Ada'],
      ['roles', 'a'],
      ['roles', 'b'],
      ['unsafe_metadata', '{"k":[1]}'],
      ['none', ''],
      ['on', 'true'],
      ['n', '2'],
    ]);
  });

  it.each([
    ['a Blob', new Blob(['x'])],
    ['bytes', new Uint8Array(1)],
    ['a buffer', new ArrayBuffer(1)],
    ['a list', ['a']],
    ['a map', new Map([['a', 'b']])],
    ['a number', 1],
    ['a function', () => undefined],
    ['a field with a Blob', { file: new Blob(['x']) }],
    ['a field with bytes', { files: [new Uint8Array(1)] }],
    ['a field with a map', { fields: new Map() }],
    ['a field with a function', { field: () => undefined }],
    ['a field with a symbol', { field: Symbol('x') }],
    ['JSON', '{"first_name":"Ada"}', 'application/json'],
    ['an object as JSON', { firstName: 'Ada' }, 'application/json'],
    ['bytes as a file', new Uint8Array(1), 'application/octet-stream'],
  ])('a body that is %s is refused', async (_, body: unknown, type?: string) => {
    await expect(encodeBody(body, new Headers(type ? { 'content-type': type } : {}))).rejects.toMatchObject({
      code: 'option_invalid',
      message: expect.stringContaining('body') as string,
    });
  });

  it.each([
    ['nothing', undefined, []],
    ['null', null, []],
    ['an empty text', '', []],
    ['a form', new URLSearchParams({ a: 'b' }), [['a', 'b']]],
    [
      'a form as text',
      'a=b&c=d',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'an object without a prototype',
      Object.assign(Object.create(null), { firstName: 'Ada' }),
      [['first_name', 'Ada']],
    ],
    ['an object with a date', { at: new Date(0) }, [['at', '"1970-01-01T00:00:00.000Z"']]],
    ['an object with a big number', { n: 1n }, [['n', '1']]],
  ])('a body that is %s is sent as fields', async (_, body: unknown, form) => {
    const type = 'application/x-www-form-urlencoded; charset=utf-8';
    for (const headers of [new Headers(), new Headers({ 'content-type': type })]) {
      expect(await encodeBody(body, headers)).toEqual({ form, parts: [] });
    }
  });

  it('a body that is refused arrives as an error of the request', async () => {
    const clerk = await loaded('sess_1');
    const init = { method: 'PATCH', path: '/me', body: new Blob(['x']) } as const;
    const { status, payload } = await clerk.getFapiClient().request(init);
    expect([status, payload]).toMatchObject([400, { errors: [{ code: 'option_invalid' }] }]);
    expect(rust.requests).toEqual([]);
  });

  it('queries are encoded as clerk-js does', async () => {
    const clerk = await loaded('sess_1');
    rust.api('GET /me/organization_memberships', () => ({ data: [], total_count: 0 }));
    await clerk.user!.getOrganizationMemberships({ initialPage: 2, pageSize: 5 });
    expect(Object.fromEntries(rust.requests[0]?.query ?? [])).toMatchObject({ limit: '5', offset: '5' });
    // Rust adds what every request has.
    expect(rust.requests[0]?.query?.filter(([name]) => name.startsWith('_'))).toEqual([]);
    expect(encodeQuery({ role: 'admin,member', q: 'x' })).toEqual([
      ['role', 'admin'],
      ['role', 'member'],
      ['q', 'x'],
    ]);
  });

  it('a path that ends with a slash is sent to Rust without it', async () => {
    const clerk = await loaded('sess_1');
    rust.api('POST /me/email_addresses', () => ({
      object: 'email_address',
      id: 'idn_2',
      email_address: 'b@c.test',
    }));
    const added = await clerk.user!.createEmailAddress({ email: 'b@c.test' });
    expect(added.emailAddress).toBe('b@c.test');
    expect(rust.requests[0]?.path).toBe('/me/email_addresses');
  });

  it('a request is made for the session of the window', async () => {
    const clerk = await loaded('sess_1', 'sess_2');
    rust.api('PATCH /me', () => rawSession('sess_1').user);
    await clerk.user!.update({ firstName: 'Grace' });
    expect(rust.requests[0]).toMatchObject({
      method: 'PATCH',
      sessionId: 'sess_1',
      form: [['first_name', 'Grace']],
    });
  });

  it('an unreachable network is a ClerkRuntimeError network_error', async () => {
    const clerk = await loaded();
    rust.api('POST /client/sign_ins', () => {
      throw { kind: 'runtime', code: 'network_error', message: 'no response', errors: [] };
    });
    vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false);
    const error: unknown = await clerk
      .client!.signIn.create({ identifier: 'x' })
      .catch((thrown: unknown) => thrown);
    expect(isClerkRuntimeError(error) && error.code).toBe('network_error');
  });

  it('a request that Rust refuses keeps its code', async () => {
    const clerk = await loaded('sess_1');
    rust.api('DELETE /me', () => {
      throw {
        kind: 'runtime',
        code: 'request_not_allowed',
        message: 'needs clerk:delete-account',
        errors: [],
      };
    });
    await expect(clerk.user!.delete()).rejects.toMatchObject({
      errors: [{ code: 'request_not_allowed', longMessage: 'needs clerk:delete-account' }],
    });
  });

  it('the time to wait before a retry arrives', async () => {
    const clerk = await loaded();
    rust.api('POST /client/sign_ins', () => {
      throw new Refusal(429, [{ code: 'too_many_requests', message: 'slow down' }], 7);
    });
    await expect(clerk.client!.signIn.create({ identifier: 'x' })).rejects.toMatchObject({
      status: 429,
      retryAfter: 7,
    });
  });

  it('a request that is aborted rejects at once', async () => {
    const clerk = await loaded();
    rust.api('GET /client/sign_ins/sia_1', () => new Promise(() => undefined));
    const { request } = clerk.getFapiClient();
    const controller = new AbortController();
    const pending = request({ path: '/client/sign_ins/sia_1', signal: controller.signal });
    controller.abort();
    await expect(pending).rejects.toMatchObject({ name: 'AbortError' });
    await expect(
      request({ path: '/client/sign_ins/sia_1', signal: controller.signal }),
    ).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(rust.requests).toHaveLength(1);
  });

  it('API keys, which have a path of their own, are refused with a reason', async () => {
    const clerk = await loaded('sess_1');
    rust.on('get_token', () => rawToken('sess_1'));
    await expect(clerk.apiKeys.getAll({ subject: 'user_1' })).rejects.toMatchObject({
      errors: [{ code: 'request_not_allowed' }],
    });
    expect(rust.requests).toEqual([]);
  });

  it('no global of the page is left patched', async () => {
    const before = [window.fetch, window.BroadcastChannel, history.pushState, window.open];
    await loaded();
    expect([window.fetch, window.BroadcastChannel, history.pushState, window.open]).toEqual(before);
  });
});
