/** `Session.checkAuthorization()`, against the vectors that Rust is tested with too, and with the time. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { type CheckAuthorizationParams, Clerk } from '../index';
import vectors from '../../tests/vectors/authorization.json';
import { client, Fake, session, snapshot } from './fake';

interface Vector {
  params: CheckAuthorizationParams;
  factorVerificationAge: number[] | null;
  expected: boolean;
}
const VECTORS = vectors as Vector[];

const membership = (id: string, role: string, permission: string) => ({
  id: `orgmem_of_${id}`,
  role,
  permissions: [permission],
  organization: { id },
});
const ENTITLEMENTS = {
  features: 'o:reports,u:notes,ou:export,broken',
  plans: 'u:pro,o:team',
  remainingMs: 60_000,
};

let rust: Fake;
let clerk: Clerk;

/** Loads Clerk with a session that has these members. */
async function load(members: object = {}): Promise<void> {
  const active = { ...session('sess_1'), lastActiveOrganizationId: 'org_1', ...members };
  if (active.user) {
    active.user.organizationMemberships = [
      membership('org_1', 'org:admin', 'org:invoices:create'),
      membership('org_2', 'org:member', 'org:other'),
    ] as never;
  }
  rust.state = snapshot({
    client: client(active),
    activeSession: { state: 'session', sessionId: 'sess_1' },
    entitlements: { sess_1: ENTITLEMENTS },
  });
  clerk = new Clerk();
  await clerk.load();
}

const check = (params: CheckAuthorizationParams) => clerk.session!.checkAuthorization(params);

beforeEach(() => {
  rust = new Fake();
});
afterEach(() => {
  rust.stop();
  vi.useRealTimers();
});

describe('Session.checkAuthorization()', () => {
  it.each(VECTORS)('$params with $factorVerificationAge is $expected', async (vector) => {
    await load({ factorVerificationAge: vector.factorVerificationAge });
    expect(check(vector.params)).toBe(vector.expected);
  });

  it('a value that is not a string holds for nobody, and does not throw', async () => {
    await load();
    for (const wanted of [7, true, {}, []]) {
      for (const name of ['role', 'permission', 'feature', 'plan', 'reverification']) {
        expect(check({ [name]: wanted }), `${name}: ${JSON.stringify(wanted)}`).toBe(false);
      }
    }
    const text = { level: 'first_factor', afterMinutes: '10' } as never;
    expect(check({ reverification: text })).toBe(false);
  });

  it('a pending session, and one without a user, has nothing', async () => {
    await load({ status: 'pending' });
    expect(check({ role: 'admin' })).toBe(false);
    await load({ user: null });
    expect(check({ reverification: 'lax' })).toBe(false);
  });

  it('features and plans end with the session token, and a verification ages', async () => {
    vi.useFakeTimers();
    await load({ factorVerificationAge: [9, 9] });
    expect([
      check({ feature: 'reports' }),
      check({ plan: 'pro' }),
      check({ reverification: 'strict' }),
    ]).toEqual([true, true, true]);
    vi.advanceTimersByTime(60_000);
    expect([
      check({ feature: 'reports' }),
      check({ plan: 'pro' }),
      check({ reverification: 'strict' }),
    ]).toEqual([false, false, false]);
    expect(check({ role: 'admin' })).toBe(true);
  });

  it('features and plans end with the session token, although the session was read again meanwhile', async () => {
    vi.useFakeTimers();
    await load();
    rust.on('reload_session', () => ({ ...rust.state.client!.sessions[0]! }));
    rust.on('snapshot', () => rust.state);
    vi.advanceTimersByTime(55_000);
    const user = clerk.user;
    rust.state = { ...rust.state, entitlements: { sess_1: { ...ENTITLEMENTS, remainingMs: 5_000 } } };
    await clerk.session!.reload();
    expect([check({ plan: 'pro' }), clerk.user === user]).toEqual([true, true]);
    vi.advanceTimersByTime(5_000);
    expect(check({ plan: 'pro' })).toBe(false);
  });

  it('a newer state brings other features, also if the session did not change', async () => {
    await load();
    expect(check({ feature: 'invoices' })).toBe(false);
    const features = 'o:invoices';
    rust.change({ ...rust.state, revision: 2, entitlements: { sess_1: { ...ENTITLEMENTS, features } } });
    await vi.waitFor(() => {
      expect(check({ feature: 'invoices' })).toBe(true);
    });
  });
});
