/** Where clerk-js leads the user: pages of the app, of providers and of Clerk; links; pictures. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { type ClerkJs, type ClerkJsOptions, createClerkJs } from '../clerk-js/index';
import type { UiModule } from '../clerk-js/packages';
import { Fake } from './fake';
import { rawClient, rawEnvironment, rawSession, rawSignIn, rawToken, rawUser } from './raw';

const INSTANCE = Symbol.for('tauri-plugin-clerk.clerk-js');
const ui = { ClerkUI: vi.fn() } as unknown as UiModule['ui'];
const PROVIDER = 'https://provider.example/authorize?state=1';
const CALLBACK = 'my-app://callback?rotating_token_nonce=redeemed';

let rust: Fake;
const routerPush = vi.fn();

beforeEach(() => {
  rust = new Fake();
  rust.raw = { client: rawClient(), environment: rawEnvironment() };
  rust.on('open_external', () => null);
  rust.on('cancel_authentication', () => true);
  rust.on('start_hosted_auth', () => ({ navigateTo: null, createdSessionId: null, requirements: null }));
  rust.on('get_token', () => rawToken('sess_1'));
  routerPush.mockReset();
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
});

afterEach(() => {
  rust.stop();
  Reflect.deleteProperty(document, INSTANCE);
  document.body.replaceChildren();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const active = (sessionId: string) => ({ state: 'session', sessionId }) as const;

async function loaded(options: ClerkJsOptions = {}, ...sessions: string[]): Promise<ClerkJs> {
  if (sessions[0] !== undefined) {
    rust.raw.client = rawClient(sessions.map((id) => rawSession(id)));
    rust.state = { ...rust.state, activeSession: active(sessions[0]) };
  }
  return await createClerkJs({ ui, routerPush, routerReplace: routerPush, ...options });
}

const argsOf = (command: string) =>
  rust.calls.filter((call) => call.command === command).map(({ args }) => args);
const opened = () => argsOf('open_external').map(({ url }) => url);
const pushed = () => routerPush.mock.calls.map(([to]) => to as string);

/** Scripts a sign-in with a provider, whose outcome is a complete sign-in. */
function scriptOauth(): void {
  const verification = {
    status: 'unverified',
    strategy: 'oauth_google',
    external_verification_redirect_url: PROVIDER,
  };
  const signIn = rawSignIn({ first_factor_verification: verification });
  rust.api('POST /client/sign_ins', () => {
    rust.advance(rawClient([], { sign_in: signIn }));
    return signIn;
  });
  const complete = rawSignIn({ status: 'complete', created_session_id: 'sess_1' });
  rust.api('GET /client/sign_ins/sia_1', () => {
    rust.advance(rawClient([rawSession('sess_1')], { sign_in: complete }));
    return complete;
  });
  rust.api('POST /client/sessions/sess_1/touch', () => {
    rust.advance(rawClient([rawSession('sess_1')]), active('sess_1'));
    return rawSession('sess_1');
  });
}

