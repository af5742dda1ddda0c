import type * as wire from '../bindings';
import * as commands from '../bindings';
import * as onDemand from '../on-demand-commands';
import type { Clerk } from '../clerk';
import { Future } from './base';
import { ticketOfPage, withoutUndefined } from './params';
import type {
  EmailLinkVerification,
  Errors,
  FetchStatus,
  Result,
  SignUpField,
  SignUpFormField,
  SignUpIdentificationField,
  SignUpStatus,
} from './types';
import { SignUpVerification, Verification } from './verification';

/** What every sign-up may have. */
export interface SignUpAdditionalParams {
  firstName?: string;
  lastName?: string;
  /** Metadata that the user may write. */
  unsafeMetadata?: Record<string, unknown>;
  /** Whether the user accepted the terms. */
  legalAccepted?: boolean;
  /** E.g. `en-US`. Default: that of the computer. */
  locale?: string;
}

/** Parameters of {@link SignUpFuture.create} and {@link SignUpFuture.update}. */
export type SignUpFutureParams = Omit<wire.SignUpParams, 'unsafeMetadata'> & {
  unsafeMetadata?: Record<string, unknown>;
};

/** Parameters of {@link SignUpFuture.password}. */
export interface SignUpPasswordParams extends SignUpAdditionalParams {
  password: string;
  emailAddress?: string;
  phoneNumber?: string;
  username?: string;
}

/** Parameters of {@link SignUpFuture.sso}. */
export interface SignUpSSOParams extends SignUpAdditionalParams {
  /** E.g. `oauth_google` or `enterprise_sso`. */
  strategy: string;
  /** The e-mail address, with `enterprise_sso`. */
  emailAddress?: string;
  /** OpenID Connect `prompt`. */
  oidcPrompt?: string;
  /** With `enterprise_sso`. */
  enterpriseConnectionId?: string;
  /** Accepted for code that was written for the web, and ignored: no page is left. */
  redirectUrl?: string;
  /** Ignored, as `redirectUrl` is. */
  redirectCallbackUrl?: string;
  /** Ignored: the provider's page opens in the system browser. */
  popup?: Window;
}

/** Parameters of {@link SignUpFuture.web3}. */
export interface SignUpWeb3Params extends SignUpAdditionalParams {
  /** E.g. `web3_metamask_signature`. */
  strategy: string;
  /** The name of the wallet; required for Solana. */
  walletName?: string;
}

/** What {@link SignUpFuture.getSnapshot} returns, as `useSignUp()` does in Clerk's React SDK. */
export interface SignUpSnapshot {
  signUp: SignUpFuture;
  errors: Errors<SignUpFormField>;
  fetchStatus: FetchStatus;
}

/** The verifications of a sign-up as Clerk's SDKs show them. */
interface View {
  emailAddress: SignUpVerification;
  phoneNumber: SignUpVerification;
  web3Wallet: SignUpVerification;
  externalAccount: Verification;
}

/** The sign-up in progress, as Clerk's `SignUpFuture`; see {@link SignInFuture}. */
export class SignUpFuture extends Future<wire.SignUp, SignUpFormField> {
  declare readonly getSnapshot: () => SignUpSnapshot;
  #view: { data: wire.SignUp | null; view: View } | undefined;

  /** @internal Apps call `createFuture()`. */
  constructor(clerk: Clerk) {
    super(
      clerk,
      'signUp',
      [
        'firstName',
        'lastName',
        'emailAddress',
        'phoneNumber',
        'password',
        'username',
        'code',
        'captcha',
        'legalAccepted',
      ],
      NONE,
    );
  }

  protected override pick(client: wire.Client | null): wire.SignUp | null {
    return client?.signUp ?? null;
  }

