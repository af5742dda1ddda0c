/** What `SignInFuture` and `SignUpFuture` have in common: an attempt, and the state of the calls that advance it. */
import type * as wire from '../bindings';
import * as commands from '../bindings';
import * as onDemand from '../on-demand-commands';
import type { Context } from '../class/context';
import type { SetActiveParams } from '../class/types';
import type { Clerk } from '../clerk';
import { ClerkRuntimeError } from '../errors';
import { Listeners } from '../listeners';
import { isClerkError, noErrors, sortErrors } from './errors';
import { withoutNulls } from './params';
import type { EmailLinkVerification, Errors, FetchStatus, ProtectCheck, Result } from './types';

/** Parameters of `finalize`. */
export interface FinalizeParams {
  /** Navigates to where the app continues; see `Clerk.setActive`. */
  navigate?: SetActiveParams['navigate'];
}

/** Runs one request of a call, unless the attempt was reset. Resolves with the attempt as it is then. */
export type Step<Data> = (request: () => Promise<Data>) => Promise<Data>;

/** Calls of one attempt: those between two resets. */
interface Calls<Data, Field extends string> {
  /** How many were made. */
  made: number;
  /** How many are running. */
  running: number;
  /** How many are waiting for the user to come back to the app. */
  away: number;
  /** Those of the newest call. */
  errors: Errors<Field>;
  /** The newest response. */
  response: Data | null;
  /** Resolves when the e-mail link was opened. */
  link: Promise<Data> | undefined;
  /** The session of the complete attempt, once it was the active one. */
  wasActive: string | null;
}

type AttemptData = wire.SignIn | wire.SignUp;

export abstract class Future<Data extends AttemptData, Field extends string> {
  protected readonly clerk: Clerk;
  readonly #kind: wire.AttemptKind;
  readonly #fields: readonly Field[];
  readonly #none: Data;
  readonly #listeners = new Listeners<undefined>();
  #calls: Calls<Data, Field>;
  /** Attempts that were finalized or reset. */
  readonly #discarded = new Set<string>();
  #canBeDiscarded = false;
  /** Calls of earlier attempts that are still running: what they create must not show. */
  #strays = 0;
  /** The attempt as it was seen last, which is replaced when its content changes. */
  #seen: { source: Data | null; data: Data | null } = { source: null, data: null };
  /** The attempt that listeners were told of. */
  #told: Data | null = null;
  #snapshot: object;

  /** @param none - stands for an attempt of which nothing is known but that it is complete. */
  protected constructor(clerk: Clerk, kind: wire.AttemptKind, fields: readonly Field[], none: Data) {
    this.clerk = clerk;
    this.#kind = kind;
    this.#fields = fields;
    this.#none = none;
    this.#calls = this.#noCalls();
    this.#snapshot = this.#takeSnapshot();
    clerk.addListener(
      () => {
        this.#follow();
      },
      { skipInitialEmit: true },
    );
  }

  #noCalls(): Calls<Data, Field> {
    return {
      made: 0,
      running: 0,
      away: 0,
      errors: noErrors(this.#fields),
      response: null,
      link: undefined,
      wasActive: null,
    };
  }

  get id(): string | undefined {
    return this.data?.id || undefined;
  }
  /** The session that the complete attempt created; {@link finalize} makes it the active one. */
  get createdSessionId(): string | null {
    return this.data?.createdSessionId ?? null;
  }
  /** The anti-fraud check that {@link submitProtectCheck} passes. */
  get protectCheck(): ProtectCheck | null {
    const check = this.data?.protectCheck;
    return check ? (withoutNulls(check) as ProtectCheck) : null;
  }
  get timezone(): string | null {
    return this.data?.timezone ?? null;
  }
  /** Whether the attempt was finalized or reset, and no other one has begun. */
  get canBeDiscarded(): boolean {
    return this.#canBeDiscarded && this.data === null;
  }

  /** What was wrong with the newest call. */
  get errors(): Errors<Field> {
    return this.#calls.errors;
  }
  /** `fetching` while calls are running. */
  get fetchStatus(): FetchStatus {
    return this.#calls.running > 0 ? 'fetching' : 'idle';
  }

