/** The documented class: options, URL builders, methods that are imported on first use, components. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import manifest from '../../package.json';
import type { Environment, Snapshot } from '../bindings';
import { Clerk, type ClerkOptions, EmailLinkError, isEmailLinkError } from '../index';
import { activated, client, Fake, KEY, session, signedIn, signedOut, snapshot } from './fake';

const display = {
  signInUrl: 'https://accounts.example.test/sign-in',
  signUpUrl: 'https://accounts.example.test/sign-up',
  userProfileUrl: 'https://accounts.example.test/user',
  organizationProfileUrl: 'https://accounts.example.test/organization',
  createOrganizationUrl: 'https://accounts.example.test/create-organization',
  homeUrl: 'https://example.test',
};

let rust: Fake;

beforeEach(() => {
  rust = new Fake();
  rust.on('open_external', () => null);
});

afterEach(() => {
  rust.stop();
  vi.restoreAllMocks();
});

function withEnvironment(state: Snapshot): Snapshot {
  return { ...state, environment: { displayConfig: display } as unknown as Environment };
}

async function loaded(options?: ClerkOptions, state = snapshot()): Promise<Clerk> {
  rust.state = withEnvironment(state);
  const clerk = new Clerk();
  await clerk.load(options);
  return clerk;
}

function argsOf(command: string): unknown[] {
  return rust.calls.filter((call) => call.command === command).map(({ args }) => args);
}

/** The session of each emission: its id, `null` or `undefined`. */
function emissions(clerk: Clerk): string[] {
  const seen: string[] = [];
  clerk.addListener(
    ({ session }) => {
      seen.push(session ? session.id : String(session));
    },
    { skipInitialEmit: true },
  );
  return seen;
}

describe('properties', () => {
  it('version, sdkMetadata and isSatellite have values before load()', () => {
    const clerk = new Clerk();
    expect(clerk.version).toBe(manifest.version);
    expect(clerk.sdkMetadata).toEqual({ name: 'tauri-plugin-clerk', version: manifest.version });
    expect([clerk.isSatellite, clerk.telemetry]).toEqual([false, undefined]);
  });

  it('domain and proxyUrl may be functions of the page address', () => {
    const clerk = new Clerk(KEY, {
      domain: (url) => `of.${url.hostname}`,
      proxyUrl: (url) => `${url.protocol}//proxy`,
    });
    expect([clerk.domain, clerk.proxyUrl]).toEqual([
      `of.${window.location.hostname}`,
      `${window.location.protocol}//proxy`,
    ]);
  });

  it('isSatellite and telemetry reflect the options', async () => {
    const clerk = await loaded({ isSatellite: (url) => url.href.length > 0, telemetry: { debug: true } });
    expect([clerk.isSatellite, clerk.telemetry]).toEqual([true, { disabled: true, debug: true }]);
    expect((await loaded({ telemetry: false })).telemetry).toBeUndefined();
  });
});

describe('load', () => {
  it('load() passes the options to Rust without the functions', async () => {
    await loaded({
      signInUrl: '/in',
      polling: false,
      allowedRedirectOrigins: ['https://*.example.com', /^https:\/\/x/gi],
      routerPush: vi.fn(),
      appearance: { theme: 'dark' },
    });
    expect(argsOf('load')).toEqual([
      {
        options: {
          signInUrl: '/in',
          polling: false,
          allowedRedirectOrigins: ['https://*.example.com', { regex: '^https:\\/\\/x', flags: 'i' }],
          appearance: { theme: 'dark' },
        },
        since: 1,
      },
    ]);
  });

  it('selectInitialSession chooses the session that is active first', async () => {
    const choose = vi.fn(() => null);
    rust.on('choose_initial_session', choose);
    const state = snapshot({ client: client(session('sess_1'), session('sess_2')) });
    await loaded({ selectInitialSession: ({ sessions }) => sessions[1] }, state);
    expect(choose).toHaveBeenCalledExactlyOnceWith({ sessionId: 'sess_2' });
    await loaded({ selectInitialSession: () => undefined }, state);
    expect(choose).toHaveBeenLastCalledWith({ sessionId: null });
  });

  it('touchSession touches the session when the window gets the focus, unless it is false', async () => {
    const touch = vi.fn(() => null);
    rust.on('touch', touch);
    await loaded({ touchSession: false }, signedIn(1));
    window.dispatchEvent(new Event('focus'));
    expect(touch).not.toHaveBeenCalled();
    await loaded({}, signedIn(1));
    window.dispatchEvent(new Event('focus'));
    window.dispatchEvent(new Event('focus'));
    expect(touch).toHaveBeenCalledOnce();
  });
});

