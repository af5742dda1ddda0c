/** Who is active in a window with clerk-js: whom Rust says, whatever fails. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { type ClerkJs, createClerkJs } from '../clerk-js/index';
import type { UiModule } from '../clerk-js/packages';
import { activated, Fake, Refusal } from './fake';
import { rawClient, rawEnvironment, rawSession, rawToken, rawUser } from './raw';

const INSTANCE = Symbol.for('tauri-plugin-clerk.clerk-js');
const ui = { ClerkUI: vi.fn() } as unknown as UiModule['ui'];
const active = (sessionId: string) => ({ state: 'session', sessionId }) as const;
const refused = { kind: 'runtime', code: 'request_not_allowed', message: 'no', errors: [] };
const unreachable = { kind: 'runtime', code: 'network_error', message: 'no response', errors: [] };

let rust: Fake;

beforeEach(() => {
  rust = new Fake();
  rust.raw = { client: rawClient(), environment: rawEnvironment() };
  rust.on('get_token', ({ params }) => rawToken((params as { sessionId: string }).sessionId));
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
});

afterEach(() => {
  rust.stop();
  Reflect.deleteProperty(document, INSTANCE);
  vi.restoreAllMocks();
});

const membership = (organization: string) => ({
  object: 'organization_membership',
  id: `mem_${organization}`,
  role: 'org:admin',
  permissions: [],
  public_metadata: {},
  created_at: 1,
  updated_at: 1,
  organization: { object: 'organization', id: organization, name: organization, slug: organization },
});

/** Sessions of a user with two organizations, the first of which is active. */
function signIn(...ids: string[]): void {
  const user = rawUser({ organization_memberships: [membership('org_1'), membership('org_2')] });
  rust.raw.client = rawClient(
    ids.map((id) => rawSession(id, { user, last_active_organization_id: 'org_1' })),
  );
  rust.state = { ...rust.state, activeSession: active(ids[0]!) };
}

async function loaded(...sessions: string[]): Promise<ClerkJs> {
  signIn(...sessions);
  return await createClerkJs({ ui });
}

/** What the window shows. */
const shown = ({ session, user, organization }: ClerkJs) => [
  session && session.id,
  user && user.firstName,
  organization && organization.id,
];
const ADA = ['sess_1', 'Ada', 'org_1'];
const NOBODY = [null, null, null];

describe('signOut', () => {
  it('signOut() that Rust refuses leaves the window with what Rust has, then and later', async () => {
    const clerk = await loaded('sess_1');
    rust.api('DELETE /client/sessions', () => {
      throw refused;
    });
    await expect(clerk.signOut()).rejects.toMatchObject({ errors: [{ code: 'request_not_allowed' }] });
    expect(shown(clerk)).toEqual(ADA);
    rust.advance(rawClient(), { state: 'none' });
    await vi.waitFor(() => {
      expect(shown(clerk)).toEqual(NOBODY);
    });
  });

  it('signOut() that fails while Rust is signed out leaves nobody signed in', async () => {
    const clerk = await loaded('sess_1');
    rust.api('DELETE /client/sessions', () => {
      rust.advance(rawClient(), { state: 'none' });
      throw refused;
    });
    await expect(clerk.signOut()).rejects.toMatchObject({ status: 400 });
    expect(shown(clerk)).toEqual(NOBODY);
  });

  it('signOut() of one of several sessions that Rust refuses leaves it', async () => {
    const clerk = await loaded('sess_1', 'sess_2');
    rust.api('POST /client/sessions/sess_1/remove', () => {
      throw refused;
    });
    await expect(clerk.signOut({ sessionId: 'sess_1' })).rejects.toMatchObject({ status: 400 });
    expect(shown(clerk)).toEqual(ADA);
  });

  it('signOut() without a network at Rust leaves the window with what Rust has', async () => {
    const clerk = await loaded('sess_1');
    rust.api('DELETE /client/sessions', () => {
      throw unreachable;
    });
    await clerk.signOut(() => Promise.resolve());
    expect(shown(clerk)).toEqual(ADA);
  });

  it('signOut() whose navigation fails rejects, and the window follows Rust', async () => {
    const clerk = await loaded('sess_1');
    rust.api('DELETE /client/sessions', () => {
      rust.advance(rawClient(), { state: 'none' });
      return rawClient();
    });
    const failing = clerk.signOut(() => Promise.reject(new Error('no such page')));
    await expect(failing).rejects.toThrow('no such page');
    expect(shown(clerk)).toEqual(NOBODY);
    signIn('sess_3');
    rust.advance(rust.raw.client, active('sess_3'));
    await vi.waitFor(() => {
      expect(shown(clerk)).toEqual(['sess_3', 'Ada', 'org_1']);
    });
  });
});

