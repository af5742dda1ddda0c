import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Session } from '../bindings';
import { Clerk } from '../index';
import { client, Fake, session, snapshot } from './fake';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = 1_800_000_000_000;

let rust: Fake;

beforeEach(() => {
  // Both clocks are faked: Date and performance.
  vi.useFakeTimers({ now: START });
  rust = new Fake();
});

afterEach(() => {
  rust.stop();
  vi.useRealTimers();
});

function withSession(fields: Partial<Session>, revision = 1) {
  return snapshot({
    revision,
    client: client({ ...session('sess_1'), ...fields }),
    activeSession: { state: 'session', sessionId: 'sess_1' },
  });
}

async function loaded(fields: Partial<Session>): Promise<Clerk> {
  rust.state = withSession(fields);
  const clerk = new Clerk();
  await clerk.load();
  return clerk;
}

/** Time passes for both clocks. */
function pass(ms: number): void {
  vi.advanceTimersByTime(ms);
}

/** The computer sleeps, or the clock is set: only the wall clock moves. */
function jump(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

describe('verification ages', () => {
  it('factorVerificationAge grows with the time since the state was received', async () => {
    const clerk = await loaded({ factorVerificationAge: [3, 5] });
    expect(clerk.session?.factorVerificationAge).toEqual([3, 5]);
    pass(9 * MINUTE);
    expect(clerk.session?.factorVerificationAge).toEqual([12, 14]);
    expect(JSON.parse(JSON.stringify(clerk.session))).toMatchObject({ factorVerificationAge: [12, 14] });
  });

  it('factorVerificationAge of a factor that is not set up stays -1, and null stays null', async () => {
    const clerk = await loaded({ factorVerificationAge: [0, -1] });
    pass(HOUR);
    expect(clerk.session?.factorVerificationAge).toEqual([60, -1]);
    rust.change(withSession({ factorVerificationAge: null }, 2));
    await vi.waitFor(() => {
      expect(clerk.revision).toBe(2);
    });
    pass(HOUR);
    expect(clerk.session?.factorVerificationAge).toBeNull();
  });

  it('factorVerificationAge grows while the computer sleeps', async () => {
    const clerk = await loaded({ factorVerificationAge: [0, 0] });
    jump(2 * HOUR);
    expect(clerk.session?.factorVerificationAge).toEqual([120, 120]);
  });

  it('factorVerificationAge grows although the clock is set back', async () => {
    const clerk = await loaded({ factorVerificationAge: [0, 0] });
    jump(-24 * HOUR);
    expect(clerk.session?.factorVerificationAge).toEqual([0, 0]);
    pass(HOUR);
    expect(clerk.session?.factorVerificationAge).toEqual([60, 60]);
  });

  it('factorVerificationAge starts anew when the same values arrive again', async () => {
    const clerk = await loaded({ factorVerificationAge: [0, 0] });
    const before = clerk.session;
    pass(HOUR);
    rust.change(withSession({ factorVerificationAge: [0, 0] }, 2));
    await vi.waitFor(() => {
      expect(clerk.revision).toBe(2);
    });
    expect(clerk.session).toBe(before);
    expect(clerk.session?.factorVerificationAge).toEqual([0, 0]);
  });

  it('factorVerificationAge can not be changed by who reads it', async () => {
    const clerk = await loaded({ factorVerificationAge: [7, 7] });
    clerk.session!.factorVerificationAge![0] = 0;
    expect(clerk.session?.factorVerificationAge).toEqual([7, 7]);
  });
});

describe('the end of a session', () => {
  const ends: [string, string, Partial<Session>][] = [
    ['expireAt', 'expired', { expireAt: START + HOUR, abandonAt: START + 2 * HOUR }],
    ['abandonAt', 'abandoned', { expireAt: START + 2 * HOUR, abandonAt: START + HOUR }],
    ['the only end', 'abandoned', { expireAt: 0, abandonAt: START + HOUR }],
  ];

  for (const [name, status, fields] of ends) {
    it(`session is null and isSignedIn is false from ${name} on, before Rust says so`, async () => {
      const clerk = await loaded(fields);
      pass(HOUR - 1);
      expect([clerk.isSignedIn, clerk.session?.status]).toEqual([true, 'active']);
      pass(1);
      expect([clerk.isSignedIn, clerk.session, clerk.user, clerk.organization]).toEqual([
        false,
        null,
        null,
        null,
      ]);
      expect(clerk.client?.signedInSessions).toEqual([]);
      expect(clerk.client?.sessions[0]?.status).toBe(status);
    });
  }

  it('session is null after its end while the computer slept', async () => {
    const clerk = await loaded({ expireAt: START + HOUR });
    jump(HOUR);
    expect(clerk.session).toBeNull();
  });

  it('session is null after its lifetime although the clock is set back', async () => {
    const clerk = await loaded({ expireAt: START + HOUR });
    jump(-24 * HOUR);
    pass(HOUR);
    expect(clerk.session).toBeNull();
  });

  it('session without an end goes on until Rust says otherwise', async () => {
    const clerk = await loaded({ expireAt: 0, abandonAt: 0 });
    pass(1000 * HOUR);
    expect(clerk.isSignedIn).toBe(true);
  });

  it('session goes on for an hour that Rust calls active although this clock is past its end', async () => {
    const clerk = await loaded({ expireAt: START - 24 * HOUR });
    pass(HOUR - 1);
    expect(clerk.isSignedIn).toBe(true);
    pass(1);
    expect(clerk.isSignedIn).toBe(false);
  });

  it('session is there again when Rust has heard from Clerk that it goes on', async () => {
    const clerk = await loaded({ expireAt: START + HOUR });
    pass(HOUR);
    expect(clerk.isSignedIn).toBe(false);
    rust.change(withSession({ expireAt: START + HOUR }, 2));
    await vi.waitFor(() => {
      expect(clerk.isSignedIn).toBe(true);
    });
  });

  it('session that ended keeps the status that Rust gave it', async () => {
    const clerk = await loaded({ status: 'revoked', expireAt: START + HOUR });
    pass(2 * HOUR);
    expect(clerk.client?.sessions[0]?.status).toBe('revoked');
  });

  it('pending session ends too', async () => {
    const clerk = await loaded({ status: 'pending', expireAt: START + HOUR });
    expect(clerk.session?.status).toBe('pending');
    pass(HOUR);
    expect(clerk.session).toBeNull();
  });
});
