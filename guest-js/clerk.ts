/**
 * The `Clerk` class: the same names as in Clerk's own SDKs, on a state that Rust owns.
 */
import type * as wire from './bindings';
import * as commands from './bindings';
import { Components } from './components';
import { isClerkRuntimeError } from './errors';
import { onRedirectFinished } from './ipc';
import { Mirror } from './mirror';
import { navigate } from './navigation';
import { type ClerkOptions, wireOptions } from './options';
import { checkProxyUrl, parsePublishableKey, type PublishableKey } from './publishable-key';
import { Client } from './resources/client';
import type { Host } from './resources/base';
import { Organization } from './resources/organization';
import type { Session } from './resources/session';
import type { OrganizationMembership, User } from './resources/user';
import { type RedirectOptions, Urls } from './urls';
import { VERSION } from './version';

/** `loading`, `ready`, `degraded` or `error`. */
export type ClerkStatus = wire.Status;

/** What listeners are given. `undefined` is not known yet, `null` is known to be nobody. */
export interface Resources {
  client: Client;
  session: Session | null | undefined;
  user: User | null | undefined;
  organization: Organization | null | undefined;
  /** Always undefined; Clerk's own SDKs do not send it any more. */
  lastOrganizationInvitation?: undefined;
  /** Always undefined; Clerk's own SDKs do not send it any more. */
  lastOrganizationMember?: OrganizationMembership | undefined;
}

/** The domain or the proxy of the instance. A function is called with the address of the page. */
export interface DomainOrProxyUrl {
  domain?: string | ((url: URL) => string);
  proxyUrl?: string | ((url: URL) => string);
}

/** Parameters of {@link Clerk.handleEmailLinkVerification}. */
export interface HandleEmailLinkVerificationParams {
  /** Where to go when nothing is left to do. */
  redirectUrlComplete?: string;
  /** Where to go when more is required, e.g. a second factor. */
  redirectUrl?: string;
  /** Called when the link was opened for another device. */
  onVerifiedOnOtherDevice?: () => void;
}

/** An entry of the waitlist. */
export interface Waitlist {
  id: string;
  createdAt: Date;
  updatedAt: Date;
}

/** Parameters of {@link Clerk.authenticateWithWeb3}. */
export type AuthenticateWithWeb3Params = Omit<wire.AuthenticateWithWeb3Params, 'location'> & {
  /** Goes to the steps before the session is active, in place of Clerk's own navigation. */
  customNavigate?: CustomNavigate;
};

/** Parameters of {@link Clerk.authenticateWithMetamask} and its like. */
export type AuthenticateWithWalletParams = Omit<AuthenticateWithWeb3Params, 'strategy'>;

type CustomNavigate = (to: string) => unknown;

/** Parameters of {@link Clerk.setActive}. An absent value is kept, null clears it. */
export interface SetActiveParams {
  session?: Session | string | null;
  /** By object, id or slug. */
  organization?: Organization | string | null;
  /** Where to go afterwards. */
  redirectUrl?: string;
  /** Called in place of a navigation. */
  navigate?: (params: { session: Session; decorateUrl: (url: string) => string }) => unknown;
}

/** Options of {@link Clerk.signOut}. */
export interface SignOutOptions {
  /** The session to sign out of; all of them when absent. */
  sessionId?: string;
  /** Where to go afterwards. */
  redirectUrl?: string;
}

type SignOutCallback = () => unknown;
type StatusHandler = (status: ClerkStatus) => void;

/**
 * Clerk in a webview.
 *
 * @example
 * ```ts
 * const clerk = new Clerk();
 * await clerk.load();
 * clerk.addListener(({ user }) => render(user));
 * ```
 */