describe('setActive', () => {
  /** Lets Rust make a session and its organization the active ones. */
  function allowTouch(id: string): void {
    rust.api(`POST /client/sessions/${id}/touch`, ({ form }) => {
      const organization = new Map(form).get('active_organization_id') || null;
      const client = structuredClone(rust.raw.client) as ReturnType<typeof rawClient>;
      const session = (client['sessions'] as ReturnType<typeof rawSession>[]).find(
        (one) => one['id'] === id,
      )!;
      session['last_active_organization_id'] = organization;
      rust.advance(client, active(id));
      return session;
    });
  }

  it('setActive() whose navigation fails rejects, and the window has whom Rust has made active', async () => {
    const clerk = await loaded('sess_1', 'sess_2');
    allowTouch('sess_2');
    const navigate = () => Promise.reject(new Error('no such page'));
    await expect(clerk.setActive({ session: 'sess_2', navigate })).rejects.toThrow('no such page');
    expect(shown(clerk)).toEqual(['sess_2', 'Ada', 'org_1']);
    rust.advance(rawClient(), { state: 'none' });
    await vi.waitFor(() => {
      expect(shown(clerk)).toEqual(NOBODY);
    });
  });

  it.each(['sess_unknown', ''])('setActive({ session: %j }) rejects and changes nothing', async (session) => {
    const clerk = await loaded('sess_1');
    const seen = vi.fn();
    clerk.addListener(seen, { skipInitialEmit: true });
    const navigate = vi.fn();
    await expect(clerk.setActive({ session, navigate })).rejects.toMatchObject({
      name: 'ClerkRuntimeError',
      code: 'no_active_session',
    });
    expect(shown(clerk)).toEqual(ADA);
    expect([seen.mock.calls.length, navigate.mock.calls.length, rust.requests.length]).toEqual([0, 0, 0]);
  });

  it('setActive() of a session that this window has not heard of yet asks Rust', async () => {
    const clerk = await loaded('sess_1');
    // Without an event: it is under way.
    signIn('sess_1', 'sess_2');
    rust.state = { ...rust.state, revision: rust.state.revision + 1 };
    allowTouch('sess_2');
    await clerk.setActive({ session: 'sess_2' });
    expect(shown(clerk)).toEqual(['sess_2', 'Ada', 'org_1']);
  });

  it.each([
    [401, 'authentication_invalid'],
    [403, 'user_banned'],
    [404, 'resource_not_found'],
    [422, 'form_param_value_invalid'],
    [500, 'internal_clerk_error'],
  ])('setActive() that the server refuses with %i rejects, and does not switch', async (status, code) => {
    const clerk = await loaded('sess_1', 'sess_2');
    const seen: unknown[] = [];
    clerk.addListener(({ session }) => seen.push(session && session.id), { skipInitialEmit: true });
    rust.on('handle_unauthenticated', () => null);
    rust.api('POST /client/sessions/sess_2/touch', () => {
      throw new Refusal(status, [{ code, message: 'no' }]);
    });
    for (const navigate of [undefined, vi.fn()]) {
      const params = { session: 'sess_2', ...(navigate && { navigate }) };
      await expect(clerk.setActive(params)).rejects.toMatchObject({ status, errors: [{ code }] });
      expect(shown(clerk)).toEqual(ADA);
      expect(navigate ?? vi.fn()).not.toHaveBeenCalled();
    }
    expect(seen.filter((id) => id !== 'sess_1')).toEqual([]);
  });

  it('setActive() of a session that has ended at the server lets Rust decide who is active', async () => {
    const clerk = await loaded('sess_1', 'sess_2');
    rust.api('POST /client/sessions/sess_2/touch', () => {
      signIn('sess_1');
      rust.advance(rust.raw.client, active('sess_1'));
      return { object: 'session', id: 'sess_2' };
    });
    await expect(clerk.setActive({ session: 'sess_2' })).rejects.toMatchObject({
      errors: [{ code: 'selection_refused' }],
    });
    expect(shown(clerk)).toEqual(ADA);
  });

  it('setActive({ session: null }) that Rust has not applied rejects', async () => {
    const clerk = await loaded('sess_1');
    rust.on('set_active', () => activated({ applied: false }));
    await expect(clerk.setActive({ session: null })).rejects.toMatchObject({ code: 'selection_refused' });
    expect(shown(clerk)).toEqual(ADA);
  });

  it('setActive({ organization }) without a network rejects with network_error, and does not switch', async () => {
    const clerk = await loaded('sess_1');
    rust.api('POST /client/sessions/sess_1/touch', () => {
      throw unreachable;
    });
    for (const organization of ['org_2', null]) {
      await expect(clerk.setActive({ organization })).rejects.toMatchObject({ code: 'network_error' });
      expect(shown(clerk)).toEqual(ADA);
      expect(clerk.session?.lastActiveOrganizationId).toBe('org_1');
    }
  });

  it('setActive({ organization }) that Rust has not applied rejects, and does not switch', async () => {
    const clerk = await loaded('sess_1');
    // The instance requires an organization, which the window has not heard of yet.
    rust.api('POST /client/sessions/sess_1/touch', () =>
      rawSession('sess_1', { last_active_organization_id: 'org_1' }),
    );
    const navigate = vi.fn();
    await expect(clerk.setActive({ organization: null, navigate })).rejects.toMatchObject({
      errors: [{ code: 'selection_refused' }],
    });
    expect(shown(clerk)).toEqual(ADA);
    expect(navigate).not.toHaveBeenCalled();
  });

  it('setActive({ organization }) that Rust applies shows it', async () => {
    const clerk = await loaded('sess_1');
    allowTouch('sess_1');
    await clerk.setActive({ organization: 'org_2' });
    expect(shown(clerk)).toEqual(['sess_1', 'Ada', 'org_2']);
    await clerk.setActive({ organization: null });
    expect(shown(clerk)).toEqual(['sess_1', 'Ada', null]);
  });
});

