/** A stand-in for Rust, which responds to commands and emits events. */
import { clearMocks, mockIPC } from '@tauri-apps/api/mocks';

import type {
  ActiveSession,
  ClerkJsState,
  Client,
  ClerkOptions,
  FrontendApiRequest,
  FrontendApiResponse,
  LoadOptions,
  Session,
  SetActiveOutcome,
  SignOutOutcome,
  Snapshot,
  Value,
} from '../bindings';

import type { Patch } from '../patch';
import type { Update } from '../updates';

/** Key of the invented instance `clerk.example.test`, development. */
export const KEY = 'pk_test_Y2xlcmsuZXhhbXBsZS50ZXN0JA';

type Handler = (args: Record<string, unknown>) => unknown;

export function session(id: string, status = 'active'): Session {
  return {
    id,
    status,
    expireAt: 0,
    abandonAt: 0,
    lastActiveAt: 0,
    lastActiveOrganizationId: null,
    actor: null,
    tasks: [],
    factorVerificationAge: null,
    user: {
      id: `user_of_${id}`,
      firstName: 'Ada',
      lastName: 'Lovelace',
      organizationMemberships: [],
      emailAddresses: [],
      phoneNumbers: [],
      web3Wallets: [],
      externalAccounts: [],
      enterpriseAccounts: [],
      passkeys: [],
    } as unknown as Session['user'],
    publicUserData: null,
    createdAt: 0,
    updatedAt: 0,
  };
}

export function client(...sessions: Session[]): Client {
  return {
    id: 'client_1',
    sessions,
    signIn: null,
    signUp: null,
    lastActiveSessionId: null,
    lastAuthenticationStrategy: null,
    captchaBypass: false,
    cookieExpiresAt: null,
    createdAt: 0,
    updatedAt: 0,
  };
}

export function snapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    revision: 1,
    status: 'ready',
    error: null,
    publishableKey: KEY,
    frontendApi: 'clerk.example.test',
    instanceType: 'development',
    domain: '',
    proxyUrl: '',
    sdkMetadata: { name: 'tauri-plugin-clerk', version: '1', environment: 'test' },
    version: '1',
    options: {},
    client: client(),
    activeSession: { state: 'none' },
    environment: null,
    entitlements: {},
    ...changes,
  };
}

export function signedIn(revision: number, id = 'sess_1'): Snapshot {
  return snapshot({
    revision,
    client: client(session(id)),
    activeSession: { state: 'session', sessionId: id },
  });
}

/** What `set_active` returns. */
export function activated(changes: Partial<SetActiveOutcome> = {}): SetActiveOutcome {
  return { applied: true, task: null, navigateTo: null, ...changes };
}

/** What `sign_out` returns when the active session ended. */
export function signedOut(navigateTo = '/'): SignOutOutcome {
  return { activeSessionEnded: true, navigateTo };
}

/** An error response of the Frontend API. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly errors: { code: string; message: string; long_message?: string; meta?: object }[],
    readonly retryAfter: number | null = null,
  ) {
    super('refused');
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The patch between two values; lists are replaced. */
function difference(old: unknown, value: unknown): Patch {
  if (!isObject(old) || !isObject(value)) {
    return { set: value };
  }
  const changed = Object.keys(value).filter(
    (name) => JSON.stringify(old[name]) !== JSON.stringify(value[name]),
  );
  return {
    in: Object.fromEntries(changed.map((name) => [name, difference(old[name], value[name])])),
    gone: Object.keys(old).filter((name) => !(name in value)),
  };
}

/** The commands that use the app's port for passkeys. Unless a test has one, they say so and do not count as calls. */
const NATIVE_PASSKEYS = [
  'sign_in_with_passkey',
  'attempt_sign_in_with_passkey',
  'verify_session_with_passkey',
  'register_passkey',
];

const isPage = typeof window !== 'undefined';
const addEventListener = isPage ? window.addEventListener.bind(window) : () => undefined;

/** The Rust side, for one window. */
export class Fake {
  readonly calls: { command: string; args: Record<string, unknown> }[] = [];
  readonly #handlers = new Map<string, Handler>();
  #listeners: { event: string; id: number; call: (event: unknown) => void }[] = [];
  #listenerId = 0;
  state = snapshot();
  /** The client and the environment as the Frontend API sends them. */
  raw: { client: Value; environment: Value } = { client: null, environment: null };
  readonly #routes = new Map<string, (request: FrontendApiRequest) => unknown>();
  /** The states that the window got, by their handles. */
  readonly #known = new Map<number, Snapshot>();
  readonly #pageListeners: Parameters<typeof addEventListener>[] = [];
  /** The newest update, until the window was told of it. */
  #sent: { from: number; to: number } | undefined;
  /** What the window gave at `load`. */
  #options: ClerkOptions = {};

