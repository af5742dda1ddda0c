/** The real components of @clerk/ui, through the thin class. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

import { Clerk } from '../index';
import { Fake } from './fake';
import { rawClient, rawEnvironment, rawSession, rawSignIn, rawToken } from './raw';

let rust: Fake;
let clerk: Clerk;
const routerPush = vi.fn();
const active = (sessionId: string) => ({ state: 'session', sessionId }) as const;

beforeAll(async () => {
  // jsdom lays nothing out.
  const observer = { observe: () => undefined, unobserve: () => undefined, disconnect: () => undefined };
  vi.stubGlobal(
    'ResizeObserver',
    vi.fn(() => observer),
  );
  vi.stubGlobal(
    'IntersectionObserver',
    vi.fn(() => observer),
  );
  vi.stubGlobal('matchMedia', () => ({
    matches: false,
    addEventListener: vi.fn(),
    removeEventListener: vi.fn(),
  }));
  document.elementFromPoint = () => null;
  vi.spyOn(console, 'info').mockImplementation(() => undefined);
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  rust = new Fake();
  rust.raw = {
    client: rawClient(),
    environment: rawEnvironment({
      social: {
        oauth_google: {
          enabled: true,
          required: false,
          authenticatable: true,
          strategy: 'oauth_google',
          not_selectable: false,
          name: 'Google',
          logo_url: 'https://img.clerk.com/static/google.png',
        },
      },
    }),
  };
  rust.on('get_token', () => rawToken('sess_1'));
  rust.on('cancel_authentication', () => true);
  clerk = new Clerk();
  await clerk.load({ routerPush, routerReplace: routerPush, signInUrl: '/sign-in', signUpUrl: '/sign-up' });
});

afterAll(() => {
  rust.stop();
});

const text = () => document.body.textContent;

function button(name: string): HTMLButtonElement {
  const found = [...document.querySelectorAll('button')].find(({ textContent }) => textContent === name);
  expect(found, `a button ${name}`).toBeDefined();
  return found!;
}

function type(input: HTMLInputElement, value: string): void {
  const { set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')!;
  Reflect.apply(set!, input, [value]);
  input.dispatchEvent(new Event('input', { bubbles: true }));
}

it('<SignIn/> is shown, signs in by a code and leads on', { timeout: 30_000 }, async () => {
  const node = document.createElement('div');
  document.body.append(node);
  clerk.mountSignIn(node);
  await vi.waitFor(
    () => {
      expect(text()).toContain('Sign in to Example');
    },
    { timeout: 15_000 },
  );

  // While the browser is open the card is dimmed; it is free again when the flow is cancelled.
  const verification = {
    status: 'unverified',
    external_verification_redirect_url: 'https://provider.example/a',
  };
  rust.api('POST /client/sign_ins', () => rawSignIn({ first_factor_verification: verification }));
  let cancel: () => void = () => undefined;
  rust.on(
    'open_and_wait',
    () =>
      new Promise((_, reject) => {
        cancel = () => {
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as Tauri does
          reject({ kind: 'runtime', code: 'oauth_flow_cancelled', message: 'cancelled', errors: [] });
        };
      }),
  );
  button('Continue with Google').click();
  await vi.waitFor(() => {
    expect(rust.count('open_and_wait')).toBe(1);
  });
  expect(button('Continue with Google').disabled).toBe(true);
  cancel();
  await vi.waitFor(() => {
    expect(button('Continue with Google').disabled).toBe(false);
    expect(text()).toContain('You cancelled this in the app.');
  });

  rust.api('POST /client/sign_ins', () => {
    rust.advance(rawClient([], { sign_in: rawSignIn() }));
    return rawSignIn();
  });
  rust.api('POST /client/sign_ins/sia_1/prepare_first_factor', () => rawSignIn());
  rust.api('POST /client/sign_ins/sia_1/attempt_first_factor', () => {
    rust.advance(rawClient([rawSession('sess_1')]), { state: 'none' });
    return rawSignIn({ status: 'complete', created_session_id: 'sess_1' });
  });
  rust.api('POST /client/sessions/sess_1/touch', () => {
    rust.advance(rust.raw.client, active('sess_1'));
    return rawSession('sess_1');
  });
  type(document.querySelector<HTMLInputElement>('input[name="identifier"]')!, 'ada@example.test');
  button('Continue').click();
  await vi.waitFor(
    () => {
      expect(text()).toContain('Check your email');
    },
    { timeout: 10_000 },
  );
  expect(window.location.hash).toContain('factor-one');
  type(document.querySelector<HTMLInputElement>('[data-input-otp]')!, '424242');
  await vi.waitFor(
    () => {
      expect(routerPush.mock.calls.at(-1)?.[0]).toBe('/');
    },
    { timeout: 10_000 },
  );
  expect(rust.requests.map(({ path }) => path).slice(1)).toEqual([
    '/client/sign_ins',
    '/client/sign_ins/sia_1/prepare_first_factor',
    '/client/sign_ins/sia_1/attempt_first_factor',
    '/client/sessions/sess_1/touch',
  ]);
  clerk.unmountSignIn(node);
  await vi.waitFor(() => {
    expect(node.childElementCount).toBe(0);
  });
});