describe('a touch', () => {
  it.each([
    ['an intent in the query', { search: { intent: 'select_session' } }],
    ['an intent in query and body', { search: { intent: 'focus' }, body: { intent: 'select_session' } }],
    ['two intents', { body: 'intent=select_session&intent=focus' }],
    ['a list of intents', { body: { intent: ['select_session', 'focus'] } }],
    [
      'an organization in the query',
      { search: { active_organization_id: 'org_1' }, body: { intent: 'select_org' } },
    ],
    [
      'two organizations',
      { body: { intent: 'select_org', activeOrganizationId: 'org_1', active_organization_id: 'org_2' } },
    ],
  ])('a touch with %s is refused, because it is not clear what it chooses', async (_, init) => {
    const clerk = await loaded('sess_1');
    const touch = { method: 'POST', path: '/client/sessions/sess_1/touch', ...init } as const;
    const { status, payload } = await clerk.getFapiClient().request(touch as never);
    expect([status, payload]).toMatchObject([400, { errors: [{ code: 'option_invalid' }] }]);
    expect(rust.requests).toEqual([]);
  });

  it.each([
    ['acme', 'org_1', 200],
    ['acme', null, 409],
    ['org_2', 'org_1', 409],
  ])(
    'a touch that chooses the organization %s, after which it is %s, has the status %i',
    async (wanted, chosen, status) => {
      const clerk = await loaded('sess_1');
      rust.api('POST /client/sessions/sess_1/touch', () =>
        rawSession('sess_1', { last_active_organization_id: chosen }),
      );
      const body = { intent: 'select_org', active_organization_id: wanted };
      const touch = { method: 'POST', path: '/client/sessions/sess_1/touch', body } as const;
      expect((await clerk.getFapiClient().request(touch as never)).status).toBe(status);
    },
  );

  it('a touch without an intent, or that reports activity, is sent as it is', async () => {
    const clerk = await loaded('sess_1');
    rust.api('POST /client/sessions/sess_1/touch', () => rawSession('sess_1'));
    for (const body of [undefined, { intent: 'focus' }]) {
      const touch = { method: 'POST', path: '/client/sessions/sess_1/touch', body } as const;
      expect((await clerk.getFapiClient().request(touch as never)).status).toBe(200);
    }
    expect(rust.requests.map(({ form }) => form)).toEqual([[], [['intent', 'focus']]]);
  });
});