export class Clerk extends Components {
  readonly #key: string | undefined;
  /** What the key of the constructor says. */
  readonly #given: PublishableKey | undefined;
  readonly #domain: string | undefined;
  readonly #proxyUrl: string | undefined;
  readonly #mirror = new Mirror((snapshot) => {
    this.#take(snapshot);
  });
  #options: ClerkOptions = {};
  #client: Client | undefined;
  #loading: Promise<void> | undefined;
  #failed = false;
  /** Whether a load was begun after one that failed, and Rust has not said anything about it yet. */
  #retrying = false;
  #lastTouch = 0;
  #hearsOfRedirects: Promise<unknown> | undefined;
  /** How many navigations are under way during which nobody ought to see a session, neither the old nor the new one. */
  #moving = 0;
  #lastStatus: ClerkStatus = 'loading';
  readonly #listeners = new Set<{ call: (resources: Resources) => void }>();
  #statusHandlers: StatusHandler[] = [];

  /**
   * @param publishableKey - not needed when `plugins.clerk.publishableKey` is set; the two must not contradict each other.
   *
   * @throws {@link ClerkRuntimeError} `publishable_key_invalid`, `proxy_url_invalid`
   */
  constructor(publishableKey?: string, options: DomainOrProxyUrl = {}) {
    super();
    const text = (value: string | ((url: URL) => string) | undefined) =>
      typeof value === 'function' ? value(new URL(window.location.href)) : value;
    this.#key = publishableKey?.trim() || undefined;
    this.#given = this.#key === undefined ? undefined : parsePublishableKey(this.#key);
    this.#domain = text(options.domain);
    this.#proxyUrl = text(options.proxyUrl);
    if (this.#proxyUrl) {
      checkProxyUrl(this.#proxyUrl);
    }
  }

  /** This device's client; undefined until it was loaded. */
  get client(): Client | undefined {
    return this.#client;
  }

  /** The active session. */
  get session(): Session | null | undefined {
    return this.#moving > 0 ? undefined : this.#activeSession;
  }

  /** The active session, also while a navigation hides it from the app. */
  get #activeSession(): Session | null | undefined {
    const active = this.#mirror.snapshot?.activeSession;
    if (!active || active.state === 'unknown') {
      return undefined;
    }
    if (active.state === 'none') {
      return null;
    }
    return this.#client?.signedInSessions.find(({ id }) => id === active.sessionId) ?? null;
  }

  /** The user of the active session. */
  get user(): User | null | undefined {
    return this.session && this.session.user;
  }

  /** The active organization of the active session. */
  get organization(): Organization | null | undefined {
    const session = this.session;
    const membership = session?.user?.organizationMemberships.find(
      ({ organization }) => organization.id === session.lastActiveOrganizationId,
    );
    return session && (membership?.organization ?? null);
  }

  /** Whether somebody is signed in with nothing left to do. */
  get isSignedIn(): boolean {
    return !!this.session && this.session.status !== 'pending';
  }

  /** Whether Clerk can be used. */
  get loaded(): boolean {
    return this.status === 'ready' || this.status === 'degraded';
  }

  get status(): ClerkStatus {
    if (this.#failed) {
      return 'error';
    }
    if (this.#retrying) {
      return 'loading';
    }
    return this.#mirror.snapshot?.status ?? 'loading';
  }

  /** The instance's settings; undefined until they were loaded. */
  get environment(): wire.Environment | undefined {
    return this.#mirror.snapshot?.environment ?? undefined;
  }

  /** How often the state has changed; for those who want to show it. */
  get revision(): number {
    return this.#mirror.snapshot?.revision ?? 0;
  }

  get publishableKey(): string | undefined {
    return this.#mirror.snapshot?.publishableKey ?? this.#key;
  }

  get instanceType(): wire.InstanceType | undefined {
    return this.#mirror.snapshot?.instanceType ?? this.#given?.instanceType;
  }

  get domain(): string {
    return this.#mirror.snapshot?.domain ?? this.#domain ?? '';
  }

  get proxyUrl(): string {
    return this.#mirror.snapshot?.proxyUrl ?? this.#proxyUrl ?? '';
  }

  get sdkMetadata(): wire.SdkMetadata {
    return this.#mirror.snapshot?.sdkMetadata ?? { name: 'tauri-plugin-clerk', version: VERSION };
  }

  /** Version of this package. */
  get version(): string {
    return VERSION;
  }

  /** Whether the app is a satellite of another domain; see the option of this name. */
  get isSatellite(): boolean {
    return this.#effectiveOptions.isSatellite ?? false;
  }

  /** The option of this name; nothing is ever sent. Undefined before {@link load} and with `telemetry: false`. */
  get telemetry(): { disabled: boolean; debug: boolean } | undefined {
    if (!this.loaded || this.#options.telemetry === false) {
      return undefined;
    }
    const { disabled = true, debug = false } = this.#effectiveOptions.telemetry ?? {};
    return { disabled, debug };
  }

  /** The options that hold for this window. Rust merges them; until the first snapshot they are the given ones. */
  get #effectiveOptions(): wire.ClerkOptions {
    return this.#mirror.snapshot?.options ?? wireOptions(this.#options);
  }

  get #urls(): Urls {
    const snapshot = this.#mirror.snapshot;
    return new Urls({
      here: window.location.href,
      options: this.#effectiveOptions,
      display: snapshot?.environment?.displayConfig,
      production: snapshot?.instanceType !== 'development',
      frontendApi: snapshot?.frontendApi ?? '',
      loaded: this.loaded,
    });
  }

  /**
   * Loads Clerk, or joins a load that another window has begun. What is known from an earlier run shows at once, with the
   * status `degraded` until Clerk answers. After an error it can be called again; once it has succeeded, a further call and
   * its options change nothing.
   *
   * @throws {@link ClerkRuntimeError} e.g. `publishable_key_missing`, `network_error`, `instance_mismatch`
   * @throws {@link ClerkAPIResponseError} e.g. `native_api_disabled`
   */
  load(options?: ClerkOptions): Promise<void> {
    // Options count until Clerk is loaded; a later call changes nothing.
    if (options && !this.#loading) {
      this.#options = options;
    }
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined;
      this.#failed = true;
      this.#emitStatus();
      throw error;
    });
    return this.#loading;
  }

  async #load(): Promise<void> {
    this.#failed = false;
    this.#retrying = this.#mirror.snapshot?.status === 'error';
    this.#emitStatus();
    await this.#mirror.start();
    // What is known already shows at once, also while Rust still asks Clerk.
    await this.#mirror.sync();
    await (this.#hearsOfRedirects ??= onRedirectFinished(() => {
      this.#finishRedirect().catch((error: unknown) => {
        console.error('[clerk] the sign-in from before the restart could not be finished here', error);
      });
    }));
    const snapshot = await commands.load({
      ...(this.#key !== undefined && { publishableKey: this.#key }),
      ...(this.#domain !== undefined && { domain: this.#domain }),
      ...(this.#proxyUrl !== undefined && { proxyUrl: this.#proxyUrl }),
      ...wireOptions(this.#options),
    });
    this.#mirror.take(snapshot);
    await this.#chooseInitialSession();
    window.addEventListener('focus', this.#touchOnFocus);
    await this.#finishRedirect();
  }

  async #chooseInitialSession(): Promise<void> {
    const select = this.#options.selectInitialSession;
    if (select && this.#client) {
      await commands.chooseInitialSession(select(this.#client)?.id ?? null);
      await this.#mirror.sync();
    }
  }

  /** Tells Clerk that the user is here, every five seconds at most. */
  readonly #touchOnFocus = (): void => {
    const now = Date.now();
    if (!this.session || this.#effectiveOptions.touchSession === false || now - this.#lastTouch < 5000) {
      return;
    }
    this.#lastTouch = now;
    commands.touch().catch((error: unknown) => {
      console.debug('[clerk] the session could not be touched', error);
    });
  };

  /** Goes where a browser flow leads that was finished with no window waiting for it. */
  async #finishRedirect(): Promise<void> {
    try {
      const outcome = await commands.takeRedirectOutcome();
      if (outcome?.navigateTo) {
        await this.navigate(outcome.navigateTo);
      }
    } catch (error) {
      // A window that may not sign anybody in has no flows to finish.
      if (!(isClerkRuntimeError(error) && error.code === 'invoke_failed')) {
        throw error;
      }
    }
  }

  /**
   * Hears of every change of client, session, user and organization. When there is a client already, the listener is
   * called at once.
   *
   * @returns a function that removes the listener.
   */
  addListener(
    listener: (emission: Resources) => void,
    options: { skipInitialEmit?: boolean } = {},
  ): () => void {
    const entry = { call: listener };
    this.#listeners.add(entry);
    if (this.#client && !options.skipInitialEmit) {
      this.#call(entry, this.#client);
    }
    return () => {
      this.#listeners.delete(entry);
    };
  }

  /** Hears of the status. With `notify` the handler is called at once with the present one. */
  on(_event: 'status', handler: StatusHandler, options: { notify?: boolean } = {}): void {
    this.#statusHandlers.push(handler);
    if (options.notify) {
      handler(this.status);
    }
  }

  /** Removes a handler of the status, or all of them. */
  off(_event: 'status', handler?: StatusHandler): void {
    const first = handler ? this.#statusHandlers.indexOf(handler) : -1;
    this.#statusHandlers = handler ? this.#statusHandlers.filter((_, index) => index !== first) : [];
  }

  /**
   * Makes a session and an organization the active ones, for all windows.
   *
   * @throws {@link ClerkRuntimeError} `not_loaded`, `no_active_session`, `network_error`
   */
  async setActive({ session, organization, redirectUrl, navigate }: SetActiveParams): Promise<void> {
    const id = (value: { id: string } | string | null) =>
      typeof value === 'object' ? (value?.id ?? null) : value;
    const target =
      session === undefined ? this.session : this.#client?.sessions.find((one) => one.id === id(session));
    const navigates = !!redirectUrl || !!navigate;
    await this.#whileMoving(navigates && target?.status !== 'pending', async () => {
      const outcome = await commands.setActive({
        ...(session !== undefined && { session: id(session) }),
        ...(organization !== undefined && { organization: id(organization) }),
        ...(redirectUrl !== undefined && { redirectUrl }),
        location: window.location.href,
      });
      await this.#mirror.sync();
      if (!outcome.applied) {
        return;
      }
      const active = this.#activeSession;
      if (navigate && active && outcome.task === null) {
        await navigate({ session: active, decorateUrl: (url) => url });
      } else {
        await this.navigate(outcome.navigateTo);
      }
    });
  }

  /** Hides the session while the app navigates, so that neither a signed-in nor a signed-out page shows for a moment. */
  async #whileMoving(hide: boolean, move: () => Promise<void>): Promise<void> {
    if (!hide) {
      await move();
      return;
    }
    this.#moving += 1;
    this.#emit();
    try {
      await move();
    } finally {
      this.#moving -= 1;
      this.#emit();
    }
  }

  /**
   * Signs out of one session, or of all of them. A callback takes the place of the navigation afterwards. Does nothing
   * when nobody is signed in, or before {@link load}.
   *
   * @throws {@link ClerkRuntimeError} `network_error`
   */
  signOut(options?: SignOutOptions): Promise<void>;
  signOut(callback?: SignOutCallback, options?: SignOutOptions): Promise<void>;
  async signOut(first?: SignOutCallback | SignOutOptions, second?: SignOutOptions): Promise<void> {
    const callback = typeof first === 'function' ? first : undefined;
    const options = (typeof first === 'function' ? second : first) ?? {};
    const { sessionId, redirectUrl } = options;
    if (!this.#isReadyFor('signOut') || this.#client?.sessions.length === 0) {
      return;
    }
    const signedIn = this.#client?.signedInSessions ?? [];
    const leavesHere = !sessionId || signedIn.length === 1 || sessionId === this.session?.id;
    await this.#whileMoving(leavesHere, async () => {
      const outcome = await commands.signOut({
        ...(sessionId !== undefined && { sessionId }),
        ...(redirectUrl !== undefined && { redirectUrl }),
        location: window.location.href,
      });
      await this.#mirror.sync();
      if (outcome.activeSessionEnded && callback) {
        await callback();
      } else {
        await this.navigate(outcome.navigateTo);
      }
    });
  }

  /**
   * Goes to an address: paths of the app through its router, other sites in the system browser.
   */
  async navigate(to: string | null | undefined, options: { replace?: boolean } = {}): Promise<unknown> {
    if (!to) {
      return undefined;
    }
    const host = {
      href: window.location.href,
      routerPush: this.#options.routerPush,
      routerReplace: this.#options.routerReplace,
      allowedProtocols: this.#effectiveOptions.allowedRedirectProtocols ?? [],
      assign: (url: string) => {
        window.location.assign(url);
      },
      openExternal: (url: string) => commands.openExternal(url),
    };
    return await navigate(to, host, options.replace);
  }

  /**
   * Goes on after a browser flow came back. `authenticateWithRedirect` does this by itself. Does nothing before
   * {@link load}.
   *
   * @throws {@link ClerkRuntimeError} `redirect_callback_incomplete`, `network_error`
   * @throws {@link ClerkAPIResponseError}
   */
  async handleRedirectCallback(
    params: wire.RedirectCallbackParams = {},
    customNavigate?: CustomNavigate,
  ): Promise<unknown> {
    if (!this.#isReadyFor('handleRedirectCallback')) {
      return undefined;
    }
    const outcome = await commands.handleRedirectCallback(this.#callback(params));
    return await this.#follow(outcome, customNavigate);
  }

  /** The parameters of a callback, with the page that relative URLs are resolved against. */
  #callback(params: wire.RedirectCallbackParams): wire.RedirectCallbackParams {
    return { location: window.location.href, ...params };
  }

  /** Goes where a flow leads. The last step is Clerk's own; only those before it can be taken over. */
  async #follow(outcome: wire.RedirectOutcome, customNavigate?: CustomNavigate): Promise<unknown> {
    await this.#mirror.sync();
    if (!outcome.navigateTo) {
      return undefined;
    }
    return customNavigate && !outcome.createdSessionId
      ? await customNavigate(outcome.navigateTo)
      : await this.navigate(outcome.navigateTo);
  }

  /**
   * Goes on after an e-mail link led to this page, whose address has `__clerk_status` and `__clerk_created_session`. Links
   * that lead to the app's callback URL are handled without this.
   *
   * @throws {@link EmailLinkError} `expired`, `failed`, `client_mismatch`
   */
  async handleEmailLinkVerification(
    params: HandleEmailLinkVerificationParams,
    customNavigate?: CustomNavigate,
  ): Promise<unknown> {
    if (!this.#isReadyFor('handleEmailLinkVerification')) {
      return undefined;
    }
    const { onVerifiedOnOtherDevice, ...urls } = params;
    const outcome = await commands.handleEmailLinkVerification(window.location.href, urls);
    if (outcome.verifiedOnOtherDevice) {
      onVerifiedOnOtherDevice?.();
      return null;
    }
    return await this.#follow(outcome, customNavigate);
  }

  /**
   * Reads the client again after a backend answered 401, and signs out here when the session is gone. All windows see that
   * at once, so `broadcast` has nothing to do on a desktop.
   */
  async handleUnauthenticated(_options: { broadcast: boolean } = { broadcast: true }): Promise<unknown> {
    await commands.handleUnauthenticated();
    await this.#mirror.sync();
    return undefined;
  }

  /**
   * Puts an e-mail address on the waitlist.
   *
   * @throws {@link ClerkAPIResponseError}
   */
  async joinWaitlist(params: wire.JoinWaitlistParams): Promise<Waitlist> {
    const { id, createdAt, updatedAt } = await commands.joinWaitlist(params);
    return { id, createdAt: new Date(createdAt), updatedAt: new Date(updatedAt) };
  }

  /**
   * Creates an organization, whose admin is the signed-in user. It does not become the active one.
   *
   * @throws {@link ClerkAPIResponseError}
   */
  async createOrganization(params: wire.CreateOrganizationParams): Promise<Organization> {
    const organization = new Organization(await commands.createOrganization(params));
    await this.#mirror.sync();
    return organization;
  }

  /**
   * Reads an organization that the signed-in user belongs to.
   *
   * @throws {@link ClerkAPIResponseError} `resource_not_found`
   */
  async getOrganization(organizationId: string): Promise<Organization | undefined> {
    return new Organization(await commands.getOrganization(organizationId));
  }

  /**
   * Signs in with a wallet, which is asked in the system browser; somebody who has no account yet gets one.
   *
   * @throws {@link ClerkRuntimeError} `web3_wallet_unavailable`, `web3_signature_request_rejected`,
   * `web3_signature_generation_failed`, `web3_solana_wallet_name_required`
   */
  async authenticateWithWeb3({ customNavigate, ...params }: AuthenticateWithWeb3Params): Promise<void> {
    if (!this.#isReadyFor('authenticateWithWeb3')) {
      return;
    }
    const outcome = await commands.authenticateWithWeb3({ location: window.location.href, ...params });
    await this.#follow(outcome, customNavigate);
  }

  /** Signs in with MetaMask; see {@link authenticateWithWeb3}. */
  authenticateWithMetamask(params: AuthenticateWithWalletParams = {}): Promise<void> {
    return this.authenticateWithWeb3({ ...params, strategy: 'web3_metamask_signature' });
  }

  /** Signs in with Coinbase Wallet; see {@link authenticateWithWeb3}. */
  authenticateWithCoinbaseWallet(params: AuthenticateWithWalletParams = {}): Promise<void> {
    return this.authenticateWithWeb3({ ...params, strategy: 'web3_coinbase_wallet_signature' });
  }

  /** Signs in with OKX Wallet; see {@link authenticateWithWeb3}. */
  authenticateWithOKXWallet(params: AuthenticateWithWalletParams = {}): Promise<void> {
    return this.authenticateWithWeb3({ ...params, strategy: 'web3_okx_wallet_signature' });
  }

  /** Signs in with Base; see {@link authenticateWithWeb3}. */
  authenticateWithBase(params: AuthenticateWithWalletParams = {}): Promise<void> {
    return this.authenticateWithWeb3({ ...params, strategy: 'web3_base_signature' });
  }

  /** Signs in with a Solana wallet, which `walletName` names; see {@link authenticateWithWeb3}. */
  authenticateWithSolana(params: AuthenticateWithWalletParams & { walletName: string }): Promise<void> {
    return this.authenticateWithWeb3({ ...params, strategy: 'web3_solana_signature' });
  }

  /** Where the sign-in is, with where to go afterwards in its fragment; empty before {@link load}. */
  buildSignInUrl(options?: RedirectOptions): string {
    return this.#urls.signIn(options);
  }

  /** Where the sign-up is; see {@link buildSignInUrl}. */
  buildSignUpUrl(options?: RedirectOptions): string {
    return this.#urls.signUp(options);
  }

  /** Where the user's profile is. */
  buildUserProfileUrl(): string {
    return this.#urls.userProfile();
  }

  /** Where the organization's profile is. */
  buildOrganizationProfileUrl(): string {
    return this.#urls.organizationProfile();
  }

  /** Where an organization is created. */
  buildCreateOrganizationUrl(): string {
    return this.#urls.createOrganization();
  }

  /** The application's home page, as Clerk's dashboard names it. */
  buildHomeUrl(): string {
    return this.#urls.home();
  }

  /** `to` as it may be gone to. A desktop has no development browser, so `useQueryParam` has nothing to do. */
  buildUrlWithAuth(to: string, _options?: { useQueryParam?: boolean | null }): string {
    return this.#urls.withAuth(to);
  }

  /** Where to go after a sign-in; `params` are parameters of an address, e.g. `redirect_url`. */
  buildAfterSignInUrl({ params }: { params?: URLSearchParams } = {}): string {
    return this.#urls.afterSignIn(Object.fromEntries(params ?? []));
  }

  /** Where to go after a sign-up; see {@link buildAfterSignInUrl}. */
  buildAfterSignUpUrl({ params }: { params?: URLSearchParams } = {}): string {
    return this.#urls.afterSignUp(Object.fromEntries(params ?? []));
  }

  /** Where to go after a sign-out. */
  buildAfterSignOutUrl(): string {
    return this.#urls.afterSignOut();
  }

  /** Where to go after a new subscription: as after a sign-in, unless the option of this name says otherwise. */
  buildNewSubscriptionRedirectUrl(): string {
    return this.#urls.newSubscriptionRedirect();
  }

  /** Where to go after signing out of one of several sessions. */
  buildAfterMultiSessionSingleSignOutUrl(): string {
    return this.#urls.afterMultiSessionSingleSignOut();
  }

  /** Where the waitlist is. */
  buildWaitlistUrl({ initialValues }: { initialValues?: Record<string, string> } = {}): string {
    return this.#urls.waitlist(initialValues);
  }

  /** Where the active session's next task is done; empty without one. */
  buildTasksUrl(options?: RedirectOptions): string {
    return this.#urls.task(this.session?.currentTask?.key, options);
  }

  /**
   * Goes to the app's sign-in. Without one (`signInUrl`) Clerk's hosted sign-in opens in the system browser, and this
   * resolves when the user has come back signed in.
   *
   * @throws {@link ClerkRuntimeError} `hosted_auth_failed`, `oauth_flow_cancelled`, `oauth_flow_superseded`,
   * `oauth_flow_timed_out`
   */
  redirectToSignIn(options: RedirectOptions = {}): Promise<unknown> {
    return this.#urls.hasOwnSignIn()
      ? this.navigate(this.buildSignInUrl(options))
      : this.#hosted('sign-in', options);
  }

  /** Goes to the app's sign-up, or to Clerk's hosted one; see {@link redirectToSignIn}. */
  redirectToSignUp(options: RedirectOptions = {}): Promise<unknown> {
    return this.#urls.hasOwnSignUp()
      ? this.navigate(this.buildSignUpUrl(options))
      : this.#hosted('sign-up', options);
  }

  async #hosted(mode: wire.HostedAuthMode, options: RedirectOptions): Promise<unknown> {
    if (!this.#isReadyFor(mode === 'sign-in' ? 'redirectToSignIn' : 'redirectToSignUp')) {
      return undefined;
    }
    const callback: wire.RedirectCallbackParams = {};
    for (const name of REDIRECTS) {
      const url = options[name];
      if (url) {
        callback[name] = url;
      }
    }
    // As everywhere, the user comes back to where they were when nothing else is said.
    for (const name of ['signInFallbackRedirectUrl', 'signUpFallbackRedirectUrl'] as const) {
      const configured = callback[name] ?? this.#effectiveOptions[name];
      callback[name] = options.redirectUrl || configured || window.location.href;
    }
    return await this.#follow(await commands.startHostedAuth(mode, this.#callback(callback)));
  }

  /** Goes to the user's profile, which opens in the system browser unless it is a page of the app. */
  redirectToUserProfile(): Promise<unknown> {
    return this.navigate(this.buildUserProfileUrl());
  }

  /** Goes to the organization's profile. */
  redirectToOrganizationProfile(): Promise<unknown> {
    return this.navigate(this.buildOrganizationProfileUrl());
  }

  /** Goes to where an organization is created. */
  redirectToCreateOrganization(): Promise<unknown> {
    return this.navigate(this.buildCreateOrganizationUrl());
  }

  /** Goes to where a sign-in leads. */
  redirectToAfterSignIn(): Promise<unknown> {
    return this.navigate(this.buildAfterSignInUrl());
  }

  /** Goes to where a sign-up leads. */
  redirectToAfterSignUp(): Promise<unknown> {
    return this.navigate(this.buildAfterSignUpUrl());
  }

  /** Goes to where a sign-out leads. */
  redirectToAfterSignOut(): Promise<unknown> {
    return this.navigate(this.buildAfterSignOutUrl());
  }

  /** Goes to the waitlist. */
  redirectToWaitlist(): Promise<unknown> {
    return this.navigate(this.buildWaitlistUrl());
  }

  /** Goes to where the active session's next task is done; nowhere without one. */
  redirectToTasks(options?: RedirectOptions): Promise<unknown> {
    return this.navigate(this.buildTasksUrl(options));
  }

  /** Goes to a URL that {@link buildUrlWithAuth} makes. */
  redirectWithAuth(to: string): Promise<unknown> {
    return this.navigate(this.buildUrlWithAuth(to));
  }

  /** Gives up waiting for the browser. False when nothing was waiting. */
  cancelAuthentication(): Promise<boolean> {
    return commands.cancelAuthentication();
  }

  readonly #host: Host = {
    sync: () => this.#mirror.sync(),
    // Only the app's callback URL leads back to the app, so `redirectUrl` is taken and has no say.
    authenticate: async (resource, { redirectUrl: _, redirectUrlComplete, ...params }) => {
      const { callback, flow } = splitCallback(params);
      if (redirectUrlComplete !== undefined) {
        callback.signInFallbackRedirectUrl ??= redirectUrlComplete;
        callback.signUpFallbackRedirectUrl ??= redirectUrlComplete;
      }
      const outcome = await commands.authenticateWithRedirect({
        ...flow,
        resource,
        callback: this.#callback(callback),
      });
      await this.#follow(outcome);
    },
  };

  /** Whether a flow can begin. Clerk's own SDKs do nothing before `load` has finished; here that is said as well. */
  #isReadyFor(method: string): boolean {
    if (!this.loaded) {
      console.warn(`[clerk] ${method}() does nothing before load() has finished: await load() first`);
    }
    return this.loaded;
  }

  #take(snapshot: wire.Snapshot): void {
    if (snapshot.client) {
      if (this.#client) {
        this.#client.take(snapshot.client);
      } else {
        this.#client = new Client(this.#host, snapshot.client);
      }
    }
    this.#retrying = false;
    this.#emitStatus();
    this.#emit();
  }

  #emit(): void {
    if (this.#client) {
      for (const entry of [...this.#listeners]) {
        this.#call(entry, this.#client);
      }
    }
  }

  #emitStatus(): void {
    if (this.status === this.#lastStatus) {
      return;
    }
    this.#lastStatus = this.status;
    for (const handler of [...this.#statusHandlers]) {
      guarded(() => {
        handler(this.status);
      });
    }
  }

  #call(entry: { call: (resources: Resources) => void }, client: Client): void {
    guarded(() => {
      entry.call({ client, session: this.session, user: this.user, organization: this.organization });
    });
  }
}