describe('builders', () => {
  it('URL builders are synchronous and use the options of this window', async () => {
    const clerk = await loaded({ signInUrl: '/in' });
    const here = encodeURIComponent(window.location.href);
    expect(clerk.buildSignInUrl()).toBe(`${window.location.origin}/in#/?redirect_url=${here}`);
    expect(clerk.buildSignUpUrl()).toBe(`${window.location.origin}/in#/create?redirect_url=${here}`);
    expect([
      clerk.buildUserProfileUrl(),
      clerk.buildOrganizationProfileUrl(),
      clerk.buildCreateOrganizationUrl(),
      clerk.buildHomeUrl(),
    ]).toEqual([
      display.userProfileUrl,
      display.organizationProfileUrl,
      display.createOrganizationUrl,
      `${display.homeUrl}/`,
    ]);
    expect(clerk.buildUrlWithAuth('/x', { useQueryParam: true })).toBe(`${window.location.origin}/x`);
    expect(clerk.buildAfterSignOutUrl()).toBe('/');
  });

  it('URL builders return an empty string before load()', () => {
    const clerk = new Clerk();
    expect([clerk.buildSignInUrl(), clerk.buildUserProfileUrl()]).toEqual(['', '']);
  });
});

describe('redirects', () => {
  it('redirects to pages of the instance open in the system browser', async () => {
    const clerk = await loaded();
    await clerk.redirectToUserProfile();
    await clerk.redirectToOrganizationProfile();
    await clerk.redirectToCreateOrganization();
    await clerk.redirectWithAuth('https://app.example.com');
    expect(argsOf('open_external')).toEqual(
      [
        display.userProfileUrl,
        display.organizationProfileUrl,
        display.createOrganizationUrl,
        'https://app.example.com/',
      ].map((url) => ({ url })),
    );
  });

  it('redirectToAfterSignIn() and the other redirects within the app use its router', async () => {
    const routerPush = vi.fn();
    const pending = { ...session('sess_1', 'pending'), tasks: [{ key: 'choose-organization' }] };
    const clerk = await loaded(
      {
        routerPush,
        signInForceRedirectUrl: '/in',
        signUpForceRedirectUrl: '/up',
        afterSignOutUrl: '/bye',
        waitlistUrl: '/waitlist',
        taskUrls: { 'choose-organization': '/choose' },
      },
      snapshot({ client: client(pending), activeSession: { state: 'session', sessionId: 'sess_1' } }),
    );
    await clerk.redirectToAfterSignIn();
    await clerk.redirectToAfterSignUp();
    await clerk.redirectToAfterSignOut();
    await clerk.redirectToWaitlist();
    await clerk.redirectToTasks();
    expect(routerPush.mock.calls).toEqual([['/in'], ['/up'], ['/bye'], ['/waitlist'], ['/choose']]);
  });

  it("redirectToSignIn() uses the router for the app's own sign-in", async () => {
    const routerPush = vi.fn();
    const clerk = await loaded({ signInUrl: '/in', routerPush });
    await clerk.redirectToSignIn({ redirectUrl: '/notes' });
    await clerk.redirectToSignUp({ redirectUrl: '/notes' });
    const redirect = `redirect_url=${encodeURIComponent(`${window.location.origin}/notes`)}`;
    expect(routerPush.mock.calls).toEqual([[`/in#/?${redirect}`], [`/in#/create?${redirect}`]]);
  });

  it('redirectToSignIn() opens a hosted page when the app has no sign-in', async () => {
    const routerPush = vi.fn();
    rust.on('start_hosted_auth', () => ({ navigateTo: '/home', createdSessionId: 'sess_1' }));
    const clerk = await loaded({ routerPush });
    await clerk.redirectToSignIn({ signInForceRedirectUrl: '/home' });
    await clerk.redirectToSignUp();
    await clerk.redirectToSignIn({ redirectUrl: '/notes' });
    await clerk.redirectToSignUp({ signUpFallbackRedirectUrl: '/welcome' });
    const here = window.location.href;
    const back = (url: string) => ({
      location: here,
      signInFallbackRedirectUrl: url,
      signUpFallbackRedirectUrl: url,
    });
    expect(argsOf('start_hosted_auth')).toEqual([
      { mode: 'signIn', callback: { ...back(here), signInForceRedirectUrl: '/home' } },
      { mode: 'signUp', callback: back(here) },
      { mode: 'signIn', callback: back('/notes') },
      { mode: 'signUp', callback: { ...back(here), signUpFallbackRedirectUrl: '/welcome' } },
    ]);
    expect(routerPush.mock.calls).toEqual(Array(4).fill(['/home']));
  });
});

