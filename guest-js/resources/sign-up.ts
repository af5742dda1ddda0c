import type * as wire from '../bindings';
import * as commands from '../bindings';
import { Attempt, type Host, type RedirectParams } from './base';

/** Parameters of {@link SignUp.authenticateWithRedirect}. */
export type SignUpRedirectParams = RedirectParams;

/** The sign-up in progress. */
export class SignUp extends Attempt<wire.SignUp> {
  constructor(host: Host, data: wire.SignUp | null) {
    super(host, 'signUp', data);
  }

  /** `missing_requirements`, `complete`, `abandoned`; null before {@link create}. */
  get status(): string | null {
    return this.data?.status ?? null;
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
  get hasPassword(): boolean {
    return this.data?.hasPassword ?? false;
  }
  get unsafeMetadata(): unknown {
    return this.data?.unsafeMetadata ?? {};
  }
  get createdUserId(): string | null {
    return this.data?.createdUserId ?? null;
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