/** A listener that throws must not keep the others from hearing. */
function guarded(call: () => void): void {
  try {
    call();
  } catch (error) {
    console.error('[clerk] a listener failed', error);
  }
}

const REDIRECTS = [
  'signInForceRedirectUrl',
  'signInFallbackRedirectUrl',
  'signUpForceRedirectUrl',
  'signUpFallbackRedirectUrl',
] as const;

const CALLBACK_PARAMS = [
  'signInUrl',
  'signUpUrl',
  'firstFactorUrl',
  'secondFactorUrl',
  'resetPasswordUrl',
  'continueSignUpUrl',
  'verifyEmailAddressUrl',
  'verifyPhoneNumberUrl',
  'signInProtectCheckUrl',
  'signUpProtectCheckUrl',
  'signInForceRedirectUrl',
  'signInFallbackRedirectUrl',
  'signUpForceRedirectUrl',
  'signUpFallbackRedirectUrl',
  'transferable',
  'reloadResource',
  'continuation',
] as const satisfies (keyof wire.RedirectCallbackParams)[];

/** Tells the parameters of the flow from those of its callback. */
function splitCallback(
  params: Omit<wire.AuthenticateWithRedirectParams, 'resource'> & wire.RedirectCallbackParams,
): {
  callback: wire.RedirectCallbackParams;
  flow: Omit<wire.AuthenticateWithRedirectParams, 'resource'>;
} {
  const entries = Object.entries(params);
  const isCallback = ([key]: [string, unknown]) => (CALLBACK_PARAMS as readonly string[]).includes(key);
  const callback = Object.fromEntries(entries.filter(isCallback)) as wire.RedirectCallbackParams;
  if (params.unsafeMetadata !== undefined) {
    callback.unsafeMetadata = params.unsafeMetadata;
  }
  const flow = Object.fromEntries(entries.filter((entry) => !isCallback(entry))) as typeof params;
  return { callback, flow };
}
