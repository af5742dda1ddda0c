/** clerk-js tells no other window its session tokens. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { createClerkJs } from '../clerk-js/index';
import { mute } from '../clerk-js/mute';
import type { UiModule } from '../clerk-js/packages';
import { Fake } from './fake';
import { rawClient, rawEnvironment, rawSession, rawToken } from './raw';

const ui = { ClerkUI: vi.fn() } as unknown as UiModule['ui'];
const original = globalThis.BroadcastChannel;

/** Records the channels that are really open, and what is posted. */
const opened: string[] = [];
const posted: unknown[] = [];
class Recorded extends EventTarget {
  constructor(readonly name: string) {
    super();
    if (arguments.length === 0) {
      throw new TypeError('a name is required');
    }
    opened.push(name);
  }
  postMessage(message: unknown) {
    posted.push(message);
  }
  close() {
    // Nothing to close.
  }
}

beforeEach(() => {
  opened.length = posted.length = 0;
  globalThis.BroadcastChannel = Recorded as unknown as typeof BroadcastChannel;
});

afterEach(() => {
  globalThis.BroadcastChannel = original;
});

// Runs first: the module is evaluated once.
it('clerk-js opens no channel, however often it is imported at once, and the global is as before', async () => {
  const rust = new Fake();
  rust.raw = { client: rawClient([rawSession('sess_1')]), environment: rawEnvironment() };
  rust.state = { ...rust.state, activeSession: { state: 'session', sessionId: 'sess_1' } };
  rust.on('get_token', () => rawToken('sess_1'));
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const loading = createClerkJs({ ui });
  const imports = Array.from({ length: 3 }, () => createClerkJs({ ui }));
  const [clerk] = await Promise.all([loading, ...imports]);
  expect(globalThis.BroadcastChannel).toBe(Recorded);
  expect(await clerk.session!.getToken()).toBeTruthy();
  expect(await clerk.session!.getToken({ skipCache: true })).toBeTruthy();
  await new Promise((resolve) => setTimeout(resolve));
  expect([opened, posted]).toEqual([[], []]);
  rust.stop();
});

it("channels of the app work while clerk-js's are muted", () => {
  const unmute = mute();
  const own = new BroadcastChannel('app');
  class Derived extends BroadcastChannel {}
  const derived = new Derived('derived');
  const clerks = new BroadcastChannel('clerk:session_token');
  unmute();
  own.postMessage('hello');
  clerks.postMessage('token');
  expect([opened, posted]).toEqual([['app', 'derived'], ['hello']]);
  expect([own instanceof Recorded, derived instanceof Derived]).toEqual([true, true]);
  clerks.postMessage('token');
  expect(posted).toEqual(['hello']);
});

it('a channel whose name is not a string belongs to the app, and a channel without a name is refused', () => {
  const unmute = mute();
  const Channel = BroadcastChannel as unknown as new (...names: unknown[]) => BroadcastChannel;
  expect(new Channel(1).name).toBe(1);
  expect(new Channel({ toString: () => 'clerk:session_token' }) instanceof Recorded).toBe(false);
  expect(() => new Channel()).toThrow('a name is required');
  unmute();
  expect(opened).toEqual([1]);
});

it('the global is restored when the last of several imports has ended, also after an error', async () => {
  const one = mute();
  const other = mute();
  expect(globalThis.BroadcastChannel).not.toBe(Recorded);
  one();
  expect(globalThis.BroadcastChannel).not.toBe(Recorded);
  other();
  expect(globalThis.BroadcastChannel).toBe(Recorded);

  vi.resetModules();
  vi.doMock('@clerk/clerk-js/no-rhc', () => {
    expect(globalThis.BroadcastChannel).not.toBe(Recorded);
    throw new Error('broken');
  });
  const { importClerkJs } = await import('../clerk-js/packages');
  await expect(importClerkJs()).rejects.toMatchObject({ code: 'components_unavailable' });
  expect(globalThis.BroadcastChannel).toBe(Recorded);
});

it('a global that somebody else replaced meanwhile is left alone', () => {
  const unmute = mute();
  class Replaced extends Recorded {}
  globalThis.BroadcastChannel = Replaced as unknown as typeof BroadcastChannel;
  unmute();
  expect(globalThis.BroadcastChannel).toBe(Replaced);
});
