/** Versions of Clerk's packages that lack what this package relies on. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { createClerkJs } from '../clerk-js/index';
import type { ClerkJsModule, UiModule } from '../clerk-js/packages';
import { Fake } from './fake';
import { rawClient, rawEnvironment } from './raw';

const INSTANCE = Symbol.for('tauri-plugin-clerk.clerk-js');
const ui = { ClerkUI: vi.fn(), version: '1.34.0' } as unknown as UiModule['ui'];

let rust: Fake;

beforeEach(() => {
  rust = new Fake();
  rust.raw = { client: rawClient(), environment: rawEnvironment() };
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
});

afterEach(() => {
  rust.stop();
  Reflect.deleteProperty(document, INSTANCE);
  vi.doUnmock('@clerk/clerk-js/no-rhc');
  vi.restoreAllMocks();
});

/** Loads with a version of clerk-js whose new instances are changed by `breaks`. */
async function loadBroken(breaks: (clerk: Record<string, unknown>) => void): Promise<unknown> {
  const real = await vi.importActual<ClerkJsModule>('@clerk/clerk-js/no-rhc');
  class Broken extends real.Clerk {
    constructor(...args: ConstructorParameters<ClerkJsModule['Clerk']>) {
      super(...args);
      breaks(this as unknown as Record<string, unknown>);
    }
  }
  vi.doMock('@clerk/clerk-js/no-rhc', () => ({ ...real, Clerk: Broken }));
  return await createClerkJs({ ui }).catch((error: unknown) => error);
}

const incompatible = (name: string, ...missing: string[]) => ({
  name: 'ClerkRuntimeError',
  code: 'clerk_js_incompatible',
  message: expect.stringMatching(new RegExp(`^${name} [\\d.]+ .*lacks ${missing.join(', ')}\\.`)) as string,
});

it('createClerkJs() accepts the installed versions', async () => {
  expect(await loadBroken(() => undefined)).toMatchObject({ loaded: true });
});

it.each(['getFapiClient', '__internal_windowNavigate', 'setActive', 'signOut', 'handleUnauthenticated'])(
  'createClerkJs() rejects with clerk_js_incompatible without %s of its own',
  async (method) => {
    const error = await loadBroken((clerk) => {
      Reflect.deleteProperty(clerk, method);
    });
    expect(error).toMatchObject(incompatible('@clerk/clerk-js', method));
  },
);

it('createClerkJs() rejects with clerk_js_incompatible when a method cannot be replaced', async () => {
  const error = await loadBroken((clerk) => {
    Object.defineProperty(clerk, 'getFapiClient', { writable: false });
    Object.defineProperty(clerk, 'setActive', { writable: false });
  });
  expect(error).toMatchObject(incompatible('@clerk/clerk-js', 'getFapiClient', 'setActive'));
});

it('createClerkJs() rejects with clerk_js_incompatible without updateClient or a client that requests', async () => {
  const error = await loadBroken((clerk) => {
    clerk['updateClient'] = undefined;
    clerk['getFapiClient'] = () => ({});
  });
  expect(error).toMatchObject(incompatible('@clerk/clerk-js', 'updateClient', 'getFapiClient\\(\\).request'));
});

it('createClerkJs() rejects with clerk_js_incompatible when a client cannot be filled', async () => {
  const error = await loadBroken((clerk) => {
    const load = clerk['load'] as (options: unknown) => Promise<void>;
    clerk['load'] = async (options: unknown) => {
      await load(options);
      clerk['client'] = {};
    };
  });
  expect(error).toMatchObject(incompatible('@clerk/clerk-js', 'client.fromJSON'));
});

it('createClerkJs() rejects with clerk_js_incompatible without the components', async () => {
  const broken = { version: '2.0.0' } as unknown as UiModule['ui'];
  await expect(createClerkJs({ ui: broken })).rejects.toMatchObject(incompatible('@clerk/ui', 'ui.ClerkUI'));
  expect(rust.count('clerk_js_state')).toBe(0);
});