describe('OAuth', () => {
  it('authenticateWithRedirect() opens the system browser and continues when the user is back', async () => {
    const clerk = await loaded();
    scriptOauth();
    rust.on('open_and_wait', () => ({ callbackUrl: CALLBACK }));
    await clerk.client!.signIn.authenticateWithRedirect({
      strategy: 'oauth_google',
      redirectUrl: '/sso-callback',
      redirectUrlComplete: '/done',
    });
    expect(clerk.session?.id).toBe('sess_1');
    expect(argsOf('open_and_wait')).toEqual([{ url: PROVIDER }]);
    expect(new Map(rust.requests[0]?.form).get('redirect_url')).toBe('my-app://callback');
    expect(rust.requests[1]?.query).toEqual([['rotating_token_nonce', 'redeemed']]);
  });

  it("sso() of the newer sign-in API continues on the app's own page, as in a browser", async () => {
    const clerk = await loaded();
    scriptOauth();
    rust.on('open_and_wait', () => ({ callbackUrl: CALLBACK }));
    const { error } = await clerk.client!.signIn.__internal_future.sso({
      strategy: 'oauth_google',
      redirectUrl: '/done',
      redirectCallbackUrl: '/sso-callback',
    });
    expect(error).toBeNull();
    await vi.waitFor(() => {
      expect(pushed()).toEqual(['/done']);
    });
    expect(clerk.session?.id).toBe('sess_1');
  });

  it('sso() that needs more continues on the callback page', async () => {
    const clerk = await loaded();
    scriptOauth();
    rust.api('GET /client/sign_ins/sia_1', () => rawSignIn({ status: 'needs_second_factor' }));
    rust.on('open_and_wait', () => ({ callbackUrl: CALLBACK }));
    await clerk.client!.signIn.__internal_future.sso({
      strategy: 'oauth_google',
      redirectUrl: '/done',
      redirectCallbackUrl: '/sso-callback',
    });
    await vi.waitFor(() => {
      expect(pushed()).toEqual(['/sso-callback']);
    });
  });

  it('a refusal of the provider frees the component, with an error for it', async () => {
    const clerk = await loaded();
    scriptOauth();
    rust.on('open_and_wait', () => {
      const verification = {
        status: 'failed',
        strategy: 'oauth_google',
        error: { code: 'oauth_access_denied', message: 'denied', long_message: 'You did not grant access.' },
      };
      rust.advance(rawClient([], { sign_in: rawSignIn({ first_factor_verification: verification }) }));
      return { callbackUrl: CALLBACK };
    });
    const failing = clerk.client!.signIn.authenticateWithRedirect({
      strategy: 'oauth_google',
      redirectUrl: '/x',
      redirectUrlComplete: '/y',
    });
    await expect(failing).rejects.toMatchObject({ code: 'oauth_access_denied', clerkRuntimeError: true });
  });

  it.each(['oauth_flow_cancelled', 'oauth_flow_superseded', 'oauth_flow_timed_out'])(
    '%s frees the component, with a message for people',
    async (code) => {
      const clerk = await loaded();
      scriptOauth();
      rust.on('open_and_wait', () => {
        throw { kind: 'runtime', code, message: 'for developers', errors: [] };
      });
      const failing = clerk.client!.signIn.authenticateWithRedirect({
        strategy: 'oauth_google',
        redirectUrl: '/x',
        redirectUrlComplete: '/y',
      });
      const error: unknown = await failing.catch((thrown: unknown) => thrown);
      // The components show errors of this kind, and rethrow others.
      expect(error).toMatchObject({
        code,
        name: 'ClerkRuntimeError',
        longMessage: expect.any(String) as string,
      });
      expect((error as { constructor: { kind: string } }).constructor.kind).toBe('ClerkRuntimeError');
    },
  );

  describe('while the browser is open', () => {
    let finish: (outcome: unknown) => void;

    beforeEach(() => {
      rust.on('open_and_wait', () => new Promise((resolve) => (finish = resolve)));
    });

    /** A flow that waits for the browser. */
    async function waiting(): Promise<() => Promise<void>> {
      const clerk = await loaded();
      scriptOauth();
      const flow = clerk.client!.signIn.authenticateWithRedirect({
        strategy: 'oauth_google',
        redirectUrl: '/x',
        redirectUrlComplete: '/y',
      });
      await vi.waitFor(() => {
        expect(rust.count('open_and_wait')).toBe(1);
      });
      return () => flow;
    }

    const press = (key: string) => window.dispatchEvent(new KeyboardEvent('keydown', { key }));

    it('Escape cancels the flow, once it waits and not afterwards', async () => {
      press('Escape');
      const flow = await waiting();
      press('a');
      expect(rust.count('cancel_authentication')).toBe(0);
      press('Escape');
      expect(rust.count('cancel_authentication')).toBe(1);
      finish({ callbackUrl: CALLBACK });
      await flow();
      press('Escape');
      expect(rust.count('cancel_authentication')).toBe(1);
    });

    it('a click on the card cancels the flow, but not the click that brings the window to the front', async () => {
      const flow = await waiting();
      document.body.innerHTML = '<div class="cl-cardBox"><p>dimmed</p></div><p id="app"></p>';
      const click = (selector: string) =>
        document.querySelector(selector)!.dispatchEvent(new Event('pointerdown', { bubbles: true }));
      const now = vi.spyOn(performance, 'now');
      click('.cl-cardBox p');
      window.dispatchEvent(new Event('blur'));
      now.mockReturnValue(10_000);
      window.dispatchEvent(new Event('focus'));
      click('.cl-cardBox p');
      now.mockReturnValue(20_000);
      click('#app');
      expect(rust.count('cancel_authentication')).toBe(0);
      click('.cl-cardBox p');
      expect(rust.count('cancel_authentication')).toBe(1);
      finish({ callbackUrl: CALLBACK });
      await flow();
    });
  });
});