  /**
   * Calls the listener when the attempt, {@link errors} or {@link fetchStatus} have changed.
   *
   * @returns a function that removes the listener.
   */
  readonly subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  /** Returns the attempt with {@link errors} and {@link fetchStatus}: the same object until one of them changes. */
  readonly getSnapshot: () => unknown = () => this.#snapshot;

  /** Makes the session of the complete attempt the active one, for all windows, and navigates. */
  async finalize({ navigate }: FinalizeParams = {}): Promise<Result> {
    const session = this.createdSessionId;
    if (session === null) {
      throw failure('attempt_not_complete', `finalize() needs a ${this.#kind} with the status complete`);
    }
    const calls = this.#calls;
    return await this.run(async () => {
      await this.clerk.setActive({ session, ...(navigate && { navigate }) });
      if (calls === this.#calls) {
        this.#discard();
      }
    });
  }

  /**
   * Forgets the attempt here, so that the user can begin again, and stops waiting for the system browser. Calls that are
   * running end with `attempt_reset`.
   */
  reset(): Promise<Result> {
    if (this.#calls.away > 0) {
      commands.cancelAuthentication().catch((error: unknown) => {
        console.error('[clerk] the flow in the system browser could not be cancelled', error);
      });
    }
    this.#discard();
    return Promise.resolve({ error: null });
  }