  constructor() {
    if (isPage) {
      window.addEventListener = (...listener: Parameters<typeof addEventListener>) => {
        this.#pageListeners.push(listener);
        addEventListener(...listener);
      };
    }
    this.on('load', ({ options }) => {
      this.#options = options as LoadOptions;
      return this.#whole();
    });
    this.on('snapshot', ({ since }) => {
      const known = this.#known.get(since as number);
      if (since === null) {
        return { ...this.#whole(), handle: 0 };
      }
      if (!known) {
        return this.#whole();
      }
      if (known.revision === this.#windowState.revision) {
        return null;
      }
      const sent = this.#sent;
      if (sent && sent.from === since && this.#known.get(sent.to)?.revision === this.#windowState.revision) {
        this.#sent = undefined;
        return { sent: sent.to };
      }
      return { changes: difference(known, this.#whole()) };
    });
    this.on('take_redirect_outcome', () => null);
    this.on('clerk_js_state', () => this.clerkJsState);
    this.on('frontend_api', ({ request }) => this.#respond(request as FrontendApiRequest));
    mockIPC((command, payload) => {
      const args = payload as Record<string, unknown>;
      if (command === 'plugin:event|listen') {
        const { event, handler } = args as unknown as { event: string; handler: number };
        const internals = window as unknown as {
          __TAURI_INTERNALS__: { runCallback(id: number, data: unknown): void };
        };
        const id = (this.#listenerId += 1);
        this.#listeners.push({
          event,
          id,
          call: (data) => {
            internals.__TAURI_INTERNALS__.runCallback(handler, data);
          },
        });
        return id;
      }
      if (command === 'plugin:event|unlisten') {
        this.#listeners = this.#listeners.filter(({ id }) => id !== args['eventId']);
        return null;
      }
      const name = command.replace('plugin:clerk|', '');
      const known = this.#handlers.get(name);
      if (!known && NATIVE_PASSKEYS.includes(name)) {
        throw Object.assign(new Error('no port'), { kind: 'runtime', code: 'passkey_not_supported' });
      }
      this.calls.push({ command: name, args });
      if (!known) {
        throw new Error(`unexpected command ${command}`);
      }
      return known(args);
    });
  }

  /** The state with its handle. */
  #whole(): Snapshot & { handle: number } {
    const handle = this.#known.size + 1;
    const state = { handle, ...structuredClone(this.#windowState) };
    this.#known.set(handle, state);
    return state;
  }

  /** The state with the options that hold for the window. */
  get #windowState(): Snapshot {
    return { ...this.state, options: { ...this.state.options, ...this.#options } };
  }

  get clerkJsState(): ClerkJsState {
    const { revision, status, publishableKey, proxyUrl, domain, activeSession } = this.state;
    const callbackUrl = 'my-app://callback';
    const key = publishableKey ?? '';
    return {
      revision,
      status,
      publishableKey: key,
      proxyUrl,
      domain,
      callbackUrl,
      activeSession,
      ...this.raw,
    };
  }

  /** Scripts an operation of the Frontend API, e.g. `POST /client/sign_ins`. It returns the body, or throws a {@link Refusal}. */
  api(operation: string, respond: (request: FrontendApiRequest) => unknown): void {
    this.#routes.set(operation, respond);
  }

  async #respond(request: FrontendApiRequest): Promise<FrontendApiResponse> {
    const respond = this.#routes.get(`${request.method} ${request.path}`);
    if (!respond) {
      throw new Error(`unexpected request ${request.method} ${request.path}`);
    }
    // Rust runs commands apart from the webview.
    await Promise.resolve();
    let status = 200;
    let response: unknown;
    try {
      response = await respond(request);
    } catch (error) {
      if (!(error instanceof Refusal)) {
        throw error;
      }
      status = error.status;
      const { revision, activeSession } = this.state;
      const body = { errors: error.errors, meta: { client: this.raw.client } } as Value;
      return { status, retryAfter: error.retryAfter, body, revision, activeSession };
    }
    const { revision, activeSession } = this.state;
    const body = { response, client: this.raw.client } as Value;
    return { status, retryAfter: null, body, revision, activeSession };
  }

  /** The requests to the Frontend API. */
  get requests(): FrontendApiRequest[] {
    const calls = this.calls.filter(({ command }) => command === 'frontend_api');
    return calls.map(({ args }) => args['request'] as FrontendApiRequest);
  }

  /** The next revision: a client, and who is active. */
  advance(client: Value, activeSession: ActiveSession = this.state.activeSession): void {
    this.raw = { ...this.raw, client };
    this.change({ ...this.state, revision: this.state.revision + 1, activeSession });
  }

  on(command: string, handler: Handler): void {
    this.#handlers.set(command, handler);
  }

  emit(event: string, payload: unknown): void {
    for (const { id, call } of this.#listeners.filter((one) => one.event === `plugin:clerk:${event}`)) {
      call({ event, id, payload });
    }
  }

  /** Makes a new state and sends what has changed, as Rust does. `isLost`: the page does not get it. */
  change(state: Snapshot, { isLost = false } = {}): void {
    this.state = state;
    this.emit('state-changed', { revision: state.revision, status: state.status });
    const from = this.#known.size;
    const old = this.#known.get(from);
    if (!old) {
      return;
    }
    const now = this.#whole();
    this.#sent = { from, to: now.handle };
    if (!isLost) {
      this.update({ since: from, changes: difference(old, now) });
    }
  }

  /** Sends an update. */
  update(update: Update): void {
    window.dispatchEvent(new CustomEvent('tauri-plugin-clerk.update', { detail: structuredClone(update) }));
  }

  count(command: string): number {
    return this.calls.filter((call) => call.command === command).length;
  }

  /** Ends the page. */
  stop(): void {
    if (isPage) {
      window.addEventListener = addEventListener;
      this.#pageListeners.forEach(([type, listener]) => {
        window.removeEventListener(type, listener);
      });
    }
    clearMocks();
  }
}
