/** `ClerkProvider` and Clerk's own hooks on a fake of Rust. */
import { Component, createElement as h, type ReactNode, StrictMode, useEffect } from 'react';
import { flushSync } from 'react-dom';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { UiModule } from '../clerk-js/packages';
import { ClerkProvider, type ClerkProviderProps, Show, useAuth, useClerk, useUser } from '../react';
import { Fake, snapshot } from './fake';
import { rawClient, rawEnvironment, rawSession, rawToken } from './raw';

const INSTANCE = Symbol.for('tauri-plugin-clerk.clerk-js');

/** What `@clerk/react` passes on to the components, none of which is shown here. */
const updateProps = vi.fn();
const ui = {
  ClerkUI: class {
    ensureMounted = () => Promise.resolve({ updateProps });
  },
} as unknown as UiModule['ui'];

let rust: Fake;
let root: Root;
let mounts = 0;

beforeEach(() => {
  rust = new Fake();
  const token = { object: 'token', jwt: rawToken('sess_1') };
  const session = rawSession('sess_1', { last_active_token: token });
  rust.raw = { client: rawClient([session]), environment: rawEnvironment() };
  rust.state = { ...rust.state, activeSession: { state: 'session', sessionId: 'sess_1' } };
  mounts = 0;
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  root = createRoot(document.body.appendChild(document.createElement('div')));
});

afterEach(() => {
  root.unmount();
  document.body.replaceChildren();
  rust.stop();
  Reflect.deleteProperty(document, INSTANCE);
  updateProps.mockReset();
  vi.restoreAllMocks();
});

/** Shows who is signed in, and counts how often it is mounted. */
function Name(): ReactNode {
  const { user } = useUser();
  useEffect(() => {
    mounts += 1;
  }, []);
  return h(Show, {
    when: 'signed-in',
    fallback: 'nobody',
    children: user?.firstName ?? null,
  });
}

class Boundary extends Component<{ children?: ReactNode }, { error: unknown }> {
  override state = { error: null as unknown };
  static getDerivedStateFromError = (error: unknown) => ({ error });
  override render(): ReactNode {
    const { error } = this.state;
    const retry = () => {
      this.setState({ error: null });
    };
    return error ? h('button', { onClick: retry }, (error as { code?: string }).code) : this.props.children;
  }
}

function provider(props: ClerkProviderProps = {}): ReactNode {
  return h(ClerkProvider, { ui, ...props }, h(Name));
}

async function shows(text: string): Promise<void> {
  await vi.waitFor(() => {
    expect(document.body.textContent).toBe(text);
  });
}

/** The instance of clerk-js, which `@clerk/react` also puts there on the web. */
function instance(): unknown {
  return (globalThis as { Clerk?: unknown }).Clerk;
}

/** A page that navigates when it is told to. */
function navigator(): { page: ReactNode; navigate: (to: string) => unknown } {
  let go: ((to: string) => unknown) | undefined;
  function Navigate(): ReactNode {
    go = useClerk().navigate;
    return null;
  }
  return { page: h(Navigate), navigate: (to) => go?.(to) };
}

it('ClerkProvider without props shows the fallback, and its children when Clerk has loaded', async () => {
  let answer: (state: unknown) => void = () => undefined;
  const answered = new Promise((resolve) => (answer = resolve));
  rust.on('clerk_js_state', () => answered);
  root.render(provider({ fallback: 'loading' }));
  await shows('loading');
  answer(rust.clerkJsState);
  await shows('Ada');
  expect(rust.requests).toEqual([]);
});

it('ClerkProvider shows a user whose session token Rust does not have, as after a start without a network', async () => {
  rust.raw.client = rawClient([rawSession('sess_1')]);
  const token = rawToken('sess_1');
  rust.on('get_token', () => token);
  let auth: ReturnType<typeof useAuth> | undefined;
  function Auth(): ReactNode {
    auth = useAuth();
    return null;
  }
  root.render(h(ClerkProvider, { ui }, h(Auth), h(Name)));
  await shows('Ada');
  expect(auth?.sessionClaims).toMatchObject({ sid: 'sess_1', sub: 'user_1' });
  // Never what stands in for a token.
  expect(await auth?.getToken()).toBe(token);
});

