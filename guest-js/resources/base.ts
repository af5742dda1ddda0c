/** What attempts have in common: getters over the data that Rust sends, which is absent before `create()`. */
import type * as wire from '../bindings';
import type { Context } from '../class/context';
import { ClerkRuntimeError } from '../errors';
import { DataResource, type Fields } from './fields';
import { addMethods, methodsOf, type MethodsOf } from './lazy';

/** Parameters of `authenticateWithRedirect`. */
export type RedirectParams = Omit<wire.AuthenticateWithRedirectParams, 'resource' | 'callback'> & {
  /** Accepted for code that was written for the web, and ignored: the app's callback URL is used instead. */
  redirectUrl?: string;
  /** Where to navigate to when everything is done. */
  redirectUrlComplete?: string;
} & wire.RedirectCallbackParams;

/** A sign-in or sign-up in progress. Before `create()`, its members are those of `absent`. */
abstract class Attempt<Data extends wire.SignIn | wire.SignUp> extends DataResource<Data> {
  declare readonly id?: string;

  /** @internal Which of the two it is. */
  kind(): wire.AttemptKind {
    return 'signIn';
  }

  /** @internal A later call may end earlier, so the state has the last word if it has changed since the call. */
  override async settle(call: Promise<Data>): Promise<this> {
    const mirrored = () => JSON.stringify(this.host.snapshot()?.client?.[this.kind()] ?? {});
    const before = mirrored();
    await super.settle(call);
    const newest = mirrored();
    const data = JSON.parse(newest) as Data;
    if (newest !== before && data.id === this.id) {
      this.take(data);
    }
    return this;
  }

  /** @internal {@link settle} for calls that need the attempt's id. */
  async settleWithId(call: (id: string) => Promise<Data>): Promise<this> {
    if (this.id === undefined) {
      throw new ClerkRuntimeError(`no ${this.kind()} is in progress: call ${this.kind()}.create() first`, {
        code: 'attempt_not_started',
      });
    }
    return await this.settle(call(this.id));
  }
}

/**
 * Makes the class that an attempt extends.
 *
 * @param absent - the members that an attempt has which Rust has nothing for.
 * @param methods - the names of the methods whose code is loaded with the first call, separated by spaces.
 */
export function attemptOf<
  Name extends wire.AttemptKind,
  Data extends wire.SignIn | wire.SignUp,
  Own extends keyof Data,
>(
  name: Name,
  absent: Partial<Data>,
  methods: string,
): abstract new (
  host: Context,
  data: Data | null,
) => Attempt<Data> & Omit<Fields<Data>, Own | 'id'> & MethodsOf<Name> {
  abstract class Of extends Attempt<Data> {
    override kind(): Name {
      return name;
    }

    constructor(host: Context, data: Data | null) {
      super((data ?? {}) as Data, host);
    }

    override take(data: Data): void {
      const known = Object.entries(data).filter(([, value]) => value !== null);
      super.take({ ...absent, ...(Object.fromEntries(known) as Data) });
    }
  }
  addMethods(Of.prototype, methodsOf(name), methods);
  return Of as never;
}
