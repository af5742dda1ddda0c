/** What attempts have in common: getters over the data that Rust sends, which is absent before `create()`. */
import type * as wire from '../bindings';
import * as commands from '../bindings';
import { ClerkRuntimeError } from '../errors';
import { withGetters } from './fields';

/** A resource whose members are getters over the data that Rust sends. */
export abstract class Resource<Data> {
  #data: Data;

  constructor(data: Data) {
    this.#data = data;
  }

  protected get data(): Data {
    return this.#data;
  }

  protected set data(data: Data) {
    this.#data = data;
  }

  /** Returns the values of all getters, which `JSON.stringify` would not see otherwise. */
  toJSON(): Record<string, unknown> {
    return withGetters(this, Resource.prototype);
  }
}

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
  /** Returns what the session token of a session grants, as far as Rust has one. */
  entitlements(sessionId: string): wire.Entitlements | undefined;
  /** Runs a flow through the system browser. */
  authenticate(resource: wire.AttemptKind, params: RedirectParams): Promise<void>;
}

/** A sign-in or sign-up in progress. Its data is absent before `create()`. */
export abstract class Attempt<Data extends wire.SignIn | wire.SignUp> extends Resource<Data | null> {
  readonly #host: Host;
  readonly #resource: wire.AttemptKind;

  constructor(host: Host, resource: wire.AttemptKind, data: Data | null) {
    super(data);
    this.#host = host;
    this.#resource = resource;
  }

  /** @internal */
  take(data: Data): void {
    this.data = data;
  }

  get id(): string | undefined {
    return this.data?.id;
  }
  /** The session that the completed attempt created; give it to `clerk.setActive`. */
  get createdSessionId(): string | null {
    return this.data?.createdSessionId ?? null;
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
    return this.#host.authenticate(this.#resource, params);
  }

  /** Takes over the data that a call returns, and resolves when the mirrored state shows it. */
  protected async run(call: Promise<Data>): Promise<this> {
    this.take(await call);
    await this.#host.sync();
    return this;
  }

  /** {@link run} for calls that need the attempt's id. */
  protected async runWithId(call: (id: string) => Promise<Data>): Promise<this> {
    if (this.id === undefined) {
      throw new ClerkRuntimeError(
        `no ${this.#resource} is in progress: call ${this.#resource}.create() first`,
        {
          code: 'attempt_not_started',
        },
      );
    }
    return await this.run(call(this.id));
  }

  /** Cancels the e-mail link that is being waited for. */
  protected cancelEmailLinkFlow(): void {
    commands.cancelAuthentication().catch((error: unknown) => {
      console.error('[clerk] the e-mail link could not be cancelled', error);
    });
  }
}
