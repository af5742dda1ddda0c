/** The methods of the thin class for Clerk's components, on the real clerk-js and a stand-in for the components. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Components } from '../class/components';
import { createClerkJs } from '../clerk-js/index';
import { Clerk, type ClerkOptions } from '../index';
import { Fake, KEY, signedIn, snapshot } from './fake';
import { rawClient, rawEnvironment, rawSession } from './raw';

const INSTANCE = Symbol.for('tauri-plugin-clerk.clerk-js');

/** What the components were told, in order. */
const told = vi.hoisted(() => vi.fn<(...args: unknown[]) => void>());
const constructed = vi.hoisted(() => vi.fn<(options: ClerkOptions) => void>());

vi.mock('@clerk/ui/no-rhc', () => {
  const record =
    (name: string) =>
    (...args: unknown[]) => {
      told(name, ...args);
    };
  const controls = Object.fromEntries(
    ['mountComponent', 'unmountComponent', 'openModal', 'closeModal'].map((name) => [name, record(name)]),
  );
  class ClerkUI {
    constructor(_clerk: unknown, _environment: unknown, options: ClerkOptions) {
      constructed(options);
    }
    ensureMounted() {
      return Promise.resolve(controls);
    }
  }
  return { ui: { ClerkUI, version: '0.0.0' } };
});

let rust: Fake;
let reported: unknown[];

beforeEach(() => {
  rust = new Fake();
  rust.raw = { client: rawClient([rawSession('sess_1')]), environment: rawEnvironment() };
  rust.state = snapshot({ activeSession: { state: 'session', sessionId: 'sess_1' } });
  told.mockClear();
  constructed.mockClear();
  reported = [];
  vi.stubGlobal('reportError', (error: unknown) => reported.push(error));
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
});

afterEach(() => {
  rust.stop();
  Reflect.deleteProperty(document, INSTANCE);
  vi.unstubAllGlobals();
  vi.doUnmock('@clerk/clerk-js/no-rhc');
  vi.restoreAllMocks();
});

const node = () => document.createElement('div');

async function loaded(options?: ClerkOptions): Promise<Clerk> {
  const clerk = new Clerk();
  await clerk.load(options);
  return clerk;
}

/** The methods of the controls that were called. */
const names = () => told.mock.calls.map(([name]) => name);

const methods = Object.getOwnPropertyNames(Components.prototype).filter((name) =>
  /^(mount|open|unmount|close)/.test(name),
);
const DOCUMENTED = [
  ...['SignIn', 'SignUp', 'UserProfile', 'OrganizationProfile', 'CreateOrganization', 'Waitlist'].flatMap(
    (name) => [`mount${name}`, `unmount${name}`, `open${name}`, `close${name}`],
  ),
  ...['UserButton', 'OrganizationSwitcher', 'OrganizationList'].flatMap((name) => [
    `mount${name}`,
    `unmount${name}`,
  ]),
  'openGoogleOneTap',
  'closeGoogleOneTap',
];

