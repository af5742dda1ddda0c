import { now } from '../aging';
import type * as wire from '../bindings';
import type { Context } from '../class/context';
import { lazyResourceOf } from './fields';
import { Session } from './session';
import { SignIn } from './sign-in';
import { SignUp } from './sign-up';

/** Returns the known object of an attempt with its newer data, unless that is another attempt. */
function updated<Known extends { id?: string; take(data: Data): void }, Data extends { id?: string }>(
  known: Known,
  data: Data | null,
): Known | undefined {
  const isSame = (known.id ?? data?.id) === data?.id;
  if (isSame && data) {
    known.take(data);
  }
  return isSame ? known : undefined;
}

/** This device's set of sessions, with the sign-in and the sign-up in progress. */
export class Client extends lazyResourceOf<'client', wire.Client, 'sessions' | 'signIn' | 'signUp'>(
  'client',
  'removeSessions destroy',
) {
  #sessions: { data: string; user: string; session: Session }[] = [];
  #signIn: SignIn;
  #signUp: SignUp;

  constructor({ sessions, signIn, signUp, ...data }: wire.Client, host: Context) {
    super(data as wire.Client, host);
    this.#signIn = new SignIn(host, signIn);
    this.#signUp = new SignUp(host, signUp);
    this.#takeSessions(sessions);
  }

  /** @internal Keeps the objects of attempts whose id stays the same, or that begin now. */
  update({ sessions, signIn, signUp, ...data }: wire.Client): void {
    this.take(data as wire.Client);
    this.#signIn = updated(this.#signIn, signIn) ?? new SignIn(this.host, signIn);
    this.#signUp = updated(this.#signUp, signUp) ?? new SignUp(this.host, signUp);
    this.#takeSessions(sessions);
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
      return same ?? { data, user, session: new Session(session, this.host, sameUser, received) };
    });
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
}
