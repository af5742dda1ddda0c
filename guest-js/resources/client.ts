import { now } from '../aging';
import type * as wire from '../bindings';
import { date, type Host, Resource } from './base';
import { Session } from './session';
import { SignIn } from './sign-in';
import { SignUp } from './sign-up';

/** This device's set of sessions, with the sign-in and the sign-up in progress. */
export class Client extends Resource<wire.Client> {
  readonly #host: Host;
  #sessions: { data: string; user: string; session: Session }[] = [];
  #signIn: SignIn;
  #signUp: SignUp;

  constructor(host: Host, data: wire.Client) {
    super(data);
    this.#host = host;
    this.#signIn = new SignIn(host, data.signIn);
    this.#signUp = new SignUp(host, data.signUp);
    this.#takeSessions(data.sessions);
  }

  /** @internal Keeps the objects of attempts whose id stays the same. */
  take(data: wire.Client): void {
    this.data = data;
    if (data.signIn && data.signIn.id === this.#signIn.id) {
      this.#signIn.take(data.signIn);
    } else if (data.signIn?.id !== this.#signIn.id) {
      this.#signIn = new SignIn(this.#host, data.signIn);
    }
    if (data.signUp && data.signUp.id === this.#signUp.id) {
      this.#signUp.take(data.signUp);
    } else if (data.signUp?.id !== this.#signUp.id) {
      this.#signUp = new SignUp(this.#host, data.signUp);
    }
    this.#takeSessions(data.sessions);
  }

  /** Keeps the objects of sessions and users that did not change, so that listeners can compare them. */
  #takeSessions(sessions: wire.Session[]): void {
    const before = this.#sessions;
    const received = now();
    this.#sessions = sessions.map((session) => {
      const [data, user] = [JSON.stringify(session), JSON.stringify(session.user)];
      const same = before.find((known) => known.data === data);
      const sameUser = before.find((known) => known.user === user)?.session.user;
      same?.session.receivedAgain(received);
      return same ?? { data, user, session: new Session(session, sameUser, received) };
    });
  }

  get id(): string {
    return this.data.id;
  }
  /** Every session of this device, in any status. */
  get sessions(): Session[] {
    return this.#sessions.map(({ session }) => session);
  }
  /** The sessions that count as signed in. */
  get signedInSessions(): Session[] {
    return this.sessions.filter(({ status }) => status === 'active' || status === 'pending');
  }
  get signIn(): SignIn {
    return this.#signIn;
  }
  get signUp(): SignUp {
    return this.#signUp;
  }
  get lastActiveSessionId(): string | null {
    return this.data.lastActiveSessionId;
  }
  get lastAuthenticationStrategy(): string | null {
    return this.data.lastAuthenticationStrategy;
  }
  get captchaBypass(): boolean {
    return this.data.captchaBypass;
  }
  get createdAt(): Date {
    return date(this.data.createdAt);
  }
  get updatedAt(): Date {
    return date(this.data.updatedAt);
  }
}
