import type * as wire from '../bindings';
import * as commands from '../bindings';
import type { Host, RedirectParams } from './base';
import { BrowserAttempt, type Web3Params } from './browser-attempt';

/** Parameters of {@link SignUp.authenticateWithRedirect}. */
export type SignUpRedirectParams = RedirectParams;

/** The sign-up in progress. */
export class SignUp extends BrowserAttempt<wire.SignUp> {
  constructor(host: Host, data: wire.SignUp | null) {
    super(host, 'signUp', data);
  }

  get requiredFields(): string[] {
    return this.data?.requiredFields ?? [];
  }
  get optionalFields(): string[] {
    return this.data?.optionalFields ?? [];
  }
  get missingFields(): string[] {
    return this.data?.missingFields ?? [];
  }
  get unverifiedFields(): string[] {
    return this.data?.unverifiedFields ?? [];
  }
  get verifications(): wire.SignUpVerifications | null {
    return this.data?.verifications ?? null;
  }
  get username(): string | null {
    return this.data?.username ?? null;
  }
  get firstName(): string | null {
    return this.data?.firstName ?? null;
  }
  get lastName(): string | null {
    return this.data?.lastName ?? null;
  }
  get emailAddress(): string | null {
    return this.data?.emailAddress ?? null;
  }
  get phoneNumber(): string | null {
    return this.data?.phoneNumber ?? null;
  }
  get web3wallet(): string | null {
    return this.data?.web3Wallet ?? null;
  }
  get hasPassword(): boolean {
    return this.data?.hasPassword ?? false;
  }
  get unsafeMetadata(): unknown {
    return this.data?.unsafeMetadata ?? {};
  }
  get createdUserId(): string | null {
    return this.data?.createdUserId ?? null;
  }
  /** When the sign-up expires, in milliseconds. */
  get abandonAt(): number | null {
    return this.data?.abandonAt ?? null;
  }
  /** When the user accepted the terms, in milliseconds. */
  get legalAcceptedAt(): number | null {
    return this.data?.legalAcceptedAt ?? null;
  }
  get locale(): string | null {
    return this.data?.locale ?? null;
  }

  /**
   * Starts a sign-up, replacing the one in progress.
   *
   * @throws {@link ClerkAPIResponseError} e.g. `form_identifier_exists`, `form_password_length_too_short`
   */
  create(params: wire.SignUpParams): Promise<this> {
    return this.run(commands.createSignUp(params));
  }

  /** Adds or changes fields. */
  update(params: wire.SignUpParams): Promise<this> {
    return this.runWithId((id) => commands.updateSignUp(id, params));
  }

  /** {@link update}s the sign-up in progress, or {@link create}s one. */
  upsert(params: wire.SignUpParams): Promise<this> {
    return this.id === undefined ? this.create(params) : this.update(params);
  }

  /** Sends a code or link. */
  prepareVerification(params: wire.PrepareVerificationParams): Promise<this> {
    return this.runWithId((id) => commands.prepareSignUpVerification(id, params));
  }

  /** Attempts a verification, e.g. with a code. */
  attemptVerification(params: wire.AttemptVerificationParams): Promise<this> {
    return this.runWithId((id) => commands.attemptSignUpVerification(id, params));
  }

  /** Sends a code to the e-mail address. */
  prepareEmailAddressVerification(params: Partial<wire.PrepareVerificationParams> = {}): Promise<this> {
    return this.prepareVerification({ strategy: 'email_code', ...params });
  }

  /** Attempts the verification with the code that was sent to the e-mail address. */
  attemptEmailAddressVerification(params: { code: string }): Promise<this> {
    return this.attemptVerification({ strategy: 'email_code', ...params });
  }

  /** Sends a code to the phone number. */
  preparePhoneNumberVerification(params: Partial<wire.PrepareVerificationParams> = {}): Promise<this> {
    return this.prepareVerification({ strategy: 'phone_code', ...params });
  }

  /** Attempts the verification with the code that was sent to the phone number. */
  attemptPhoneNumberVerification(params: { code: string }): Promise<this> {
    return this.attemptVerification({ strategy: 'phone_code', ...params });
  }

  /** Prepares the message that a wallet signs. */
  prepareWeb3WalletVerification(params: Partial<wire.PrepareVerificationParams> = {}): Promise<this> {
    return this.prepareVerification({ strategy: 'web3_metamask_signature', ...params });
  }

  /** Attempts the verification with the wallet's signature. */
  attemptWeb3WalletVerification(params: { signature: string; strategy?: string }): Promise<this> {
    return this.attemptVerification({ strategy: 'web3_metamask_signature', ...params });
  }

  /** Passes the anti-fraud check, which may be followed by another one. */
  submitProtectCheck({ proofToken }: { proofToken: string }): Promise<this> {
    return this.runWithId((id) => commands.submitSignUpProtectCheck(id, proofToken));
  }

  override authenticateWithWeb3(params: Web3Params): Promise<this> {
    return this.onDemand(({ signUpWithWeb3 }) => signUpWithWeb3(params));
  }

  /** Reads the sign-up again. */
  reload(params: { rotatingTokenNonce?: string } = {}): Promise<this> {
    return this.runWithId((id) => commands.reloadSignUp(id, params.rotatingTokenNonce ?? null));
  }

  /**
   * Creates a flow through an e-mail link. `startEmailLinkFlow` sends the link and resolves when it was opened; after
   * `cancelEmailLinkFlow` it rejects with `oauth_flow_cancelled`. The link always leads to the app's callback URL, so
   * `redirectUrl` is ignored.
   *
   * @throws {@link EmailLinkError} `expired`, `failed`
   */
  createEmailLinkFlow(): {
    startEmailLinkFlow: (params?: { redirectUrl?: string }) => Promise<SignUp>;
    cancelEmailLinkFlow: () => void;
  } {
    return {
      startEmailLinkFlow: () => this.runWithId((id) => commands.signUpWithEmailLink(id)),
      cancelEmailLinkFlow: () => {
        this.cancelEmailLinkFlow();
      },
    };
  }
}
