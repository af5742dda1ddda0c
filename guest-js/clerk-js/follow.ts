/**
 * Keeps an instance of clerk-js at the state of Rust.
 *
 * Two revisions say how far it is. `#held` is that of the client that clerk-js holds: clerk-js takes the client of a response by
 * itself, but not who is active, which another window may have changed meanwhile. `#followed` is the revision that it follows in
 * everything.
 */
import { type ActiveSession, type ClerkJsState, events, type FrontendApiResponse } from '../bindings';
import { coalesce } from '../coalesce';
import { listen } from '../ipc';
import { clerkJsState } from '../on-demand-commands';
import { withClaims } from './claims';
import { clientOf, type Envelope, isSameClient, withClient } from './envelope';
import type { ClerkJs } from './packages';
import { Retry } from './retry';
import { fill } from './seam';

/** The client of a device without sessions. */
const NO_CLIENT = {
  object: 'client',
  id: '',
  sessions: [],
  sign_in: null,
  sign_up: null,
  last_active_session_id: null,
  cookie_expires_at: null,
};

/** How long an event waits for the response to a request of this window, which may say the same. */
const RESPONSE_GRACE = 50;

/** What a response says of the state. */
interface Answered {
  revision: number;
  activeSession: ActiveSession;
  /** Whether the revision is the one that changed the client. */
  changesClient: boolean;
}

/** The newest revision that Rust has announced. It starts before the first state is read, so that no change is missed. */
export class Subscription {
  revision = 0;
  onAnnounced: () => void = () => undefined;
  #unlisten: (() => void) | undefined;

  async start(): Promise<void> {
    this.#unlisten = await listen(events.stateChanged, ({ payload }) => {
      const revision = (payload as { revision?: unknown } | null)?.revision;
      if (typeof revision === 'number') {
        this.revision = Math.max(this.revision, revision);
        this.onAnnounced();
      }
    });
  }

  stop(): void {
    this.#unlisten?.();
  }
}

export class Follower {
  readonly #clerk: ClerkJs;
  #state: ClerkJsState;
  /** The newest client that is known, and its revision. */
  #newest: { revision: number; client: unknown };
  /** The client that clerk-js holds: its revision, and it as text. */
  #held: { revision: number; text: string };
  #environment: string;
  #followed: number;
  /** The newest response to a request of this window. */
  #answered: Answered | undefined;
  readonly #requests = new Set<Promise<unknown>>();
  /** How many changes of the active session this window is making. */
  #changing = 0;
  /** Whether one of them is over, and what it has led to was not compared with Rust's state yet. */
  #isUnsure = false;

  readonly #subscription: Subscription;

  constructor(clerk: ClerkJs, state: ClerkJsState, subscription: Subscription) {
    this.#clerk = clerk;
    this.#subscription = subscription;
    this.#state = state;
    this.#newest = state;
    this.#held = { revision: state.revision, text: JSON.stringify(this.client) };
    this.#environment = JSON.stringify(state.environment);
    this.#followed = state.revision;
  }

  /** The newest state that was read. */
  get state(): ClerkJsState {
    return this.#state;
  }

  /** The newest client that is known, as the Frontend API sends it, where each session has claims. */
  get client(): unknown {
    return withClaims(this.#newest.client ?? NO_CLIENT);
  }

  /** Begins to follow: clerk-js has loaded with the state that was given. */
  start(): void {
    this.#subscription.onAnnounced = () => {
      this.#catchUp();
    };
    this.#catchUp();
  }

  /** Reads the state. Resolves when clerk-js is at least as new as the call. */
  readonly sync = coalesce(async () => {
    this.#take(await clerkJsState());
    // A response has overtaken it.
    if (this.#state.revision < this.#newest.revision) {
      this.#take(await clerkJsState());
    }
  });

