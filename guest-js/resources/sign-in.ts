import type * as wire from '../bindings';
import * as commands from '../bindings';
import type { Host, RedirectParams } from './base';
import { BrowserAttempt, type Web3Params } from './browser-attempt';

/** Parameters of {@link SignIn.authenticateWithRedirect}. */
export type SignInRedirectParams = RedirectParams;

/** The sign-in in progress. */
export class SignIn extends BrowserAttempt<wire.SignIn> {
  constructor(host: Host, data: wire.SignIn | null) {
    super(host, 'signIn', data);
  }

  get identifier(): string | null {
    return this.data?.identifier ?? null;
  }
  get supportedIdentifiers(): string[] {
    return this.data?.supportedIdentifiers ?? [];
  }
  get supportedFirstFactors(): wire.SignInFactor[] | null {
    return this.data?.supportedFirstFactors ?? null;
  }
  get supportedSecondFactors(): wire.SignInFactor[] | null {
    return this.data?.supportedSecondFactors ?? null;
  }
  get ssoBypassFirstFactors(): wire.SignInFactor[] | null {
    return this.data?.ssoBypassFirstFactors ?? null;
  }
  get firstFactorVerification(): wire.Verification | null {
    return this.data?.firstFactorVerification ?? null;
  }
  get secondFactorVerification(): wire.Verification | null {
    return this.data?.secondFactorVerification ?? null;
  }
  get userData(): wire.UserData | null {
    return this.data?.userData ?? null;
  }
  /** `pending`, `new` or `known`. */
  get clientTrustState(): string | undefined {
    return this.data?.clientTrustState ?? undefined;
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
    return this.run(commands.createSignIn(params));
  }

  /** Sends a code or link for the first factor. */
  prepareFirstFactor(params: wire.PrepareFactorParams): Promise<this> {
    return this.runWithId((id) => commands.prepareSignInFirstFactor(id, params));
  }

  /** Attempts the first factor, e.g. with a password or a code. */
  attemptFirstFactor(params: wire.AttemptFactorParams): Promise<this> {
    return this.runWithId((id) => commands.attemptSignInFirstFactor(id, params));
  }

  /** Sends a code for the second factor. */
  prepareSecondFactor(params: wire.PrepareFactorParams): Promise<this> {
    return this.runWithId((id) => commands.prepareSignInSecondFactor(id, params));
  }

  /** Attempts the second factor. */
  attemptSecondFactor(params: wire.AttemptFactorParams): Promise<this> {
    return this.runWithId((id) => commands.attemptSignInSecondFactor(id, params));
  }

  /** Sets a new password in a sign-in that needs one. */
  resetPassword(params: wire.ResetPasswordParams): Promise<this> {
    return this.runWithId((id) => commands.resetSignInPassword(id, params));
  }

  /** Passes the anti-fraud check, which may be followed by another one. */
  submitProtectCheck({ proofToken }: { proofToken: string }): Promise<this> {
    return this.runWithId((id) => commands.submitSignInProtectCheck(id, proofToken));
  }

  override authenticateWithWeb3(params: Web3Params): Promise<this> {
    return this.onDemand(({ signInWithWeb3 }) => signInWithWeb3(params));
  }

  /**
   * Signs in with a passkey, if the webview supports them. With a `flow` it starts a sign-in; without one it completes
   * the first or second factor of the sign-in in progress.
   *
   * @throws {@link ClerkRuntimeError} `passkey_not_supported`, `passkey_retrieval_cancelled`, `passkey_retrieval_failed`,
   * `passkey_operation_aborted`, `passkey_invalid_rpID_or_domain`, `factor_not_found`
   */
  authenticateWithPasskey(params: { flow?: 'autofill' | 'discoverable' } = {}): Promise<this> {
    return this.onDemand(({ signInWithPasskey }) => signInWithPasskey(this, params.flow));
  }

  /** Reads the sign-in again. */
  reload(params: { rotatingTokenNonce?: string } = {}): Promise<this> {
    return this.runWithId((id) => commands.reloadSignIn(id, params.rotatingTokenNonce ?? null));
  }

  /**
   * Creates a flow through an e-mail link. `startEmailLinkFlow` sends the link and resolves when it was opened; after
   * `cancelEmailLinkFlow` it rejects with `oauth_flow_cancelled`. The link always leads to the app's callback URL, so
   * `redirectUrl` is ignored.
   *
   * @throws {@link EmailLinkError} `expired`, `failed`
   */
  createEmailLinkFlow(): {
    startEmailLinkFlow: (params?: { emailAddressId?: string; redirectUrl?: string }) => Promise<SignIn>;
    cancelEmailLinkFlow: () => void;
  } {
    return {
      startEmailLinkFlow: (params = {}) =>
        this.runWithId((id) => commands.signInWithEmailLink(id, params.emailAddressId ?? null)),
      cancelEmailLinkFlow: () => {
        this.cancelEmailLinkFlow();
      },
    };
  }
}