describe('Components', () => {
  it('Components has the documented methods, and others that clerk-js has', async () => {
    expect(DOCUMENTED).toHaveLength(32);
    expect(methods).toEqual(expect.arrayContaining(DOCUMENTED));
    const clerkJs: object = await createClerkJs();
    expect(methods.filter((name) => typeof Reflect.get(clerkJs, name) !== 'function')).toEqual([]);
  });

  it.each(methods.filter((name) => !name.endsWith('OneTap')))('%s is done by clerk-js', async (name) => {
    const clerk = await loaded();
    const clerkJs = await createClerkJs();
    const method = vi.fn();
    Reflect.set(clerkJs, name, method);
    // Brings the packages.
    clerk[name === 'mountUserAvatar' ? 'mountUserButton' : 'mountUserAvatar'](node());
    await vi.waitFor(() => {
      expect(names()).toEqual(['mountComponent']);
    });
    const target = /^(un)?mount/.test(name) ? [node()] : [];
    const props = /^(mount|open)/.test(name) ? [{ appearance: {} }] : [];
    Reflect.apply(Reflect.get(clerk, name) as () => void, clerk, [...target, ...props]);
    expect(method.mock.calls).toEqual([[...target, ...props]]);
  });

  it('openGoogleOneTap() warns and does nothing', async () => {
    const clerk = await loaded();
    clerk.openGoogleOneTap({});
    clerk.closeGoogleOneTap();
    expect(vi.mocked(console.warn).mock.calls.flat().join()).toContain('openGoogleOneTap()');
    expect(Reflect.has(document, INSTANCE)).toBe(false);
  });

  it('the options of load() are those of the components', async () => {
    const routerPush = vi.fn();
    const given = {
      appearance: { variables: { colorPrimary: 'red' } },
      localization: { locale: 'de-DE' },
      signInUrl: '/in',
      nonce: 'abc',
    };
    const clerk = await loaded({ ...given, routerPush, polling: false, telemetry: { disabled: false } });
    clerk.mountUserButton(node());
    await vi.waitFor(() => {
      expect(constructed).toHaveBeenCalledOnce();
    });
    const options = constructed.mock.calls[0]![0];
    expect(options).toMatchObject({ ...given, telemetry: false, standardBrowser: false });
    await options.routerPush?.('/x');
    expect(routerPush.mock.calls[0]?.[0]).toBe('/x');
    expect(rust.calls.find(({ command }) => command === 'load')?.args['options']).not.toHaveProperty('nonce');
  });

  it.each(['routerPush', 'routerReplace'] as const)(
    '%s of a component is called when the class knows who is signed in',
    async (router) => {
      rust.state = snapshot();
      const seen: unknown[] = [];
      const clerk = await loaded({ [router]: (to: string) => seen.push([to, clerk.user?.id]) });
      clerk.mountUserButton(node());
      await vi.waitFor(() => {
        expect(constructed).toHaveBeenCalledOnce();
      });
      rust.change(signedIn(2), { isLost: true });
      await constructed.mock.calls[0]![0][router]?.('/x');
      expect(seen).toEqual([['/x', 'user_of_sess_1']]);
    },
  );
});

describe('while clerk-js changes the session', () => {
  /** The class with one component, and the methods of clerk-js that are called from then on. */
  async function mounted() {
    const clerk = await loaded();
    const clerkJs = await createClerkJs();
    clerk.mountUserAvatar(node());
    await vi.waitFor(() => {
      expect(names()).toEqual(['mountComponent']);
    });
    const called: string[] = [];
    const act = vi.fn();
    for (const name of methods) {
      Reflect.set(clerkJs, name, () => {
        called.push(name);
        act(name);
      });
    }
    const { session } = clerkJs;
    const change = () => {
      clerkJs.session = undefined;
    };
    const finish = async () => {
      clerkJs.session = session;
      clerkJs.updateClient(clerkJs.client!);
      await Promise.resolve();
    };
    return { clerk, called, act, change, finish };
  }

  it('components are mounted, unmounted and opened in order when that is over', async () => {
    const { clerk, called, change, finish } = await mounted();
    const place = node();
    change();
    clerk.mountUserProfile(place);
    clerk.unmountUserProfile(place);
    clerk.openUserProfile();
    expect(called).toEqual([]);
    const finished = finish();
    // The calls before it come first.
    clerk.closeUserProfile();
    await finished;
    const inOrder = ['mountUserProfile', 'unmountUserProfile', 'openUserProfile', 'closeUserProfile'];
    expect(called).toEqual(inOrder);
    clerk.mountUserButton(node());
    expect(called).toEqual([...inOrder, 'mountUserButton']);
  });

  it('components wait for another change that a call leads to', async () => {
    const { clerk, called, act, change, finish } = await mounted();
    change();
    act.mockImplementationOnce(change);
    clerk.mountUserButton(node());
    clerk.mountUserProfile(node());
    await finish();
    expect(called).toEqual(['mountUserButton']);
    await finish();
    expect(called).toEqual(['mountUserButton', 'mountUserProfile']);
  });

  it('an error of one component is reported, and the next one is mounted', async () => {
    const { clerk, called, act, change, finish } = await mounted();
    change();
    const failure = new Error('mine');
    act.mockImplementationOnce(() => {
      throw failure;
    });
    clerk.openUserProfile();
    clerk.mountUserButton(node());
    await finish();
    expect([called, reported]).toEqual([['openUserProfile', 'mountUserButton'], [failure]]);
  });
});

