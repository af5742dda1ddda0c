import type * as wire from '../bindings';
import * as commands from '../bindings';
import { attemptOf, type RedirectParams } from './base';
import { type EmailLinkFlow, emailLinkFlow, NO_VERIFICATION, Verification } from './fields';

/** Parameters of {@link SignUp.authenticateWithRedirect}. */
export type SignUpRedirectParams = RedirectParams;

/** The verification of an identifier of a sign-up. */
export type SignUpVerification = Verification & {
  /** `needs_prepare`, `needs_attempt`, or empty if nothing is left to do. */
  readonly nextAction: string;
  readonly supportedStrategies: string[];
};

/** The verifications of a sign-up. */
export interface SignUpVerifications {
  readonly emailAddress: SignUpVerification;
  readonly phoneNumber: SignUpVerification;
  readonly web3Wallet: SignUpVerification;
  readonly externalAccount: Verification;
}

const NONE = { emailAddress: null, phoneNumber: null, web3Wallet: null, externalAccount: null };

/**
 * The sign-up in progress. Its `status` says what is required next, e.g. `missing_requirements`; `createdSessionId` is the session
 * that the completed sign-up created, for `clerk.setActive`.
 */
export class SignUp extends attemptOf<
  'signUp',
  wire.SignUp,
  'verifications' | 'web3Wallet' | 'abandonAt' | 'legalAcceptedAt'
>(
  'signUp',
  {
    status: null,
    requiredFields: [],
    optionalFields: [],
    missingFields: [],
    unverifiedFields: [],
    username: null,
    firstName: null,
    lastName: null,
    emailAddress: null,
    phoneNumber: null,
    hasPassword: false,
    unsafeMetadata: {},
    createdSessionId: null,
    createdUserId: null,
    protectCheck: null,
    locale: null,
    timezone: null,
  },
  'submitProtectCheck authenticateWithWeb3 authenticateWithMetamask authenticateWithCoinbaseWallet authenticateWithOKXWallet authenticateWithBase authenticateWithSolana authenticateWithPopup authenticateWithRedirect prepareEmailAddressVerification attemptEmailAddressVerification preparePhoneNumberVerification attemptPhoneNumberVerification prepareWeb3WalletVerification attemptWeb3WalletVerification reload',
) {
  declare readonly verifications: SignUpVerifications;
  declare readonly web3wallet: string | null;
  /** When the sign-up expires, in milliseconds. */
  declare readonly abandonAt: number | null;
  /** When the user accepted the terms, in milliseconds. */
  declare readonly legalAcceptedAt: number | null;

  /** @internal */
  override take(data: wire.SignUp): void {
    // Absent before `create()`.
    const { verifications, web3Wallet, abandonAt, legalAcceptedAt, ...rest } = data as Partial<wire.SignUp>;
    super.take(rest as wire.SignUp);
    const shown = Object.entries({ ...NONE, ...verifications }).map(([name, verification]) => [
      name,
      new Verification({
        ...NO_VERIFICATION,
        ...({ nextAction: '', supportedStrategies: [] } as object),
        ...verification,
      }),
    ]);
    Object.assign(this, {
      verifications: Object.fromEntries(shown) as SignUpVerifications,
      web3wallet: web3Wallet ?? null,
      abandonAt: abandonAt ?? null,
      legalAcceptedAt: legalAcceptedAt ?? null,
    });
  }

  /**
   * Starts a sign-up, replacing the one in progress.
   *
   * @throws {@link ClerkAPIResponseError} e.g. `form_identifier_exists`, `form_password_length_too_short`
   */
  create(params: wire.SignUpParams): Promise<this> {
    return this.settle(commands.createSignUp(params));
  }

  /** Adds or changes fields. */
  update(params: wire.SignUpParams): Promise<this> {
    return this.settleWithId((id) => commands.updateSignUp(id, params));
  }

  /** {@link update}s the sign-up in progress, or {@link create}s one. */
  upsert(params: wire.SignUpParams): Promise<this> {
    return this.id === undefined ? this.create(params) : this.update(params);
  }

  /** Sends a code or link. */
  prepareVerification(params: wire.PrepareVerificationParams): Promise<this> {
    return this.settleWithId((id) => commands.prepareSignUpVerification(id, params));
  }

  /** Attempts a verification, e.g. with a code. */
  attemptVerification(params: wire.AttemptVerificationParams): Promise<this> {
    return this.settleWithId((id) => commands.attemptSignUpVerification(id, params));
  }

  /**
   * Creates a flow through an e-mail link. `startEmailLinkFlow` sends the link and resolves when it was opened; after
   * `cancelEmailLinkFlow` it rejects with `oauth_flow_cancelled`. The link always leads to the app's callback URL, so
   * `redirectUrl` is ignored.
   *
   * @throws {@link EmailLinkError} `expired`, `failed`
   */
  createEmailLinkFlow(): EmailLinkFlow<this, { redirectUrl?: string }> {
    return emailLinkFlow(() => this.settleWithId((id) => commands.signUpWithEmailLink(id)));
  }
}
