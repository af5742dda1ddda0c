/**
 * The `Clerk` class: the same names as in Clerk's own SDKs, on a state that Rust owns.
 */
import type * as wire from './bindings';
import { ClerkRuntimeError, isClerkRuntimeError } from './errors';
import { commands, onRedirectFinished } from './ipc';
import { Mirror } from './mirror';
import { navigate, type RouterFn } from './navigation';
import { Client } from './resources/client';
import type { Host } from './resources/host';
import type { Organization } from './resources/organization';
import type { Session } from './resources/session';
import type { User } from './resources/user';

/** `loading`, `ready`, `degraded` or `error`. */
export type ClerkStatus = wire.Status;

/** What listeners are given. `undefined` is not known yet, `null` is known to be nobody. */
export interface Resources {
  client: Client;
  session: Session | null | undefined;
  user: User | null | undefined;
  organization: Organization | null | undefined;
}

/** Options of {@link Clerk.load}. */
export interface ClerkOptions {
  /** Goes to a path of the app. */
  routerPush?: RouterFn;
  /** Goes to a path of the app in place of the present one. */
  routerReplace?: RouterFn;
  /** Where to go after a sign-out. */
  afterSignOutUrl?: string;
  /** Protocols beside http and https that may be navigated to, e.g. `my-app:`. */
  allowedRedirectProtocols?: string[];
}

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
export class Clerk {
  readonly #key: string | undefined;
  readonly #domain: string | undefined;
  readonly #proxyUrl: string | undefined;
  readonly #mirror = new Mirror((snapshot) => {
    this.#take(snapshot);
  });
  #options: ClerkOptions = {};
  #client: Client | undefined;
  #loading: Promise<void> | undefined;
  #failed = false;
  #lastStatus: ClerkStatus = 'loading';
  readonly #listeners = new Set<{ call: (resources: Resources) => void }>();
  #statusHandlers: StatusHandler[] = [];

  /**
   * @param publishableKey - not needed when `plugins.clerk.publishableKey` is set; the two must not contradict each other.
   */
  constructor(publishableKey?: string, options: { domain?: string; proxyUrl?: string } = {}) {
    this.#key = publishableKey;
    this.#domain = options.domain;
    this.#proxyUrl = options.proxyUrl;
  }

  /** This device's client; undefined until it was loaded. */
  get client(): Client | undefined {
    return this.#client;
  }

  /** The active session. */
  get session(): Session | null | undefined {
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
    return this.#mirror.snapshot?.instanceType ?? undefined;
  }

  get domain(): string {
    return this.#mirror.snapshot?.domain ?? this.#domain ?? '';
  }

  get proxyUrl(): string {
    return this.#mirror.snapshot?.proxyUrl ?? this.#proxyUrl ?? '';
  }

  get sdkMetadata(): wire.SdkMetadata | undefined {
    return this.#mirror.snapshot?.sdkMetadata;
  }

  /** Version of the plugin; empty before {@link load}. */
  get version(): string {
    return this.#mirror.snapshot?.version ?? '';
  }

  /**
   * Loads Clerk, or joins a load that another window has begun. After an error it can be called again.
   *
   * @throws {@link ClerkRuntimeError} e.g. `publishable_key_missing`, `network_error`, `instance_mismatch`
   * @throws {@link ClerkAPIResponseError} e.g. `native_api_disabled`
   */
  load(options?: ClerkOptions): Promise<void> {
    if (options) {
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
    await this.#mirror.start();
    await onRedirectFinished(() => {
      this.#finishRedirect().catch((error: unknown) => {
        console.error('[clerk] the sign-in from before the restart could not be finished here', error);
      });
    });
    const snapshot = await commands.load({
      ...(this.#key !== undefined && { publishableKey: this.#key }),
      ...(this.#domain !== undefined && { domain: this.#domain }),
      ...(this.#proxyUrl !== undefined && { proxyUrl: this.#proxyUrl }),
    });
    this.#mirror.take(snapshot);
    await this.#finishRedirect();
  }

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
    await commands.setActive({
      ...(session !== undefined && { session: id(session) }),
      ...(organization !== undefined && { organization: id(organization) }),
    });
    await this.#mirror.sync();
    if (navigate && this.session) {
      await navigate({ session: this.session, decorateUrl: (url) => url });
    } else if (redirectUrl) {
      await this.navigate(redirectUrl);
    }
  }

  /**
   * Signs out of one session, or of all of them. A callback takes the place of the navigation afterwards.
   *
   * @throws {@link ClerkRuntimeError} `not_loaded`, `network_error`
   */
  signOut(options?: SignOutOptions): Promise<void>;
  signOut(callback?: SignOutCallback, options?: SignOutOptions): Promise<void>;
  async signOut(first?: SignOutCallback | SignOutOptions, second?: SignOutOptions): Promise<void> {
    const callback = typeof first === 'function' ? first : undefined;
    const options = (typeof first === 'function' ? second : first) ?? {};
    const { sessionId } = options;
    if (this.#client?.sessions.length === 0) {
      return;
    }
    const signedIn = this.#client?.signedInSessions ?? [];
    const leavesHere = !sessionId || signedIn.length === 1 || sessionId === this.session?.id;
    await commands.signOut(sessionId === undefined ? {} : { sessionId });
    await this.#mirror.sync();
    if (!leavesHere) {
      return;
    }
    if (callback) {
      await callback();
    } else {
      await this.navigate(options.redirectUrl ?? this.#options.afterSignOutUrl ?? '/');
    }
  }

  /**
   * Goes to an address: paths of the app through its router, other sites in the system browser.
   */
  async navigate(to: string | undefined, options: { replace?: boolean } = {}): Promise<unknown> {
    if (!to) {
      return undefined;
    }
    const host = {
      href: window.location.href,
      routerPush: this.#options.routerPush,
      routerReplace: this.#options.routerReplace,
      allowedProtocols: this.#options.allowedRedirectProtocols ?? [],
      assign: (url: string) => {
        window.location.assign(url);
      },
      openExternal: (url: string) => commands.openExternal(url),
    };
    return await navigate(to, host, options.replace);
  }

  /**
   * Goes on after a browser flow came back. `authenticateWithRedirect` does this by itself.
   *
   * @throws {@link ClerkRuntimeError} `not_loaded`, `redirect_callback_incomplete`
   */
  async handleRedirectCallback(
    params: wire.RedirectCallbackParams = {},
    customNavigate?: (to: string) => Promise<unknown>,
  ): Promise<unknown> {
    const outcome = await commands.handleRedirectCallback(params);
    await this.#mirror.sync();
    if (!outcome.navigateTo) {
      return undefined;
    }
    // The last step after a sign-in is Clerk's own; only the steps before it can be taken over.
    return customNavigate && !outcome.createdSessionId
      ? await customNavigate(outcome.navigateTo)
      : await this.navigate(outcome.navigateTo);
  }

  /** Gives up waiting for the browser. False when nothing was waiting. */
  cancelAuthentication(): Promise<boolean> {
    return commands.cancelAuthentication();
  }

  readonly #host: Host = {
    sync: () => this.#mirror.sync(),
    authenticate: async (resource, { redirectUrlComplete, ...params }) => {
      const { callback, flow } = splitCallback(params);
      if (redirectUrlComplete !== undefined) {
        callback.signInFallbackRedirectUrl ??= redirectUrlComplete;
        callback.signUpFallbackRedirectUrl ??= redirectUrlComplete;
      }
      const outcome = await commands.authenticateWithRedirect({ ...flow, resource, callback });
      await this.#mirror.sync();
      if (outcome.navigateTo) {
        await this.navigate(outcome.navigateTo);
      }
    },
    requiredId: (id, before) => {
      if (!id) {
        throw new ClerkRuntimeError(`nothing is in progress: call ${before} first`, {
          code: 'attempt_not_started',
        });
      }
      return id;
    },
  };

  #take(snapshot: wire.Snapshot): void {
    if (snapshot.client) {
      if (this.#client) {
        this.#client.take(snapshot.client);
      } else {
        this.#client = new Client(this.#host, snapshot.client);
      }
    }
    if (snapshot.status !== 'error') {
      this.#failed = false;
    }
    this.#emitStatus();
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