describe('before the packages are there', () => {
  it('components are mounted and opened in order', async () => {
    const clerk = new Clerk();
    const [one, other] = [node(), node()];
    clerk.mountUserButton(one);
    clerk.openUserProfile();
    clerk.mountOrganizationList(other);
    await clerk.load();
    await vi.waitFor(() => {
      expect(told).toHaveBeenCalledTimes(3);
    });
    expect(
      told.mock.calls.map(([name, first]) => [name, (first as { name?: string }).name ?? first]),
    ).toEqual([
      ['mountComponent', 'UserButton'],
      ['openModal', 'userProfile'],
      ['mountComponent', 'OrganizationList'],
    ]);
  });

  it('a component that is unmounted or closed meanwhile is never shown', async () => {
    const clerk = new Clerk();
    const [one, other] = [node(), node()];
    clerk.mountUserButton(one);
    clerk.mountUserButton(other);
    clerk.openUserProfile();
    clerk.unmountUserButton(one);
    clerk.closeUserProfile();
    await clerk.load();
    await vi.waitFor(() => {
      expect(told).toHaveBeenCalled();
    });
    await createClerkJs();
    expect(told.mock.calls.map(([name, first]) => [name, (first as { node?: unknown }).node])).toEqual([
      ['mountComponent', other],
    ]);
  });

  it('unmounting does not bring the packages', async () => {
    const clerk = await loaded();
    clerk.unmountSignIn(node());
    clerk.closeSignIn();
    await Promise.resolve();
    expect(Reflect.has(document, INSTANCE)).toBe(false);
  });

  it('components wait for load()', async () => {
    const clerk = new Clerk();
    clerk.mountUserButton(node());
    await createClerkJs();
    await new Promise((resolve) => setTimeout(resolve));
    expect(told).not.toHaveBeenCalled();
    await clerk.load();
    await vi.waitFor(() => {
      expect(names()).toEqual(['mountComponent']);
    });
  });
});

describe('without the packages', () => {
  it('components report components_unavailable with the packages to install', async () => {
    vi.doMock('@clerk/clerk-js/no-rhc', () => {
      throw new Error('Could not resolve "@clerk/clerk-js/no-rhc"');
    });
    const clerk = await loaded();
    clerk.mountSignIn(node());
    clerk.openSignUp();
    await vi.waitFor(() => {
      expect(reported).toHaveLength(1);
    });
    expect(reported[0]).toMatchObject({ name: 'ClerkRuntimeError', code: 'components_unavailable' });
    expect((reported[0] as Error).message).toContain('npm install @clerk/clerk-js @clerk/ui');
    expect(told).not.toHaveBeenCalled();
  });

  it('components are shown after a failure that has passed', async () => {
    rust.on('clerk_js_state', () => {
      throw { kind: 'runtime', code: 'network_error', message: 'no response', errors: [] };
    });
    const clerk = await loaded();
    clerk.mountUserButton(node());
    await vi.waitFor(() => {
      expect(reported).toMatchObject([{ code: 'network_error' }]);
    });
    rust.on('clerk_js_state', () => rust.clerkJsState);
    clerk.mountUserAvatar(node());
    await vi.waitFor(() => {
      expect(told.mock.calls.map(([, first]) => (first as { name: string }).name)).toEqual(['UserAvatar']);
    });
  });

  it('an error of one component does not keep the others from being shown', async () => {
    const clerk = await loaded();
    // Signed in to a single-session instance, there is no sign-in to open.
    clerk.openSignIn();
    clerk.mountUserAvatar(node());
    await vi.waitFor(() => {
      expect(names()).toEqual(['mountComponent']);
    });
    expect(reported).toMatchObject([{ code: 'cannot_render_single_session_enabled' }]);
  });
});

describe('when a user is signed in', () => {
  const opens = [
    [
      'openSignIn()',
      (clerk: Clerk) => {
        clerk.openSignIn();
      },
    ],
    [
      'openSignUp()',
      (clerk: Clerk) => {
        clerk.openSignUp();
      },
    ],
  ] as const;

  /** A class whose packages are there. */
  async function ready(publishableKey: string): Promise<Clerk> {
    rust.state = { ...rust.state, publishableKey, instanceType: 'production' };
    const clerk = await loaded();
    clerk.mountUserAvatar(node());
    await vi.waitFor(() => {
      expect(names()).toEqual(['mountComponent']);
    });
    return clerk;
  }

  it.each(opens)('%s does what it does in clerk-js, in development and production', async (_, open) => {
    for (const key of [KEY, KEY.replace('pk_test', 'pk_live')]) {
      const clerk = await ready(key);
      const clerkJs = (await createClerkJs()) as unknown as Clerk;
      const [theirs, ours] = [clerkJs, clerk].map((one) => {
        told.mockClear();
        try {
          open(one);
          return ['returned'];
        } catch (error) {
          return ['threw', (error as { code?: string }).code];
        }
      });
      expect([key, ours]).toEqual([key, theirs]);
      expect(told).not.toHaveBeenCalled();
      Reflect.deleteProperty(document, INSTANCE);
      told.mockClear();
    }
  });
});
