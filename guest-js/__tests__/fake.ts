/** A stand-in for Rust, which responds to commands and emits events. */
import { clearMocks, mockIPC } from '@tauri-apps/api/mocks';

import type {
  Client,
  ClerkOptions,
  LoadOptions,
  Session,
  SetActiveOutcome,
  SignOutOutcome,
  Snapshot,
} from '../bindings';

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

/** The Rust side, for one window. */
export class Fake {
  readonly calls: { command: string; args: Record<string, unknown> }[] = [];
  readonly #handlers = new Map<string, Handler>();
  readonly #listeners = new Map<string, ((event: unknown) => void)[]>();
  state = snapshot();
  /** What the window gave at `load`. */
  #options: ClerkOptions = {};

  constructor() {
    this.on('load', ({ options }) => {
      this.#options = options as LoadOptions;
      return this.#windowState;
    });
    this.on('snapshot', () => this.#windowState);
    this.on('take_redirect_outcome', () => null);
    mockIPC((command, payload) => {
      const args = payload as Record<string, unknown>;
      if (command === 'plugin:event|listen') {
        const { event, handler } = args as unknown as { event: string; handler: number };
        const internals = window as unknown as {
          __TAURI_INTERNALS__: { runCallback(id: number, data: unknown): void };
        };
        const listeners = this.#listeners.get(event) ?? [];
        listeners.push((data) => {
          internals.__TAURI_INTERNALS__.runCallback(handler, data);
        });
        this.#listeners.set(event, listeners);
        return 1;
      }
      const name = command.replace('plugin:clerk|', '');
      this.calls.push({ command: name, args });
      const known = this.#handlers.get(name);
      if (!known) {
        throw new Error(`unexpected command ${command}`);
      }
      return known(args);
    });
  }

  /** The state with the options that hold for the window. */
  get #windowState(): Snapshot {
    return { ...this.state, options: { ...this.state.options, ...this.#options } };
  }

  on(command: string, handler: Handler): void {
    this.#handlers.set(command, handler);
  }

  emit(event: string, payload: unknown): void {
    for (const listener of this.#listeners.get(`plugin:clerk:${event}`) ?? []) {
      listener({ event, id: 1, payload });
    }
  }

  /** Emits a new state, as Rust does. */
  change(state: Snapshot): void {
    this.state = state;
    this.emit('state-changed', { revision: state.revision, status: state.status });
  }

  count(command: string): number {
    return this.calls.filter((call) => call.command === command).length;
  }

  stop(): void {
    clearMocks();
  }
}
