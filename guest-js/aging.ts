/**
 * What time alone changes in this window's copy of the state: sessions end, verifications age. Rust does the same and announces
 * it, but a window may read its copy before the announcement arrives, e.g. right after the computer wakes up.
 */
import type * as wire from './bindings';

const MINUTE = 60_000;
/**
 * How long a session goes on that Rust calls active although it is past its end by this clock. Then the clock is wrong, and Rust
 * has it from Clerk that the session goes on; it trusts that for as long.
 */
const CONTRADICTED_LIFETIME = 60 * MINUTE;

/** A moment, by both clocks. */
export interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

/** Returns the present moment. */
export function now(): Moment {
  return { wall: Date.now(), monotonic: performance.now() };
}

/**
 * Returns the milliseconds since a moment: the larger of what the two clocks say. `performance.now()` stands still while the
 * computer sleeps, depending on webview and system, and `Date.now()` may be set back. Neither may make old data look fresh.
 */
export function elapsed({ wall, monotonic }: Moment): number {
  return Math.max(Date.now() - wall, performance.now() - monotonic);
}

/** Returns how many minutes ago the factors of a session were verified, whose data was received at a moment. */
export function verificationAge(session: wire.Session, received: Moment): number[] | null {
  const minutes = Math.floor(elapsed(received) / MINUTE);
  // A negative age is that of a factor that is not set up.
  return session.factorVerificationAge?.map((age) => (age < 0 ? age : age + minutes)) ?? null;
}

/** Returns the status of a session whose data was received at a moment. */
export function sessionStatus({ status, expireAt, abandonAt }: wire.Session, received: Moment): string {
  if (status !== 'active' && status !== 'pending') {
    return status;
  }
  const lifetime = (end: number) => {
    if (end <= 0) {
      return Infinity;
    }
    return end > received.wall ? end - received.wall : CONTRADICTED_LIFETIME;
  };
  const [expires, abandoned] = [lifetime(expireAt), lifetime(abandonAt)];
  if (elapsed(received) < Math.min(expires, abandoned)) {
    return status;
  }
  return abandoned < expires ? 'abandoned' : 'expired';
}
