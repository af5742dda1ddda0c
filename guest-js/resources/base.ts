/** What attempts have in common: getters over the data that Rust sends, which is absent before `create()`. */
import type * as wire from '../bindings';
import * as commands from '../bindings';
import { ClerkRuntimeError } from '../errors';
import { DataResource, type Fields } from './fields';
import { addMethods, type MethodsOf } from './lazy';

/** Parameters of `authenticateWithRedirect`. */
export type RedirectParams = Omit<wire.AuthenticateWithRedirectParams, 'resource' | 'callback'> & {
  /** Accepted for code that was written for the web, and ignored: the app's callback URL is used instead. */
  redirectUrl?: string;
  /** Where to navigate to when everything is done. */
  redirectUrlComplete?: string;
} & wire.RedirectCallbackParams;

/** What resources need from the object that they belong to. */
export interface Host {
  /** Brings the mirrored state up to date. */
  sync(): Promise<void>;
  /** Returns what the session token of a session grants by now, as far as Rust has one. */
  entitlements(sessionId: string): wire.Entitlements | undefined;
  /** Runs a flow through the system browser. */
  authenticate(resource: wire.AttemptKind, params: RedirectParams): Promise<void>;
}

/** A sign-in or sign-up in progress. Before `create()`, its members are those of `absent`. */
abstract class Attempt<Data extends wire.SignIn | wire.SignUp> extends DataResource<Data> {
  declare readonly id?: string;

  /** @internal Which of the two it is. */
  kind(): wire.AttemptKind {
    return 'signIn';
  }

  /**
   * Authenticates through the system browser: opens the provider's page there, waits for the link that leads back, and
   * completes the flow. Resolves when the user is signed in and the app has navigated.
   *
   * @throws {@link ClerkRuntimeError} `oauth_access_denied`, `oauth_callback_failed`, `oauth_flow_cancelled`,
   * `oauth_flow_superseded` (a newer attempt took its place), `oauth_flow_timed_out`, `redirect_url_invalid`
   * @throws {@link ClerkAPIResponseError} e.g. `resource_missmatch`: the callback URL is not on the allowlist
   *
   * @example
   * ```ts
   * await clerk.client.signIn.authenticateWithRedirect({ strategy: 'oauth_google' });
   * ```
   */
  authenticateWithRedirect(params: RedirectParams): Promise<void> {
    return this.host.authenticate(this.kind(), params);
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

  /** @internal Cancels the e-mail link that is being waited for. */
  cancelEmailLink(): void {
    commands.cancelAuthentication().catch((error: unknown) => {
      console.error('[clerk] the e-mail link could not be cancelled', error);
    });
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
  host: Host,
  data: Data | null,
) => Attempt<Data> & Omit<Fields<Data>, Own | 'id'> & MethodsOf<Name> {
  abstract class Of extends Attempt<Data> {
    override kind(): Name {
      return name;
    }

    constructor(host: Host, data: Data | null) {
      super((data ?? {}) as Data, host);
    }

    override take(data: Data): void {
      const known = Object.entries(data).filter(([, value]) => value !== null);
      super.take({ ...absent, ...(Object.fromEntries(known) as Data) });
    }
  }
  addMethods(Of.prototype, name, methods);
  return Of as never;
}
