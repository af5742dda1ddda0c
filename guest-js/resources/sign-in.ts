import type * as wire from '../bindings';
import * as commands from '../bindings';
import { attemptOf, type RedirectParams } from './base';
import { type EmailLinkFlow, emailLinkFlow, NO_VERIFICATION, type Verification } from './fields';

/** Parameters of {@link SignIn.authenticateWithRedirect}. */
export type SignInRedirectParams = RedirectParams;

/**
 * The sign-in in progress. Its `status` says what is required next, e.g. `needs_first_factor`; `createdSessionId` is the session
 * that the completed sign-in created, for `clerk.setActive`.
 */
export class SignIn extends attemptOf<
  'signIn',
  wire.SignIn,
  'firstFactorVerification' | 'secondFactorVerification' | 'clientTrustState' | 'abandonAt'
>(
  'signIn',
  {
    status: null,
    identifier: null,
    supportedIdentifiers: [],
    supportedFirstFactors: null,
    supportedSecondFactors: null,
    ssoBypassFirstFactors: null,
    firstFactorVerification: NO_VERIFICATION,
    secondFactorVerification: NO_VERIFICATION,
    createdSessionId: null,
    userData: null,
    protectCheck: null,
    timezone: null,
    // Removes that of an earlier sign-in.
    clientTrustState: undefined as never,
  },
  'resetPassword submitProtectCheck authenticateWithPasskey authenticateWithWeb3 authenticateWithMetamask authenticateWithCoinbaseWallet authenticateWithOKXWallet authenticateWithBase authenticateWithSolana authenticateWithPopup authenticateWithRedirect reload',
) {
  declare readonly firstFactorVerification: Verification;
  declare readonly secondFactorVerification: Verification;
  /** `pending`, `new` or `known`. */
  declare readonly clientTrustState?: string;

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
    return this.settle(commands.createSignIn(params));
  }

  /** Sends a code or link for the first factor. */
  prepareFirstFactor(params: wire.PrepareFactorParams): Promise<this> {
    return this.settleWithId((id) => commands.prepareSignInFirstFactor(id, params));
  }

  /** Attempts the first factor, e.g. with a password or a code. */
  attemptFirstFactor(params: wire.AttemptFactorParams): Promise<this> {
    return this.settleWithId((id) => commands.attemptSignInFirstFactor(id, params));
  }

  /** Sends a code for the second factor. */
  prepareSecondFactor(params: wire.PrepareFactorParams): Promise<this> {
    return this.settleWithId((id) => commands.prepareSignInSecondFactor(id, params));
  }

  /** Attempts the second factor. */
  attemptSecondFactor(params: wire.AttemptFactorParams): Promise<this> {
    return this.settleWithId((id) => commands.attemptSignInSecondFactor(id, params));
  }

  /**
   * Creates a flow through an e-mail link. `startEmailLinkFlow` sends the link and resolves when it was opened; after
   * `cancelEmailLinkFlow` it rejects with `oauth_flow_cancelled`. The link always leads to the app's callback URL, so
   * `redirectUrl` is ignored.
   *
   * @throws {@link EmailLinkError} `expired`, `failed`
   */
  createEmailLinkFlow(): EmailLinkFlow<this, { emailAddressId?: string; redirectUrl?: string }> {
    return emailLinkFlow((params) =>
      this.settleWithId((id) => commands.signInWithEmailLink(id, params?.emailAddressId ?? null)),
    );
  }
}
