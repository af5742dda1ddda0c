/** The `Clerk` class: the names of Clerk's own SDKs, on a state that Rust owns. The other groups are in `class/`. */
import type * as wire from './bindings';
import * as commands from './bindings';
import { type Context, isReadyFor } from './class/context';
import { Flows } from './class/flows';
import type { ClerkStatus, Resources, SetActiveParams, SignOutOptions } from './class/types';
import { isClerkAPIResponseError, isClerkRuntimeError } from './errors';
import { importOnDemand } from './import-on-demand';
import { onRedirectFinished } from './ipc';
import { Listeners, notify } from './listeners';
import { Mirror } from './mirror';
import { type ClerkOptions, wireOptions } from './options';
import { Client } from './resources/client';
import type { Organization } from './resources/organization';
import type { Session } from './resources/session';
import type { User } from './resources/user';
import { Urls } from './urls';

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
export class Clerk extends Flows {
  readonly #mirror = new Mirror((snapshot) => {
    this.#take(snapshot);
  });
  /** The options that this window gave. */
  #options: ClerkOptions = {};
  #client: Client | undefined;
  #loading: Promise<void> | undefined;
  /** Resolves when a load has succeeded. */
  #succeed: () => void = () => undefined;
  readonly #succeeded = new Promise<void>((resolve) => {
    this.#succeed = resolve;
  });
  #failed = false;
  /** Whether the load failed because Clerk could not be reached, which Rust retries by itself. */
  #awaitsRecovery = false;
  /** Whether a load was started after a failed one and Rust has not responded yet. */
  #retrying = false;
  #lastTouch = 0;
  #redirectListener: Promise<unknown> | undefined;
  /** How many navigations hide the session at present. */
  #navigations = 0;
  #lastStatus: ClerkStatus = 'loading';
  readonly #listeners = new Listeners<Resources>();
  readonly #statusHandlers = new Listeners<ClerkStatus>();

  readonly #context: Context = {
    snapshot: () => this.#mirror.snapshot,
    options: () => this.#effectiveOptions,
    urls: () => {
      const snapshot = this.#mirror.snapshot;
      return new Urls({
        here: window.location.href,
        options: this.#effectiveOptions,
        display: snapshot?.environment?.displayConfig,
        production: snapshot?.instanceType !== 'development',
        frontendApi: snapshot?.frontendApi ?? '',
        loaded: this.loaded,
      });
    },
    session: () => this.session,
    sync: () => this.#mirror.sync(),
    navigate: (to) => this.navigate(to),
    loaded: () => this.loaded,
    whenLoaded: () => this.#succeeded,
    given: () => this.#options,
    entitlements: (id) => this.#mirror.entitlements(id),
  };

  /** @internal */
  override get context(): Context {
    return this.#context;
  }

  /** This device's client; undefined until it was loaded. */
  get client(): Client | undefined {
    return this.#client;
  }

  /** The active session. */
  get session(): Session | null | undefined {
    return this.#navigations > 0 ? undefined : this.#activeSession;
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

  /** Whether a session is active that has no task left. */
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

  /** The number of changes of the state so far. */
  get revision(): number {
    return this.#mirror.snapshot?.revision ?? 0;
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

  /**
   * Loads Clerk, or joins a load that another window has started. The state restored from an earlier run shows at once,
   * with the status `degraded` until Clerk responds. After an error it can be called again; once it has succeeded,
   * further calls and their options have no effect.
   *
   * @throws {@link ClerkRuntimeError} e.g. `publishable_key_missing`, `network_error`, `instance_mismatch`
   * @throws {@link ClerkAPIResponseError} e.g. `native_api_disabled`
   */
  load(options?: ClerkOptions): Promise<void> {
    if (options && !this.#loading) {
      this.#options = options;
    }
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined;
      this.#failed = true;
      this.#awaitsRecovery = isTransient(error);
      this.#emitStatus();
      throw error;
    });
    return this.#loading;
  }

  async #load(): Promise<void> {
    this.#failed = false;
    this.#awaitsRecovery = false;
    this.#retrying = this.#mirror.snapshot?.status === 'error';
    this.#emitStatus();
    // Shows a known state while Rust is still waiting for Clerk.
    await this.#mirror.start();
    await this.#listenForRedirects();
    const options = { ...this.given, ...wireOptions(this.#options) };
    const snapshot = await commands.load(options, this.#mirror.handle);
    this.#mirror.take(snapshot);
    await this.#chooseInitialSession();
    window.addEventListener('focus', this.#touchOnFocus);
    this.#succeed();
    await this.#finishRedirect();
  }

  /** Continues flows that no caller is waiting for. Calling it again does nothing, unless it failed. */
  #listenForRedirects(): Promise<unknown> {
    this.#redirectListener ??= onRedirectFinished(() => {
      this.#finishRedirect().catch((error: unknown) => {
        console.error('[clerk] the flow could not be continued', error);
      });
    }).catch((error: unknown) => {
      this.#redirectListener = undefined;
      throw error;
    });
    return this.#redirectListener;
  }

  async #chooseInitialSession(): Promise<void> {
    const select = this.#options.selectInitialSession;
    if (select && this.#client) {
      await commands.chooseInitialSession(select(this.#client)?.id ?? null);
      await this.#mirror.sync();
    }
  }

  /** Reports that the user is active, every five seconds at most. */
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

  /** Navigates to where a browser flow leads that finished while no window was waiting for it. */
  async #finishRedirect(): Promise<void> {
    try {
      let outcome = await commands.takeRedirectOutcome();
      while (outcome) {
        // Asking again confirms that this page got the outcome. If the page is reloaded before that, the next one gets it.
        [outcome] = await Promise.all([commands.takeRedirectOutcome(), this.navigate(outcome.navigateTo)]);
      }
    } catch (error) {
      // A window without permission to sign in has no flows to finish.
      if (!(isClerkRuntimeError(error) && error.code === 'invoke_failed')) {
        throw error;
      }
    }
  }

  /**
   * Calls the listener with every change of client, session, user and organization, and at once when there is a client
   * already.
   *
   * @returns a function that removes the listener.
   */
  addListener(
    listener: (emission: Resources) => void,
    options: { skipInitialEmit?: boolean } = {},
  ): () => void {
    const remove = this.#listeners.add(listener);
    if (this.#client && !options.skipInitialEmit) {
      notify(listener, this.#resources(this.#client));
    }
    return remove;
  }

  /** Calls the handler with every new status. With `notify`, it is also called at once with the present one. */
  on(_event: 'status', handler: (status: ClerkStatus) => void, options: { notify?: boolean } = {}): void {
    this.#statusHandlers.add(handler);
    if (options.notify) {
      handler(this.status);
    }
  }

  /** Removes a handler of the status, or all of them. */
  off(_event: 'status', handler?: (status: ClerkStatus) => void): void {
    this.#statusHandlers.remove(handler);
  }

  /**
   * Makes a session and an organization the active ones, for all windows. If a task of the session is left, the app
   * navigates to the page for it.
   *
   * @throws {@link ClerkRuntimeError} `not_loaded`, `no_active_session`, `network_error`
   */
  async setActive({ session, organization, redirectUrl, navigate }: SetActiveParams): Promise<void> {
    const id = (value: { id: string } | string | null) =>
      typeof value === 'object' ? (value?.id ?? null) : value;
    const target =
      session === undefined ? this.session : this.#client?.sessions.find((one) => one.id === id(session));
    const navigates = !!redirectUrl || !!navigate;
    await this.#whileNavigating(navigates && target?.status !== 'pending', async () => {
      const outcome = await commands.setActive({
        ...(session !== undefined && { session: id(session) }),
        ...(organization !== undefined && { organization: id(organization) }),
        ...(redirectUrl !== undefined && { redirectUrl }),
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

  /** Hides the session while the app navigates, so that no page flashes that is about to be left. */
  async #whileNavigating(hide: boolean, run: () => Promise<void>): Promise<void> {
    if (!hide) {
      await run();
      return;
    }
    this.#navigations += 1;
    this.#emit();
    try {
      await run();
    } finally {
      this.#navigations -= 1;
      this.#emit();
    }
  }

  /**
   * Signs out of one session, or of all of them. The callback replaces the navigation afterwards. Does nothing without
   * a session, or before {@link load}. Works without a network: Clerk is told later.
   *
   * @throws {@link ClerkRuntimeError} those of {@link navigate}, after the sign-out
   */
  signOut(options?: SignOutOptions): Promise<void>;
  signOut(callback?: () => unknown, options?: SignOutOptions): Promise<void>;
  async signOut(first?: (() => unknown) | SignOutOptions, second?: SignOutOptions): Promise<void> {
    const callback = typeof first === 'function' ? first : undefined;
    const { sessionId, redirectUrl } = (typeof first === 'function' ? second : first) ?? {};
    if (!isReadyFor(this.#context, 'signOut') || this.#client?.sessions.length === 0) {
      return;
    }
    const isLast = this.#client?.signedInSessions.length === 1;
    await this.#whileNavigating(!sessionId || isLast || sessionId === this.session?.id, async () => {
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
   * Navigates to a URL: to pages of the app through its router, to other sites in the system browser. Does nothing
   * without a URL. Other sites must be named by Clerk or the app's configuration.
   *
   * @throws {@link ClerkRuntimeError} `url_not_allowed`, `open_external_rate_limited`, `browser_unavailable`
   */
  async navigate(to: string | null | undefined, options: { replace?: boolean } = {}): Promise<unknown> {
    if (!to) {
      return undefined;
    }
    const { navigate, openExternal } = await importOnDemand();
    return await navigate(
      to,
      {
        href: window.location.href,
        routerPush: this.#options.routerPush,
        routerReplace: this.#options.routerReplace,
        // As Rust accepted them: it knows the app's own schemes.
        allowedProtocols: this.#mirror.snapshot?.options.allowedRedirectProtocols ?? [],
        assign: (url) => {
          window.location.assign(url);
        },
        openExternal,
      },
      options.replace,
    );
  }

  #take(snapshot: wire.Snapshot): void {
    if (snapshot.client) {
      if (this.#client) {
        this.#client.update(snapshot.client);
      } else {
        this.#client = new Client(snapshot.client, this.#context);
      }
    }
    this.#retrying = false;
    if (this.#awaitsRecovery && (snapshot.status === 'ready' || snapshot.status === 'degraded')) {
      this.load().catch((error: unknown) => {
        console.error('[clerk] the load could not be completed', error);
      });
    }
    this.#emitStatus();
    this.#emit();
  }

  #emit(): void {
    if (this.#client) {
      this.#listeners.notify(this.#resources(this.#client));
    }
  }

  #emitStatus(): void {
    if (this.status !== this.#lastStatus) {
      this.#lastStatus = this.status;
      this.#statusHandlers.notify(this.status);
    }
  }

  #resources(client: Client): Resources {
    return { client, session: this.session, user: this.user, organization: this.organization };
  }
}

/** Whether Rust retries a load that failed with this error. */
function isTransient(error: unknown): boolean {
  if (isClerkAPIResponseError(error)) {
    return error.status === 429 || error.status >= 500;
  }
  return isClerkRuntimeError(error) && (error.code === 'network_error' || error.code === 'decode_error');
}