describe('setActive', () => {
  it('setActive() hides the session during its navigation', async () => {
    const clerk = await loaded();
    const seen = emissions(clerk);
    rust.on('set_active', () => {
      rust.change(withEnvironment(signedIn(2)));
      return activated();
    });
    const during: unknown[] = [];
    await clerk.setActive({
      session: 'sess_1',
      navigate: ({ session, decorateUrl }) => {
        during.push(session.id, decorateUrl('/x'), clerk.session);
      },
    });
    expect(during).toEqual(['sess_1', '/x', undefined]);
    expect(new Set(seen.slice(0, -1))).toEqual(new Set(['undefined']));
    expect(seen.at(-1)).toBe('sess_1');
  });

  it('setActive() without a navigation notifies of the new session once', async () => {
    const clerk = await loaded();
    const seen = emissions(clerk);
    rust.on('set_active', () => {
      rust.change(withEnvironment(signedIn(2)));
      return activated();
    });
    await clerk.setActive({ session: 'sess_1' });
    expect(seen).toEqual(['sess_1']);
  });

  it('setActive() shows the old session again when it fails', async () => {
    const clerk = await loaded({}, signedIn(1));
    const seen = emissions(clerk);
    rust.on('set_active', () => {
      throw { kind: 'runtime', code: 'network_error', message: 'no response', errors: [] };
    });
    await expect(clerk.setActive({ session: null, redirectUrl: '/x' })).rejects.toMatchObject({
      code: 'network_error',
    });
    expect(seen).toEqual(['undefined', 'sess_1']);
  });

  it('setActive() does nothing when Rust did not apply it', async () => {
    const clerk = await loaded({}, signedIn(1));
    rust.on('set_active', () => activated({ applied: false }));
    const navigate = vi.fn();
    await clerk.setActive({ organization: null, navigate });
    expect(navigate).not.toHaveBeenCalled();
    expect(clerk.session?.id).toBe('sess_1');
  });

  it('setActive() navigates to the page for the task of a pending session', async () => {
    const pending = { ...session('sess_1', 'pending'), tasks: [{ key: 'choose-organization' }] };
    const routerPush = vi.fn();
    const clerk = await loaded(
      { routerPush, taskUrls: { 'choose-organization': '/choose' } },
      snapshot({ client: client(pending), activeSession: { state: 'session', sessionId: 'sess_1' } }),
    );
    const page = '/choose#/?redirect_url=%2Fafter';
    rust.on('set_active', () => activated({ task: 'choose-organization', navigateTo: page }));
    const navigate = vi.fn();
    await clerk.setActive({ session: 'sess_1', redirectUrl: '/after', navigate });
    expect(routerPush).toHaveBeenCalledExactlyOnceWith(page);
    expect(navigate).not.toHaveBeenCalled();
    expect(argsOf('set_active')).toEqual([{ params: { session: 'sess_1', redirectUrl: '/after' } }]);
  });
});

describe('options', () => {
  it('options are those that Rust returns for this window, even at the same revision', async () => {
    const routerPush = vi.fn();
    rust.on('load', () => ({ ...rust.state, options: { waitlistUrl: '/narrowed' } }));
    const clerk = await loaded({ routerPush, waitlistUrl: '/own', afterSignOutUrl: '/own' });
    expect([clerk.revision, clerk.buildWaitlistUrl(), clerk.buildAfterSignOutUrl()]).toEqual([
      1,
      `${window.location.origin}/narrowed`,
      '/',
    ]);
  });
});

describe('signOut', () => {
  it('signOut() hides the session during its navigation and ends with null', async () => {
    const clerk = await loaded({ routerPush: vi.fn() }, signedIn(1));
    const seen = emissions(clerk);
    rust.on('sign_out', () => {
      rust.change(withEnvironment(snapshot({ revision: 2 })));
      return signedOut();
    });
    await clerk.signOut();
    expect(seen[0]).toBe('undefined');
    expect(seen.at(-1)).toBe('null');
  });
});