  get status(): SignUpStatus {
    return (this.data?.status ?? 'missing_requirements') as SignUpStatus;
  }
  get requiredFields(): SignUpField[] {
    return (this.data?.requiredFields ?? []) as SignUpField[];
  }
  get optionalFields(): SignUpField[] {
    return (this.data?.optionalFields ?? []) as SignUpField[];
  }
  get missingFields(): SignUpField[] {
    return (this.data?.missingFields ?? []) as SignUpField[];
  }
  get unverifiedFields(): SignUpIdentificationField[] {
    return (this.data?.unverifiedFields ?? []) as SignUpIdentificationField[];
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
  get web3Wallet(): string | null {
    return this.data?.web3Wallet ?? null;
  }
  get hasPassword(): boolean {
    return this.data?.hasPassword ?? false;
  }
  get unsafeMetadata(): Record<string, unknown> {
    return (this.data?.unsafeMetadata ?? {}) as Record<string, unknown>;
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
  /** Whether the account exists already, and `signIn.create({ transfer: true })` can continue. */
  get isTransferable(): boolean {
    const { status, error } = this.data?.verifications.externalAccount ?? {};
    return status === 'transferable' && error?.code === 'external_account_exists';
  }
  /** The session of the same user that exists already. */
  get existingSession(): { sessionId: string } | undefined {
    const { status, error } = this.data?.verifications.externalAccount ?? {};
    const sessionId = error?.meta['sessionId'];
    return (status === 'failed' || status === 'unverified') &&
      error?.code === 'identifier_already_signed_in' &&
      sessionId
      ? { sessionId: sessionId as string }
      : undefined;
  }

  /** Starts a sign-up, replacing the one in progress. */
  create(params: SignUpFutureParams): Promise<Result> {
    return this.run((step) => step(() => commands.createSignUp(params as wire.SignUpParams)));
  }

  /** Adds or changes fields. */
  update(params: SignUpFutureParams): Promise<Result> {
    return this.continue((id) => commands.updateSignUp(id, params as wire.SignUpParams));
  }

  /** Signs up with a password, or adds it to the sign-up in progress. */
  password(params: SignUpPasswordParams): Promise<Result> {
    const fields = { strategy: 'password', ...params } as wire.SignUpParams;
    return this.run((step) =>
      step(() =>
        this.id === undefined ? commands.createSignUp(fields) : commands.updateSignUp(this.id, fields),
      ),
    );
  }

  /** The verifications, and the methods that advance them. */
  readonly verifications = (() => {
    const view = () => this.#converted;
    const link = () => this.emailLinkVerification;
    return {
      get emailAddress(): SignUpVerification {
        return view().emailAddress;
      },
      get phoneNumber(): SignUpVerification {
        return view().phoneNumber;
      },
      get web3Wallet(): SignUpVerification {
        return view().web3Wallet;
      },
      get externalAccount(): Verification {
        return view().externalAccount;
      },
      /** For links for browsers, which lead to a page of the app: what its address says. */
      get emailLinkVerification(): EmailLinkVerification | null {
        return link();
      },
      /** Sends a code to the e-mail address. */
      sendEmailCode: (): Promise<Result> => this.#prepare({ strategy: 'email_code' }),
      /** Verifies the code that was sent to the e-mail address. */
      verifyEmailCode: ({ code }: { code: string }): Promise<Result> =>
        this.#attempt({ strategy: 'email_code', code }),
      /** Sends a link to the e-mail address. It leads to the app, so `verificationUrl` is ignored. */
      sendEmailLink: (_params: { verificationUrl?: string } = {}): Promise<Result> =>
        this.run((step) =>
          this.sendLink(
            step,
            () => commands.signUpWithEmailLink(this.require().id),
            () => this.data?.verifications.emailAddress,
          ),
        ),
      /** Resolves when the link was opened, or has expired. */
      waitForEmailLinkVerification: (): Promise<Result> => this.waitForLink('verifications.sendEmailLink()'),
      /** Sends a code to the phone number, by `sms` (the default) or `whatsapp`. */
      sendPhoneCode: ({ channel = 'sms' }: { channel?: string } = {}): Promise<Result> =>
        this.#prepare({ strategy: 'phone_code', channel }),
      /** Verifies the code that was sent to the phone number. */
      verifyPhoneCode: ({ code }: { code: string }): Promise<Result> =>
        this.#attempt({ strategy: 'phone_code', code }),
    };
  })();

  get #converted(): View {
    const { data } = this;
    if (!this.#view || this.#view.data !== data) {
      this.#view = { data, view: viewOf(data, this.clientId) };
    }
    return this.#view.view;
  }

  #prepare(params: wire.PrepareVerificationParams): Promise<Result> {
    return this.continue((id) => commands.prepareSignUpVerification(id, params));
  }

  #attempt(params: wire.AttemptVerificationParams): Promise<Result> {
    return this.continue((id) => commands.attemptSignUpVerification(id, params));
  }

  /**
   * Signs up through the system browser. Resolves when the user has come back and the flow is finished: the session is the
   * active one, or {@link status} says what is required next. The app stays on its page.
   */
  sso({ redirectUrl: _, redirectCallbackUrl: _1, popup: _2, ...params }: SignUpSSOParams): Promise<Result> {
    const { unsafeMetadata, ...rest } = params;
    return this.redirect({
      ...withoutUndefined(rest),
      strategy: params.strategy,
      ...(unsafeMetadata && { unsafeMetadata: unsafeMetadata as wire.Value }),
      continueSignUp: this.id !== undefined,
    });
  }

  /** Signs up with a wallet of the system browser, or with that of `clerk::Builder::wallet`. */
  web3(params: SignUpWeb3Params): Promise<Result> {
    return this.run((step) =>
      step(() => this.away(onDemand.signUpWithWeb3(params as wire.SignUpWithWeb3Params))),
    );
  }

  /** Signs up with the ticket of an invitation. Default: the one in the address of the page. */
  ticket(params?: SignUpAdditionalParams & { ticket: string }): Promise<Result> {
    return this.create({ ...params, strategy: 'ticket', ticket: params?.ticket ?? ticketOfPage() });
  }

  /** Passes the anti-fraud check {@link protectCheck}, which may be followed by another one. */
  submitProtectCheck({ proofToken }: { proofToken: string }): Promise<Result> {
    return this.continue((id) => onDemand.submitSignUpProtectCheck(id, proofToken));
  }
}

/** A sign-up of which nothing is known. */
const NONE: wire.SignUp = {
  id: '',
  status: null,
  requiredFields: [],
  optionalFields: [],
  missingFields: [],
  unverifiedFields: [],
  verifications: { emailAddress: null, phoneNumber: null, web3Wallet: null, externalAccount: null },
  username: null,
  firstName: null,
  lastName: null,
  emailAddress: null,
  phoneNumber: null,
  web3Wallet: null,
  hasPassword: false,
  unsafeMetadata: {},
  createdSessionId: null,
  createdUserId: null,
  protectCheck: null,
  abandonAt: 0,
  legalAcceptedAt: null,
  locale: null,
  timezone: null,
};

function viewOf(data: wire.SignUp | null, clientId: string | undefined): View {
  const { emailAddress, phoneNumber, web3Wallet, externalAccount } = (data ?? NONE).verifications;
  return {
    emailAddress: new SignUpVerification(emailAddress, clientId),
    phoneNumber: new SignUpVerification(phoneNumber, clientId),
    web3Wallet: new SignUpVerification(web3Wallet, clientId),
    externalAccount: new Verification(externalAccount, clientId),
  };
}