  #discard(): void {
    const { id } = this;
    if (id !== undefined) {
      this.#discarded.add(id);
    }
    this.#strays += this.#calls.running;
    this.#calls = this.#noCalls();
    this.#canBeDiscarded = true;
    this.#notify();
  }

  /** The attempt, which stays the same object while its content does. */
  protected get data(): Data | null {
    const source = this.#current();
    if (source !== this.#seen.source) {
      const same = JSON.stringify(source) === JSON.stringify(this.#seen.data);
      this.#seen = { source, data: same ? this.#seen.data : source };
    }
    return this.#seen.data;
  }

  #current(): Data | null {
    const { response } = this.#calls;
    const mirrored = this.pick(this.context.snapshot()?.client ?? null);
    // A complete attempt is no longer part of the client, but the app has not finalized it yet.
    const isComplete = response?.createdSessionId != null;
    const isStray = this.#strays > 0 && mirrored?.id !== response?.id;
    if (!mirrored || isComplete || isStray || this.#discarded.has(mirrored.id)) {
      return response;
    }
    return mirrored;
  }

  /** The attempt of the client. */
  protected abstract pick(client: wire.Client | null): Data | null;

  protected get context(): Context {
    return this.clerk['context'];
  }

  protected get clientId(): string | undefined {
    return this.context.snapshot()?.client?.id;
  }

  /**
   * Runs a call, and keeps its error. A call that began earlier does not replace what a newer one has left.
   *
   * @throws errors that are not of this library, e.g. those of the app's own `navigate`.
   */
  protected async run(call: (step: Step<Data>) => Promise<unknown>): Promise<Result> {
    const calls = this.#calls;
    const number = (calls.made += 1);
    calls.running += 1;
    calls.errors = noErrors(this.#fields);
    this.#notify();
    try {
      if (!this.context.loaded()) {
        throw failure('not_loaded', `Clerk is not loaded: await clerk.load() first`);
      }
      await call((request) => this.#step(calls, request));
      return { error: null };
    } catch (error) {
      if (!isClerkError(error)) {
        throw error;
      }
      if (number === calls.made) {
        calls.errors = sortErrors(error, this.#fields);
      }
      return { error };
    } finally {
      calls.running -= 1;
      if (calls !== this.#calls) {
        this.#strays -= 1;
      }
      this.#notify();
    }
  }

  async #step(calls: Calls<Data, Field>, request: () => Promise<Data>): Promise<Data> {
    this.#checkReset(calls);
    const response = await request();
    if (calls !== this.#calls) {
      this.#discarded.add(response.id);
    }
    this.#checkReset(calls);
    calls.response = response;
    await this.context.sync();
    this.#checkReset(calls);
    this.#notify();
    return response;
  }

  #checkReset(calls: Calls<Data, Field>): void {
    if (calls !== this.#calls) {
      throw failure('attempt_reset', `the ${this.#kind} was reset during the call`);
    }
  }

  /** Makes a request that waits for the user to come back to the app. {@link reset} cancels it. */
  protected async away<T>(request: Promise<T>): Promise<T> {
    const calls = this.#calls;
    calls.away += 1;
    try {
      return await request;
    } finally {
      calls.away -= 1;
    }
  }

  /** {@link run}s a call for the attempt in progress. */
  protected continue(request: (id: string) => Promise<Data>): Promise<Result> {
    return this.run((step) => step(() => request(this.require().id)));
  }

  /** The attempt in progress. */
  protected require(): Data {
    const { data } = this;
    if (!data?.id) {
      const kind = this.#kind;
      throw failure('attempt_not_started', `no ${kind} is in progress: call ${kind}.create() first`);
    }
    return data;
  }

  /**
   * Runs a flow through the system browser. The session that it creates is the active one then, and the attempt is
   * complete.
   */
  protected redirect(params: Omit<wire.AuthenticateWithRedirectParams, 'resource'>): Promise<Result> {
    const callback = { location: window.location.href };
    return this.run(async (step) => {
      await step(async () => {
        const { createdSessionId } = await this.away(
          onDemand.authenticateWithRedirect({ ...params, resource: this.#kind, callback }),
        );
        await this.context.sync();
        const data = this.data ?? this.#none;
        return createdSessionId === null ? data : { ...data, status: 'complete', createdSessionId };
      });
    });
  }

  /** Sends an e-mail link by a request that resolves when it was opened. This resolves when it was sent. */
  protected async sendLink(
    step: Step<Data>,
    request: () => Promise<Data>,
    verification: () => { strategy: string | null } | null | undefined,
  ): Promise<void> {
    const before = JSON.stringify(verification());
    const opened = step(() => this.away(request()));
    // waitForLink() reports it.
    opened.catch(() => undefined);
    this.#calls.link = opened;
    let remove: (() => void) | undefined;
    const sent = new Promise<void>((resolve) => {
      remove = this.clerk.addListener(() => {
        const present = verification();
        if (present?.strategy === 'email_link' && JSON.stringify(present) !== before) {
          resolve();
        }
      });
    });
    try {
      await Promise.race([opened, sent]);
    } finally {
      remove?.();
    }
  }

  /** Waits until the e-mail link was opened. */
  protected async waitForLink(sender: string): Promise<Result> {
    const { link } = this.#calls;
    if (!link) {
      throw failure('attempt_not_started', `no e-mail link was sent: call ${sender} first`);
    }
    return await this.run(() => link);
  }

  /** What the address of the page says about an e-mail link for browsers. */
  protected get emailLinkVerification(): EmailLinkVerification | null {
    const query = new URLSearchParams(window.location.search);
    const status = query.get('__clerk_status') as EmailLinkVerification['status'] | null;
    const createdSessionId = query.get('__clerk_created_session');
    if (!status || !createdSessionId) {
      return null;
    }
    const sessions = this.clerk.client?.sessions ?? [];
    const verifiedFromTheSameClient =
      status === 'verified' && sessions.some(({ id }) => id === createdSessionId);
    return { status, createdSessionId, verifiedFromTheSameClient };
  }

  /** Follows changes that did not begin here. */
  #follow(): void {
    const calls = this.#calls;
    const created = calls.response?.createdSessionId;
    const { session } = this.clerk;
    if (created != null && session?.id === created) {
      calls.wasActive = created;
    } else if (created != null && calls.wasActive === created && session !== undefined) {
      // The user has signed out since.
      this.#discard();
      return;
    }
    if (this.data !== this.#told) {
      this.#notify();
    }
  }

  #takeSnapshot(): object {
    this.#told = this.data;
    return { [this.#kind]: this, errors: this.errors, fetchStatus: this.fetchStatus };
  }

  #notify(): void {
    this.#snapshot = this.#takeSnapshot();
    this.#listeners.notify(undefined);
  }
}

/** An error of this library. */
export function failure(code: string, message: string): ClerkRuntimeError {
  return new ClerkRuntimeError(message, { code });
}