  readonly #retry = new Retry(() => {
    this.#catchUp();
  }, '[clerk] the state could not be read');

  /** Follows the newest revision that was announced. */
  #catchUp(): void {
    void this.#retry.attempt(() => this.#follow(this.#subscription.revision));
  }

  async #follow(revision: number): Promise<void> {
    if (revision <= this.#followed && !this.#isUnsure) {
      return;
    }
    if (this.#requests.size > 0) {
      const answered = Promise.allSettled(this.#requests);
      await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, RESPONSE_GRACE))]);
    }
    if (this.#isUnsure || (revision > this.#followed && !this.#saysTheSame(revision))) {
      await this.sync();
    }
  }

  /** Whether the newest response has said all that a revision changed. A revision changes one thing. */
  #saysTheSame(revision: number): boolean {
    const answered = this.#answered;
    if (answered?.revision !== revision || !answered.changesClient) {
      return false;
    }
    if (this.#held.revision !== revision || this.#followed !== revision - 1) {
      return false;
    }
    if (this.#changing > 0 || !this.#isActive(answered.activeSession)) {
      return false;
    }
    this.#followed = revision;
    return true;
  }

  #isActive(active: ActiveSession): boolean {
    return active.state !== 'unknown' && (this.#clerk.session?.id ?? null) === idOf(active);
  }

  /** Notes a request of this window. Its response may carry what the next event announces. */
  track<Value>(request: Promise<Value>): Promise<Value> {
    const settled = request.catch(() => undefined).finally(() => this.#requests.delete(settled));
    this.#requests.add(settled);
    return request;
  }

  /**
   * Notes a response. Returns its body with the newest client that is known when clerk-js takes it, because responses and events
   * overtake each other. clerk-js takes it from most changes, from some reads, and from nothing that was aborted.
   */
  answered({ revision, activeSession, body }: FrontendApiResponse): unknown {
    const client = clientOf(body);
    if (!this.#answered || revision > this.#answered.revision) {
      const isNext = !!client && revision === this.#newest.revision + 1;
      const changesClient = isNext && !isSameClient(client, this.#newest.client);
      this.#answered = { revision, activeSession, changesClient };
    }
    if (!client) {
      return body;
    }
    if (revision >= this.#newest.revision) {
      this.#newest = { revision, client };
    }
    return withClient(body as Envelope, () => this.#handOver());
  }

  /** Gives clerk-js the newest client. */
  #handOver(): unknown {
    const { client } = this;
    this.#held = { revision: this.#newest.revision, text: JSON.stringify(client) };
    return client;
  }

  /**
   * Runs a change of the active session by this window, and what others change meanwhile is followed afterwards. When it is over,
   * the window has whom Rust has, also if it failed: clerk-js hides the session, or switches the organization, before it is sure.
   */
  async during<Value>(change: () => Promise<Value>): Promise<Value> {
    this.#changing += 1;
    try {
      return await change();
    } catch (error) {
      // Whatever clerk-js has now is replaced.
      this.#held.text = '';
      throw error;
    } finally {
      this.#changing -= 1;
      this.#isUnsure = true;
      if (this.#changing === 0) {
        await this.#retry.attempt(this.sync);
      }
    }
  }

  #take(state: ClerkJsState): void {
    if (state.revision < this.#state.revision) {
      return;
    }
    this.#state = state;
    if (state.revision <= this.#followed && !this.#isUnsure) {
      return;
    }
    // A state that is older than a response does not know whom that has made active.
    if (state.revision < this.#newest.revision) {
      return;
    }
    this.#newest = state;
    const environmentChanged = this.#takeEnvironment(state.environment);
    const clientChanged = this.#takeClient();
    if (this.#changing > 0) {
      this.#emitIf(clientChanged || environmentChanged);
      return;
    }
    this.#isUnsure = false;
    this.#followed = state.revision;
    const sessionChanged = state.activeSession.state !== 'unknown' && this.#takeSession(state.activeSession);
    this.#emitIf(clientChanged || environmentChanged || sessionChanged);
  }

  #takeEnvironment(environment: unknown): boolean {
    const text = JSON.stringify(environment);
    if (!environment || text === this.#environment) {
      return false;
    }
    this.#environment = text;
    fill(this.#clerk.__internal_environment, environment);
    return true;
  }

  /** Whether the client was another one. An equal one is not taken, because all hooks of an app would run again. */
  #takeClient(): boolean {
    const { text } = this.#held;
    const client = this.#handOver();
    if (this.#held.text === text) {
      return false;
    }
    fill(this.#clerk.client, client);
    return true;
  }

  #takeSession(active: ActiveSession): boolean {
    const clerk = this.#clerk;
    const id = idOf(active);
    // It is undefined while clerk-js hides it.
    if (clerk.session !== undefined && (clerk.session?.id ?? null) === id) {
      return false;
    }
    // clerk-js derives user and organization from it when the client is updated.
    clerk.session = clerk.client?.signedInSessions.find((session) => session.id === id) ?? null;
    if (!clerk.session) {
      clerk.user = clerk.organization = null;
    }
    return true;
  }

  #emitIf(changed: boolean): void {
    if (changed && this.#clerk.client) {
      this.#clerk.updateClient(this.#clerk.client);
    }
  }
}

function idOf(active: ActiveSession): string | null {
  return active.state === 'session' ? active.sessionId : null;
}