describe('calls', () => {
  it('handleEmailLinkVerification() navigates, calls back or rejects as documented', async () => {
    const routerPush = vi.fn();
    const clerk = await loaded({ routerPush });
    const elsewhere = vi.fn();
    const custom = vi.fn(() => Promise.resolve());
    const outcome = { navigateTo: null, createdSessionId: null, verifiedOnOtherDevice: false };
    const command = vi.fn();
    rust.on('handle_email_link_verification', command);

    command.mockReturnValueOnce({ ...outcome, navigateTo: '/done', createdSessionId: 'sess_1' });
    await clerk.handleEmailLinkVerification({ redirectUrlComplete: '/done' }, custom);
    expect([routerPush.mock.calls, custom.mock.calls]).toEqual([[['/done']], []]);
    command.mockReturnValueOnce({ ...outcome, navigateTo: '/more' });
    await clerk.handleEmailLinkVerification({ redirectUrl: '/more' }, custom);
    expect(custom).toHaveBeenCalledExactlyOnceWith('/more');
    command.mockReturnValueOnce({ ...outcome, verifiedOnOtherDevice: true });
    await clerk.handleEmailLinkVerification({ onVerifiedOnOtherDevice: elsewhere });
    expect(elsewhere).toHaveBeenCalledOnce();
    expect(command.mock.calls[0]).toEqual([
      { url: window.location.href, params: { redirectUrlComplete: '/done' } },
    ]);

    command.mockImplementationOnce(() => {
      throw { kind: 'email_link', code: 'expired', message: 'too late', errors: [] };
    });
    const error: unknown = await clerk.handleEmailLinkVerification({}).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(EmailLinkError);
    expect(isEmailLinkError(error) && error.code).toBe('expired');
  });

  it('authenticateWithMetamask() and the other wallets pass their strategy', async () => {
    rust.on('authenticate_with_web3', () => ({ navigateTo: '/more', createdSessionId: null }));
    const clerk = await loaded();
    const customNavigate = vi.fn();
    await clerk.authenticateWithMetamask({ customNavigate, signUpContinueUrl: '/more' });
    await clerk.authenticateWithCoinbaseWallet({ customNavigate });
    await clerk.authenticateWithOKXWallet({ customNavigate, unsafeMetadata: { a: 1 }, legalAccepted: true });
    await clerk.authenticateWithBase({ customNavigate });
    await clerk.authenticateWithSolana({ customNavigate, walletName: 'Phantom' });
    await clerk.authenticateWithWeb3({ customNavigate, strategy: 'web3_new_signature' });
    const location = window.location.href;
    expect(argsOf('authenticate_with_web3')).toEqual([
      { params: { location, signUpContinueUrl: '/more', strategy: 'web3_metamask_signature' } },
      { params: { location, strategy: 'web3_coinbase_wallet_signature' } },
      {
        params: {
          location,
          unsafeMetadata: { a: 1 },
          legalAccepted: true,
          strategy: 'web3_okx_wallet_signature',
        },
      },
      { params: { location, strategy: 'web3_base_signature' } },
      { params: { location, walletName: 'Phantom', strategy: 'web3_solana_signature' } },
      { params: { location, strategy: 'web3_new_signature' } },
    ]);
    expect(customNavigate).toHaveBeenCalledTimes(6);
  });

  it('createOrganization(), getOrganization(), joinWaitlist() and handleUnauthenticated() call Rust', async () => {
    const clerk = await loaded();
    rust.on('create_organization', () => ({ id: 'org_1', name: 'Acme', slug: null }));
    rust.on('get_organization', () => ({ id: 'org_2', name: 'Globex', slug: null }));
    rust.on('join_waitlist', () => ({ id: 'wait_1', createdAt: 0, updatedAt: 0 }));
    rust.on('handle_unauthenticated', () => null);
    expect((await clerk.createOrganization({ name: 'Acme', slug: 'acme' })).name).toBe('Acme');
    expect((await clerk.getOrganization('org_2'))?.id).toBe('org_2');
    expect((await clerk.joinWaitlist({ emailAddress: 'a@example.com' })).id).toBe('wait_1');
    await clerk.handleUnauthenticated({ broadcast: false });
    expect(argsOf('create_organization')).toEqual([{ params: { name: 'Acme', slug: 'acme' } }]);
    expect(argsOf('get_organization')).toEqual([{ id: 'org_2' }]);
    expect(argsOf('join_waitlist')).toEqual([{ params: { emailAddress: 'a@example.com' } }]);
    expect(rust.count('handle_unauthenticated')).toBe(1);
  });

  it('createEmailLinkFlow() resolves with the verified sign-in', async () => {
    const attempt = { id: 'sia_1', status: 'needs_first_factor' };
    const signIn = { ...attempt } as unknown as NonNullable<Snapshot['client']>['signIn'];
    const clerk = await loaded({}, snapshot({ client: { ...client(), signIn } }));
    rust.on('sign_in_with_email_link', () => {
      // A sign-in that is complete is no longer in progress.
      rust.state = { ...rust.state, revision: 2, client: client() };
      return { ...attempt, status: 'complete', createdSessionId: 'sess_1' };
    });
    rust.on('cancel_authentication', () => true);
    const { startEmailLinkFlow, cancelEmailLinkFlow } = clerk.client!.signIn.createEmailLinkFlow();
    const verified = await startEmailLinkFlow({
      emailAddressId: 'idn_1',
      redirectUrl: 'https://ignored.test',
    });
    expect([verified.status, verified.createdSessionId]).toEqual(['complete', 'sess_1']);
    expect(argsOf('sign_in_with_email_link')).toEqual([{ signInId: 'sia_1', emailAddressId: 'idn_1' }]);
    cancelEmailLinkFlow();
    expect(rust.count('cancel_authentication')).toBe(1);
  });
});