it('ClerkProvider mounted twice by StrictMode makes one instance', async () => {
  root.render(h(StrictMode, null, provider()));
  await shows('Ada');
  expect(mounts).toBe(2);
  expect(rust.count('clerk_js_state')).toBe(1);
});

it('ClerkProvider mounted again has the same instance, and the router of the present provider', async () => {
  const [first, second] = [vi.fn(), vi.fn()];
  root.render(provider({ routerPush: first, routerReplace: first }));
  await shows('Ada');
  const before = instance();
  root.render(null);
  await shows('');
  const { page, navigate } = navigator();
  root.render(h(ClerkProvider, { ui, routerPush: second, routerReplace: second }, page, h(Name)));
  await shows('Ada');
  expect(instance()).toBe(before);
  expect(rust.count('clerk_js_state')).toBe(1);
  await navigate('/notes');
  expect(second.mock.calls[0]?.[0]).toBe('/notes');
  expect(first).not.toHaveBeenCalled();
});

it('ClerkProvider navigates by router functions that are added, changed and removed while it is mounted', async () => {
  const { page, navigate } = navigator();
  const [push, replace, later] = [vi.fn(), vi.fn(), vi.fn()];
  const render = (props: ClerkProviderProps) => {
    root.render(h(ClerkProvider, { ui, ...props }, page, h(Name)));
  };
  render({});
  await shows('Ada');
  const navigates = async (props: ClerkProviderProps, to: string) => {
    flushSync(() => {
      render(props);
    });
    await navigate(to);
  };
  await navigates({ routerPush: push, routerReplace: replace }, '/one');
  await navigates({ routerPush: later, routerReplace: replace }, '/two');
  await navigates({ routerReplace: replace }, '/three');
  // Without any, the window is navigated, which jsdom does for a fragment.
  await navigates({}, '#/four');
  const calls = [push, later, replace].map(({ mock }) => mock.calls.map(([to]) => to as string));
  expect(calls).toEqual([['/one'], ['/two'], ['/three']]);
  expect(window.location.hash).toBe('#/four');
  window.location.hash = '';
});

it('ClerkProvider follows Rust when another window signs out', async () => {
  root.render(provider());
  await shows('Ada');
  rust.advance(rawClient(), { state: 'none' });
  await shows('nobody');
});

it('ClerkProvider throws an error of loading to the error boundary, and loads again after it', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  rust.state = snapshot({ status: 'error' });
  rust.on('load', () => {
    throw { kind: 'runtime', code: 'network_error', message: 'no response', errors: [] };
  });
  root.render(h(StrictMode, null, h(Boundary, null, provider())));
  await shows('network_error');
  rust.on('load', () => (rust.state = snapshot()));
  document.querySelector('button')?.click();
  await shows('nobody');
});

it('ClerkProvider passes changes of appearance and localization to the components', async () => {
  rust.state = { ...rust.state, options: { appearance: { variables: { colorPrimary: 'green' } } } };
  const last = (name: string) =>
    updateProps.mock.calls
      .map(([props]) => (props as Record<string, unknown>)[name])
      .filter(Boolean)
      .at(-1);
  const sent = (name: string, value: object) =>
    vi.waitFor(() => {
      expect(last(name)).toMatchObject(value);
    });
  root.render(provider());
  await shows('Ada');
  // What the app's configuration says stays without a prop.
  await sent('appearance', { variables: { colorPrimary: 'green' } });
  const appearance = { variables: { colorPrimary: 'red' } };
  root.render(provider({ appearance, localization: { signIn: { start: { title: 'Anmelden' } } } }));
  await sent('appearance', appearance);
  await sent('options', { localization: { signIn: { start: { title: 'Anmelden' } } } });
  root.render(provider());
  await sent('appearance', { variables: { colorPrimary: 'green' } });
});
