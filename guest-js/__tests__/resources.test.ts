import { describe, expect, it } from 'vitest';

import type { OrganizationMembership } from '../bindings';
import { Client } from '../resources/client';
import type { Context } from '../class/context';
import { client, session } from './fake';

const host = { sync: () => Promise.resolve(), entitlements: () => undefined } as Partial<Context> as Context;

function clientOf(data = client(session('sess_1'))): Client {
  return new Client(data, host);
}

describe('resources', () => {
  it('JSON.stringify() of a resource shows every property, also of resources inside it', () => {
    const data = client(session('sess_1'));
    data.signIn = { id: 'sia_1', status: 'complete', createdSessionId: 'sess_1' } as never;
    const json = JSON.parse(JSON.stringify(clientOf(data))) as Record<string, unknown>;
    expect(json).toMatchObject({
      id: 'client_1',
      createdAt: new Date(0).toISOString(),
      sessions: [{ id: 'sess_1', status: 'active', user: { firstName: 'Ada', fullName: 'Ada Lovelace' } }],
      signIn: { id: 'sia_1', status: 'complete', createdSessionId: 'sess_1' },
      signUp: { status: null, missingFields: [] },
    });
  });

  it('User.organizationMemberships has the same objects each time', () => {
    const data = session('sess_1');
    data.user!.organizationMemberships = [
      { id: 'orgmem_1', organization: { id: 'org_1', name: 'Acme' } } as OrganizationMembership,
    ];
    const user = clientOf(client(data)).sessions[0]!.user!;
    expect(user.organizationMemberships[0]).toBe(user.organizationMemberships[0]);
    expect(user.organizationMemberships[0]!.organization).toBe(user.organizationMemberships[0]!.organization);
    expect(user.organizationMemberships[0]!.organization.name).toBe('Acme');
  });

  it('Client.update() keeps an attempt with the same id and replaces another one', () => {
    const attempt = (id: string, status: string) => ({ ...client(), signIn: { id, status } as never });
    const resource = clientOf(attempt('sia_1', 'needs_first_factor'));
    const first = resource.signIn;
    resource.update(attempt('sia_1', 'complete'));
    expect([resource.signIn === first, first.status]).toEqual([true, 'complete']);
    resource.update(attempt('sia_2', 'needs_identifier'));
    expect([resource.signIn === first, first.status]).toEqual([false, 'complete']);
  });
});