describe('pages of providers', () => {
  it('a page for linking an account opens in the system browser, and the user is read afterwards', async () => {
    const clerk = await loaded({}, 'sess_1');
    const verification = {
      status: 'unverified',
      strategy: 'enterprise_sso',
      external_verification_redirect_url: PROVIDER,
    };
    rust.api('POST /me/external_accounts', () => ({ object: 'external_account', id: 'eac_1', verification }));
    rust.api('GET /me', () => {
      const user = rawUser({ first_name: 'Linked' });
      rust.advance(rawClient([rawSession('sess_1', { user })]));
      return user;
    });
    rust.on('open_and_wait', () => ({ callbackUrl: CALLBACK }));
    const account = await clerk.user!.createExternalAccount({
      enterpriseConnectionId: 'ent_1',
      redirectUrl: window.location.href,
    });
    clerk.__internal_windowNavigate(account.verification!.externalVerificationRedirectURL!);
    await vi.waitFor(() => {
      expect(clerk.user?.firstName).toBe('Linked');
    });
    expect(argsOf('open_and_wait')).toEqual([{ url: PROVIDER }]);
    expect(rust.requests.at(-1)).toMatchObject({
      path: '/me',
      query: [['rotating_token_nonce', 'redeemed']],
    });
    expect([opened(), pushed()]).toEqual([[], []]);
  });

  it('clerk.navigate() to such a page does the same', async () => {
    const pending = {
      object: 'external_account',
      id: 'eac_1',
      verification: { external_verification_redirect_url: PROVIDER },
    };
    rust.raw.client = rawClient([rawSession('sess_1', { user: rawUser({ external_accounts: [pending] }) })]);
    rust.state = { ...rust.state, activeSession: active('sess_1') };
    const clerk = await createClerkJs({ ui, routerPush, routerReplace: routerPush });
    rust.api('GET /me', () => rawUser());
    rust.on('open_and_wait', () => ({ callbackUrl: 'my-app://callback' }));
    await clerk.navigate(PROVIDER);
    await vi.waitFor(() => {
      expect(rust.requests.map(({ path, query }) => [path, query])).toEqual([['/me', []]]);
    });
    expect(argsOf('open_and_wait')).toEqual([{ url: PROVIDER }]);
  });
});

