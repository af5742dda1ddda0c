import type * as wire from '../bindings';
import * as commands from '../bindings';
import { date, User } from './user';

/** Options of {@link Session.getToken}. */
export interface GetTokenOptions {
  /** Name of a JWT template. */
  template?: string;
  /** The organization; the session's active one when absent, the personal account when null or empty. */
  organizationId?: string | null;
  /** Whether to mint a new token although a good one is at hand. */
  skipCache?: boolean;
}

/** A signed-in user's session on this device. */
export class Session {
  readonly id: string;
  /** `active`, `pending`, `ended`, … */
  readonly status: string;
  readonly expireAt: Date;
  readonly abandonAt: Date;
  readonly lastActiveAt: Date;
  readonly lastActiveOrganizationId: string | null;
  readonly actor: unknown;
  readonly tasks: wire.SessionTask[];
  readonly factorVerificationAge: number[] | null;
  readonly user: User | null;
  readonly publicUserData: wire.PublicUserData | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;

  /** @param user - the user as it is known already, where it did not change. */
  constructor(data: wire.Session, user?: User | null) {
    this.id = data.id;
    this.status = data.status;
    this.expireAt = date(data.expireAt);
    this.abandonAt = date(data.abandonAt);
    this.lastActiveAt = date(data.lastActiveAt);
    this.lastActiveOrganizationId = data.lastActiveOrganizationId;
    this.actor = data.actor;
    this.tasks = data.tasks;
    this.factorVerificationAge = data.factorVerificationAge;
    this.user = data.user && (user ?? new User(data.user));
    this.publicUserData = data.publicUserData;
    this.createdAt = date(data.createdAt);
    this.updatedAt = date(data.updatedAt);
  }

  /** What is left to do before the session becomes `active`. */
  get currentTask(): wire.SessionTask | undefined {
    return this.tasks[0];
  }

  /**
   * A session token: the short-lived JWT that proves to the app's backend who is signed in. Needs the permission
   * `clerk:session-token`.
   *
   * @throws {@link ClerkRuntimeError} `no_active_session`, `invoke_failed` (no permission)
   * @throws {@link ClerkOfflineError} `clerk_offline`: no answer came; the session stays signed in
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
