/**
 * Keeps an instance of clerk-js at the state of Rust.
 *
 * Two counters say how far it is. `#held` is the revision of the client that clerk-js holds: clerk-js takes the client of a
 * response by itself, but not who is active, which another window may have changed meanwhile. `#followed` is the revision that
 * it follows in everything.
 */
import { type ActiveSession, clerkJsState, type ClerkJsState, type FrontendApiResponse } from '../bindings';
import { coalesce } from '../coalesce';
import { onStateChanged } from '../ipc';
import { withClaims } from './claims';
import type { ClerkJs } from './packages';
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

/** A response of FAPI, or the part of it that has a client. */
interface Envelope {
  client?: unknown;
  meta?: { client?: unknown };
}

/** The newest revision that Rust has announced. It starts before the first state is read, so that no change is missed. */
export class Subscription {
  revision = 0;
  onAnnounced: () => void = () => undefined;
  #unlisten: (() => void) | undefined;

  async start(): Promise<void> {
    this.#unlisten = await onStateChanged((revision) => {
      this.revision = Math.max(this.revision, revision);
      this.onAnnounced();
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
  /** The client that clerk-js holds, as text. */
  #text: string;
  #environment: string;
  #held: number;
  #followed: number;
  /** The newest response to a request of this window. */
  #answered: { revision: number; activeSession: ActiveSession } | undefined;
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
    this.#text = JSON.stringify(this.client);
    this.#environment = JSON.stringify(state.environment);
    this.#held = this.#followed = state.revision;
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
  });

  /** Follows the newest revision that was announced. */
  #catchUp(): void {
    this.#follow(this.#subscription.revision).catch(failedToRead);
  }

  async #follow(revision: number): Promise<void> {
    if (revision <= this.#followed) {
      return;
    }
    if (this.#requests.size > 0) {
      const answered = Promise.allSettled(this.#requests);
      await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, RESPONSE_GRACE))]);
    }
    if (revision > this.#followed && !this.#saysTheSame(revision)) {
      await this.sync();
    }
  }

  /** Whether the newest response has said all that a revision changed. */
  #saysTheSame(revision: number): boolean {
    const answered = this.#answered;
    if (answered?.revision !== revision || this.#held !== revision || this.#followed !== revision - 1) {
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
   * Notes a response, whose client clerk-js is about to take if `taken`. An older client than the newest known one is replaced
   * by that, because responses and events overtake each other.
   */
  answered({ revision, activeSession, body }: FrontendApiResponse, taken: boolean): unknown {
    if (!this.#answered || revision > this.#answered.revision) {
      this.#answered = { revision, activeSession };
    }
    const envelope = body as Envelope | null;
    const client = envelope?.client ?? envelope?.meta?.client;
    if (!envelope || !client) {
      return body;
    }
    if (revision >= this.#newest.revision) {
      this.#newest = { revision, client };
    }
    if (taken) {
      this.#held = this.#newest.revision;
      this.#text = JSON.stringify(this.client);
    }
    return envelope.client
      ? { ...envelope, client: this.client }
      : { ...envelope, meta: { ...envelope.meta, client: this.client } };
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
      this.#text = '';
      throw error;
    } finally {
      this.#changing -= 1;
      this.#isUnsure = true;
      if (this.#changing === 0) {
        await this.sync().catch(failedToRead);
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
    const environmentChanged = this.#takeEnvironment(state.environment);
    let clientChanged = false;
    if (state.revision >= this.#newest.revision) {
      this.#newest = state;
      this.#held = state.revision;
      clientChanged = this.#takeClient();
    }
    // A state that is older than a response does not know whom that has made active.
    const older = state.revision < this.#held;
    if (this.#changing > 0 || older) {
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
    const text = JSON.stringify(this.client);
    if (text === this.#text) {
      return false;
    }
    this.#text = text;
    fill(this.#clerk.client, this.client);
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

function failedToRead(error: unknown): void {
  console.error('[clerk] the state could not be read', error);
}

function idOf(active: ActiveSession): string | null {
  return active.state === 'session' ? active.sessionId : null;
}
