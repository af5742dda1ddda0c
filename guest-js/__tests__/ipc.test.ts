/** Listeners for Rust's events in windows that may not listen. */
import { mockIPC, clearMocks } from '@tauri-apps/api/mocks';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { createClerkJs } from '../clerk-js/index';
import type { UiModule } from '../clerk-js/packages';
import { Clerk, isClerkRuntimeError, onAuthEvent, onNotice } from '../index';
import { snapshot } from './fake';

const ui = { ClerkUI: vi.fn() } as unknown as UiModule['ui'];

beforeEach(() => {
  mockIPC((command) => {
    if (command === 'plugin:event|listen') {
      throw 'event.listen not allowed. Permissions associated with this command: core:event:allow-listen';
    }
    return command === 'plugin:clerk|snapshot' ? snapshot() : [];
  });
});

afterEach(() => {
  clearMocks();
});

it.each([
  ['onNotice()', () => onNotice(() => undefined)],
  ['onAuthEvent()', () => onAuthEvent('signedIn', () => undefined)],
  ['Clerk.load()', () => new Clerk().load()],
  ['createClerkJs()', () => createClerkJs({ ui })],
])('%s rejects with invoke_failed and the permission', async (_, listen) => {
  const error: unknown = await listen().catch((thrown: unknown) => thrown);
  expect(isClerkRuntimeError(error) && error.code).toBe('invoke_failed');
  expect((error as Error).message).toContain('core:default');
});

it('Clerk.load() can be called again after a listener was refused', async () => {
  let refusals = 0;
  // The listener is refused, once.
  mockIPC((command) => {
    if (command === 'plugin:event|listen' && (refusals += 1) === 1) {
      throw 'the webview is busy';
    }
    return /snapshot|load/.test(command) ? snapshot() : null;
  });
  const clerk = new Clerk();
  await expect(clerk.load()).rejects.toMatchObject({ code: 'invoke_failed' });
  await clerk.load();
  expect(clerk.loaded).toBe(true);
});

it.each([
  ['onNotice()', () => onNotice(() => undefined)],
  ['onAuthEvent()', () => onAuthEvent('signedIn', () => undefined)],
])('%s that may not read does not stay a listener', async (_, listen) => {
  const listeners = new Set<unknown>();
  mockIPC(
    (command, args) => {
      if (command === 'plugin:event|listen') {
        listeners.add(1);
        return 1;
      }
      if (command === 'plugin:event|unlisten') {
        listeners.delete((args as { eventId: number }).eventId);
        return null;
      }
      throw 'clerk.notices not allowed';
    },
    { shouldMockEvents: false },
  );
  Reflect.set(window, '__TAURI_EVENT_PLUGIN_INTERNALS__', { unregisterListener: () => undefined });
  await expect(listen()).rejects.toMatchObject({ code: 'invoke_failed' });
  await vi.waitFor(() => {
    expect(listeners.size).toBe(0);
  });
});