describe('navigation', () => {
  it.each([
    ['sign-in', 'signIn'],
    ['sign-in?x=1#/?redirect_url=x', 'signIn'],
    ['sign-up', 'signUp'],
    ['sign-in#/create?x=1', 'signUp'],
  ])("Clerk's hosted page %s becomes the hosted %s of the plugin", async (page, mode) => {
    const clerk = await loaded();
    clerk.__internal_windowNavigate(`https://accounts.example.test/${page}`);
    await vi.waitFor(() => {
      expect(rust.count('start_hosted_auth')).toBe(1);
    });
    expect(argsOf('start_hosted_auth')[0]).toMatchObject({
      mode,
      callback: { location: window.location.href, signInFallbackRedirectUrl: window.location.href },
    });
    expect([opened(), pushed()]).toEqual([[], []]);
  });

  it("the emulator's hosted pages are recognized, too", async () => {
    const portal = 'http://127.0.0.1:4000/portal';
    const display = { sign_in_url: `${portal}/sign-in`, sign_up_url: `${portal}/sign-up` };
    rust.raw.environment = rawEnvironment({ display });
    const clerk = await loaded();
    await clerk.redirectToSignUp();
    await vi.waitFor(() => {
      expect(argsOf('start_hosted_auth')).toMatchObject([{ mode: 'signUp' }]);
    });
  });

  it("other pages of Clerk's and other sites open in the system browser", async () => {
    const clerk = await loaded();
    const pages = [
      'https://accounts.example.test/user',
      'https://accounts.example.test/sign-in#/tasks/setup-mfa',
      'https://other.test/',
    ];
    for (const page of pages) {
      clerk.__internal_windowNavigate(page);
    }
    await vi.waitFor(() => {
      expect(opened()).toEqual(pages);
    });
    expect(rust.count('start_hosted_auth')).toBe(0);
  });

  it("where Clerk's own pages would return to, an app shows its start page", async () => {
    const clerk = await loaded();
    await clerk.navigate('https://accounts.example.test/default-redirect?x=1');
    await vi.waitFor(() => {
      expect(pushed()).toEqual(['/']);
    });
    expect(opened()).toEqual([]);
  });

  it("the app's router gets '/' where clerk-js has '', and no steps without a URL", async () => {
    const clerk = await loaded();
    const metadata = expect.objectContaining({}) as unknown;
    await clerk.navigate('/');
    await clerk.navigate('/page?a=1#b');
    await clerk.navigate('/CLERK-ROUTER/VIRTUAL/factor-one');
    expect(routerPush.mock.calls).toEqual([
      ['/', metadata],
      ['/page?a=1#b', metadata],
    ]);
    expect(clerk.__internal_getOption('routerPush')?.('', {} as never)).toBeUndefined();
    expect(pushed().at(-1)).toBe('/');
  });

  it.each([
    '/.//evil.test/x',
    '/..//evil.test/x',
    '/a/..//evil.test/x',
    `${window.location.origin}//evil.test/x`,
  ])("the app's router gets no path that it could take for another host: %s", async (to) => {
    const clerk = await loaded();
    await clerk.navigate(to);
    await clerk.navigate(to, { replace: true });
    expect(pushed()).toEqual(['/evil.test/x', '/evil.test/x']);
  });

  it('an app with one router function has both', async () => {
    const clerk = await createClerkJs({ ui, routerPush });
    await clerk.navigate('/page', { replace: true });
    expect(pushed()).toEqual(['/page']);
  });

  it('without a router, a page of the app is loaded by the window itself', async () => {
    const assign = vi.fn();
    vi.stubGlobal('location', {
      ...Object.fromEntries(
        ['href', 'origin', 'protocol', 'host', 'hash', 'search', 'pathname'].map((k) => [
          k,
          Reflect.get(window.location, k) as string,
        ]),
      ),
      assign,
    });
    const clerk = await createClerkJs({ ui });
    await clerk.navigate('/after');
    expect(assign).toHaveBeenCalledExactlyOnceWith(`${window.location.origin}/after`);
  });

  it.each(['javascript:alert(1)', 'file:///etc/passwd'])('%s is never opened', async (url) => {
    const clerk = await loaded();
    clerk.__internal_windowNavigate(url);
    await vi.waitFor(() => {
      expect(pushed()).toEqual(['/']);
    });
    expect(opened()).toEqual([]);
  });
});

describe('links', () => {
  // jsdom cannot follow links.
  const stay = (event: Event) => {
    event.preventDefault();
  };

  beforeEach(() => {
    window.addEventListener('click', stay);
  });

  afterEach(() => {
    window.removeEventListener('click', stay);
  });

  /** Clicks, and returns whether anybody but jsdom's stand-in has handled it. */
  const click = (html: string) => {
    document.body.innerHTML = html;
    let handled = false;
    window.addEventListener(
      'click',
      ({ defaultPrevented }) => {
        handled = defaultPrevented;
      },
      { once: true },
    );
    window.removeEventListener('click', stay);
    window.addEventListener('click', stay);
    const event = new MouseEvent('click', { bubbles: true, cancelable: true });
    document.querySelector('.here')!.dispatchEvent(event);
    return handled;
  };

  it('links of the components to other sites open in the system browser', async () => {
    await loaded();
    expect(
      click(
        '<div class="cl-card"><a href="https://clerk.com/terms" target="_blank"><b class="here">Terms</b></a></div>',
      ),
    ).toBe(true);
    expect(click('<a class="x cl-footerActionLink here" href="https://clerk.com/privacy">Privacy</a>')).toBe(
      true,
    );
    expect(opened()).toEqual(['https://clerk.com/terms', 'https://clerk.com/privacy']);
  });

  it('links of the app, of other kinds, and those that a component handles are left alone', async () => {
    await loaded();
    expect(click('<div class="my-cl-x"><a class="here" href="https://example.test/">app</a></div>')).toBe(
      false,
    );
    expect(click('<div class="cl-card"><a class="here" href="/page">page</a></div>')).toBe(false);
    expect(click('<div class="cl-card"><a class="here" href="mailto:a@example.test">mail</a></div>')).toBe(
      false,
    );
    document.body.addEventListener(
      'click',
      (event) => {
        event.preventDefault();
      },
      { once: true },
    );
    click('<div class="cl-card"><a class="here" href="https://accounts.example.test/sign-up">up</a></div>');
    expect(opened()).toEqual([]);
  });

  it('a link is opened once, also after a second load on the same page', async () => {
    await loaded();
    Reflect.deleteProperty(document, INSTANCE);
    await loaded();
    click('<a class="cl-link here" href="https://clerk.com/">Clerk</a>');
    expect(opened()).toEqual(['https://clerk.com/']);
  });
});

