import type * as wire from '../bindings';
import * as commands from '../bindings';
import type { Host } from './host';

/** Parameters of {@link SignIn.authenticateWithRedirect}. */
export type SignInRedirectParams = Omit<wire.AuthenticateWithRedirectParams, 'resource' | 'callback'> & {
  /** Taken for the sake of code that was written for the web; the app's callback URL stands in for it. */
  redirectUrl?: string;
  /** Where to go when everything is done. */
  redirectUrlComplete?: string;
} & wire.RedirectCallbackParams;

/** The sign-in in progress. */
export class SignIn {
  readonly #host: Host;
  #data: wire.SignIn | null;

  constructor(host: Host, data: wire.SignIn | null) {
    this.#host = host;
    this.#data = data;
  }

  /** @internal */
  take(data: wire.SignIn): void {
    this.#data = data;
  }

  get id(): string | undefined {
    return this.#data?.id;
  }
  /** `needs_identifier`, `needs_first_factor`, `needs_second_factor`, `complete`, …; null before {@link create}. */
  get status(): string | null {
    return this.#data?.status ?? null;
  }
  get identifier(): string | null {
    return this.#data?.identifier ?? null;
  }
  get supportedIdentifiers(): string[] {
    return this.#data?.supportedIdentifiers ?? [];
  }
  get supportedFirstFactors(): wire.SignInFactor[] | null {
    return this.#data?.supportedFirstFactors ?? null;
  }
  get supportedSecondFactors(): wire.SignInFactor[] | null {
    return this.#data?.supportedSecondFactors ?? null;
  }
  get firstFactorVerification(): wire.Verification | null {
    return this.#data?.firstFactorVerification ?? null;
  }
  get secondFactorVerification(): wire.Verification | null {
    return this.#data?.secondFactorVerification ?? null;
  }
  /** The session that the completed sign-in created; give it to `clerk.setActive`. */
  get createdSessionId(): string | null {
    return this.#data?.createdSessionId ?? null;
  }
  get userData(): wire.UserData | null {
    return this.#data?.userData ?? null;
  }

  /**
   * Starts a sign-in, replacing the one in progress.
   *
   * @throws {@link ClerkAPIResponseError} e.g. `form_identifier_not_found`, `form_password_incorrect`
   *
   * @example
   * ```ts
   * const signIn = await clerk.client.signIn.create({ identifier: email, password });
   * if (signIn.status === 'complete') await clerk.setActive({ session: signIn.createdSessionId });
   * ```
   */
  create(params: wire.SignInCreateParams): Promise<this> {
    return this.#run(commands.createSignIn(params));
  }

  /** Sends a code or link for the first factor. */
  prepareFirstFactor(params: wire.PrepareFactorParams): Promise<this> {
    return this.#run(commands.prepareSignInFirstFactor(this.#requiredId(), params));
  }

  /** Answers the first factor. */
  attemptFirstFactor(params: wire.AttemptFactorParams): Promise<this> {
    return this.#run(commands.attemptSignInFirstFactor(this.#requiredId(), params));
  }

  /** Sends a code for the second factor. */
  prepareSecondFactor(params: wire.PrepareFactorParams): Promise<this> {
    return this.#run(commands.prepareSignInSecondFactor(this.#requiredId(), params));
  }

  /** Answers the second factor. */
  attemptSecondFactor(params: wire.AttemptFactorParams): Promise<this> {
    return this.#run(commands.attemptSignInSecondFactor(this.#requiredId(), params));
  }

  /** Sets a new password in a sign-in that needs one. */
  resetPassword(params: wire.ResetPasswordParams): Promise<this> {
    return this.#run(commands.resetSignInPassword(this.#requiredId(), params));
  }

  /** Reads the sign-in again. */
  reload(params: { rotatingTokenNonce?: string } = {}): Promise<this> {
    return this.#run(commands.reloadSignIn(this.#requiredId(), params.rotatingTokenNonce ?? null));
  }

  /**
   * Signs in through the system browser: opens the provider's page there, waits for the link that leads back, and
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
  authenticateWithRedirect(params: SignInRedirectParams): Promise<void> {
    return this.#host.authenticate('signIn', params);
  }

  /**
   * An e-mail link: `startEmailLinkFlow` has it sent and resolves when it was opened. The link leads back to the app's
   * callback URL, whatever `redirectUrl` says; `cancelEmailLinkFlow` rejects with `oauth_flow_cancelled`.
   *
   * @throws {@link EmailLinkError} `expired`, `failed`
   */
  createEmailLinkFlow(): {
    startEmailLinkFlow: (params?: { emailAddressId?: string; redirectUrl?: string }) => Promise<SignIn>;
    cancelEmailLinkFlow: () => void;
  } {
    return {
      startEmailLinkFlow: (params = {}) =>
        this.#run(commands.signInWithEmailLink(this.#requiredId(), params.emailAddressId ?? null)),
      cancelEmailLinkFlow: () => {
        commands.cancelAuthentication().catch((error: unknown) => {
          console.error('[clerk] the e-mail link could not be cancelled', error);
        });
      },
    };
  }

  async #run(call: Promise<wire.SignIn>): Promise<this> {
    this.take(await call);
    await this.#host.sync();
    return this;
  }

  #requiredId(): string {
    return this.#host.requiredId(this.id, 'signIn.create()');
  }
}
