import { type Moment, now, sessionStatus, verificationAge } from '../aging';
import type * as wire from '../bindings';
import * as commands from '../bindings';
import { type CheckAuthorizationParams, isAuthorized } from './authorization';
import type { Context } from '../class/context';
import { lazyResourceOf } from './fields';
import { User } from './user';

/** Options of {@link Session.getToken}. */
export interface GetTokenOptions {
  /** Name of a JWT template. */
  template?: string;
  /** The organization; null or empty for the personal account. Default: the session's active one. */
  organizationId?: string | null;
  /** Whether to mint a new token even if a valid one is cached. */
  skipCache?: boolean;
}

/** A signed-in user's session on this device. */
export class Session extends lazyResourceOf<
  'session',
  wire.Session,
  'status' | 'factorVerificationAge' | 'user'
>(
  'session',
  'reload touch end remove startVerification prepareFirstFactorVerification attemptFirstFactorVerification prepareSecondFactorVerification attemptSecondFactorVerification verifyWithPasskey',
) {
  #data: wire.Session;
  #received: Moment;
  #user: User | null;
  declare readonly user: User | null;

  /** @param user - the known object for the user, when the user did not change. */
  constructor(data: wire.Session, host: Context, user?: User | null, received = now()) {
    super(data, host);
    this.#data = data;
    this.#received = received;
    this.#user = data.user && (user ?? new User(data.user, host));
    Object.assign(this, { user: this.#user });
  }

  /** @internal */
  override take(data: wire.Session): void {
    const shown: Partial<wire.Session> = { ...data };
    // These change by time alone, so they are getters.
    delete shown.status;
    delete shown.factorVerificationAge;
    super.take(shown as wire.Session);
    // Before that, the constructor does it.
    if (#data in this) {
      const { user } = data;
      const isSame = !user || JSON.stringify(user) === JSON.stringify(this.#data.user);
      this.#data = user ? data : { ...data, user: this.#data.user };
      this.#received = now();
      this.#user = isSame ? this.#user : new User(user, this.host);
      Object.assign(this, { user: this.#user });
    }
  }

  /** @internal The same data was received once more. */
  receivedAgain(received: Moment): void {
    this.#received = received;
  }

  /** `active`, `pending`, `ended`, …; from its end on `expired` or `abandoned`. */
  get status(): string {
    return sessionStatus(this.#data, this.#received);
  }
  /** The impersonator of the user if it is an agent, and not a person. */
  get agent(): unknown {
    const actor = this.actor as { type?: unknown } | null;
    return actor?.type === 'agent' ? actor : null;
  }
  /** The first task that is left before the session becomes `active`. */
  get currentTask(): wire.SessionTask | undefined {
    return this.tasks[0];
  }
  /** Minutes since the first and the second factor were verified, by now; -1 for a factor that is not set up. */
  get factorVerificationAge(): number[] | null {
    return verificationAge(this.#data, this.#received);
  }

  /**
   * Whether the user has a role, permission, feature, plan, or recent verification. A session that is not `active` has none.
   * Use it to decide what a window shows; a backend must check for itself.
   *
   * @example
   * ```ts
   * const canInvite = clerk.session?.checkAuthorization({ permission: 'org:members:manage' });
   * ```
   */
  checkAuthorization(params: CheckAuthorizationParams): boolean {
    const { factorVerificationAge } = this;
    return (
      this.status === 'active' &&
      isAuthorized({ ...this.#data, factorVerificationAge }, this.host.entitlements(this.id), params)
    );
  }

  /**
   * Returns a session token: a short-lived JWT that proves to the app's backend who is signed in. Needs the permission
   * `clerk:session-token`.
   *
   * @throws {@link ClerkRuntimeError} `no_active_session`, `invoke_failed` (no permission)
   * @throws {@link ClerkOfflineError} `clerk_offline`: Clerk cannot be reached; the session stays signed in
   * @throws {@link ClerkAPIResponseError}
   *
   * @example
   * ```ts
   * const token = await clerk.session?.getToken();
   * await fetch('https://api.example.com/notes', { headers: { Authorization: `Bearer ${token}` } });
   * ```
   */
  getToken(options: GetTokenOptions = {}): Promise<string | null> {
    return commands.getToken({ sessionId: this.id, ...options });
  }
}