describe('pictures', () => {
  const tried: string[] = [];

  beforeEach(() => {
    tried.length = 0;
    /** Pictures of this host cannot be loaded. */
    class FakeImage {
      onload: () => void = () => undefined;
      onerror: () => void = () => undefined;
      set src(url: string) {
        tried.push(url);
        queueMicrotask(() => {
          (url.includes('img.clerk.com') ? this.onerror : this.onload)();
        });
      }
    }
    vi.stubGlobal('Image', FakeImage);
  });

  const icon = (provider: string, css: string, label?: string) => {
    const element = document.createElement('span');
    if (label !== undefined) {
      element.setAttribute('aria-label', label);
    }
    element.className = `cl-providerIcon cl-providerIcon__${provider}`;
    element.style.cssText = css;
    document.body.append(element);
    return element;
  };
  const drawing = (text: string) => decodeURIComponent(text);

  it('an icon of a provider that cannot be loaded is two letters of its name', async () => {
    await loaded();
    const REMOTE = 'background-image: url("https://img.clerk.com/static/icon.svg")';
    const letters: [string, string | undefined, string][] = [
      ['google', 'Sign in with Google', 'Go'],
      ['github', 'GitHub icon', 'GH'],
      ['gitlab', 'Sign in with GitLab', 'GL'],
      ['line', 'LINE icon', 'LI'],
      ['x', 'Sign in with X / Twitter', 'XT'],
      ['custom_acme', undefined, 'Ac'],
      ['custom_q', 'Q icon', 'Q'],
    ];
    for (const [provider, label, text] of letters) {
      const drawn = icon(provider, REMOTE, label);
      await vi.waitFor(() => {
        expect(drawing(drawn.style.backgroundImage), provider).toContain(`>${text}</text>`);
      });
    }
  });

  it('an icon that can be loaded, or that the app draws itself, stays', async () => {
    await loaded();
    const remote = icon('x', 'background-image: url("https://cdn.example.test/x.svg")');
    const own = icon('github', 'background-image: url("data:image/svg+xml,own")');
    await vi.waitFor(() => {
      expect(tried).toEqual(['https://cdn.example.test/x.svg']);
    });
    // What is added later is looked at later.
    const broken = icon('google', 'background-image: url("https://img.clerk.com/static/google.svg")');
    await vi.waitFor(() => {
      expect(drawing(broken.style.backgroundImage)).toContain('>Go</text>');
    });
    expect(remote.style.backgroundImage).not.toContain('data:');
    expect(own.style.backgroundImage).toContain('own');
  });

  const image = (html: string) => {
    document.body.innerHTML = html;
    const element = document.querySelector('img')!;
    element.dispatchEvent(new Event('error'));
    return drawing(element.src);
  };

  it('a picture of a person or an organization that cannot be loaded is an initial or a shape', async () => {
    await loaded();
    const remote = 'src="https://img.clerk.com/a" srcset="https://img.clerk.com/a 1x"';
    expect(
      image(`<span class="cl-avatarBox"><img class="cl-avatarImage" ${remote} title="Acme" /></span>`),
    ).toContain('>A</text>');
    expect(document.querySelector('img')!.hasAttribute('srcset')).toBe(false);
    expect(image(`<span class="cl-avatarBox"><img ${remote} alt="Émile's logo" /></span>`)).toContain(
      '>É</text>',
    );
    expect(image(`<span class="cl-avatarBox"><img ${remote} /></span>`)).toContain('<path');
  });

  it("pictures of the app's own are left alone", async () => {
    await loaded();
    expect(image('<img src="https://img.clerk.com/a" title="Acme" />')).toBe('https://img.clerk.com/a');
  });
});
