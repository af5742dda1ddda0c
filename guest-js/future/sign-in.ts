import type * as wire from '../bindings';
import * as commands from '../bindings';
import * as onDemand from '../on-demand-commands';
import type { Clerk } from '../clerk';
import { importOnDemand } from '../import-on-demand';
import { failure, Future, type Step } from './base';
import { ticketOfPage, withoutNulls, withoutUndefined } from './params';
import type {
  EmailLinkVerification,
  Errors,
  FetchStatus,
  Result,
  SignInField,
  SignInFirstFactor,
  SignInSecondFactor,
  SignInStatus,
  UserData,
} from './types';
import { Verification } from './verification';

/** Parameters of {@link SignInFuture.password}. Without an identifier, it is that of the sign-in in progress. */
export interface SignInPasswordParams {
  password: string;
  /** At most one of these three. */
  identifier?: string;
  emailAddress?: string;
  phoneNumber?: string;
  timezone?: string;
}

/** Parameters of `emailCode.sendCode`. */
export interface SignInEmailCodeParams {
  /** Starts a sign-in with this address. Default: the sign-in in progress. */
  emailAddress?: string;
  /** Which of the user's addresses gets the code. */
  emailAddressId?: string;
}

/** Parameters of `emailLink.sendLink`. */
export interface SignInEmailLinkParams extends SignInEmailCodeParams {
  /** Accepted for code that was written for the web, and ignored: the link leads to the app. */
  verificationUrl?: string;
}

/** Parameters of `phoneCode.sendCode`. */
export interface SignInPhoneCodeParams {
  /** Starts a sign-in with this number. Default: the sign-in in progress. */
  phoneNumber?: string;
  /** Which of the user's numbers gets the code. */
  phoneNumberId?: string;
  /** `sms` or `whatsapp`. Default: `sms`. */
  channel?: string;
}

/** Parameters of {@link SignInFuture.sso}. */
export interface SignInSSOParams {
  /** E.g. `oauth_google` or `enterprise_sso`. */
  strategy: string;
  /** The e-mail address, with `enterprise_sso`. */
  identifier?: string;
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

/** Parameters of {@link SignInFuture.web3}. */
export interface SignInWeb3Params {
  /** E.g. `web3_metamask_signature`. */
  strategy: string;
  /** The name of the wallet; required for Solana. */
  walletName?: string;
  /** Accepted for code that was written for the web; `strategy` says it. */
  provider?: string;
}

/** Parameters of `submitPassword`. */
export interface SubmitPasswordParams {
  password: string;
  /** Whether the user's other sessions end. Default: `true`. */
  signOutOfOtherSessions?: boolean;
}

/** What {@link SignInFuture.getSnapshot} returns, as `useSignIn()` does in Clerk's React SDK. */
export interface SignInSnapshot {
  signIn: SignInFuture;
  errors: Errors<SignInField>;
  fetchStatus: FetchStatus;
}

type Code = { code: string };

/** The data of a sign-in as Clerk's SDKs show it. */
interface View {
  supportedFirstFactors: SignInFirstFactor[];
  supportedSecondFactors: SignInSecondFactor[];
  ssoBypassFirstFactors: SignInFirstFactor[];
  firstFactorVerification: Verification;
  secondFactorVerification: Verification;
  userData: UserData;
}

/**
 * The sign-in in progress, as Clerk's `SignInFuture`: methods for each way to sign in, whose results say what went wrong.
 *
 * They resolve with `{ error }` if Clerk refuses or the flow fails, and reject if they are called with arguments that cannot
 * work.
 */
export class SignInFuture extends Future<wire.SignIn, SignInField> {
  declare readonly getSnapshot: () => SignInSnapshot;
  #view: { data: wire.SignIn | null; view: View } | undefined;

  /** @internal Apps call `createFuture()`. */
  constructor(clerk: Clerk) {
    super(clerk, 'signIn', ['identifier', 'password', 'code'], NONE);
  }

  protected override pick(client: wire.Client | null): wire.SignIn | null {
    return client?.signIn ?? null;
  }

  get status(): SignInStatus {
    return (this.data?.status ?? 'needs_identifier') as SignInStatus;
  }
  get identifier(): string | null {
    return this.data?.identifier ?? null;
  }
  /** `pending`, `new` or `known`. */
  get clientTrustState(): string | undefined {
    return this.data?.clientTrustState ?? undefined;
  }
  get supportedFirstFactors(): SignInFirstFactor[] {
    return this.#converted.supportedFirstFactors;
  }
  get supportedSecondFactors(): SignInSecondFactor[] {
    return this.#converted.supportedSecondFactors;
  }
  /** The factors that an enterprise user may use instead of the identity provider. */
  get ssoBypassFirstFactors(): SignInFirstFactor[] {
    return this.#converted.ssoBypassFirstFactors;
  }
  get firstFactorVerification(): Verification {
    return this.#converted.firstFactorVerification;
  }
  get secondFactorVerification(): Verification {
    return this.#converted.secondFactorVerification;
  }
  /** The user's data, as far as Clerk shows it at this step. */
  get userData(): UserData {
    return this.#converted.userData;
  }
  /** Whether no user was found, and `signUp.create({ transfer: true })` can continue. */
  get isTransferable(): boolean {
    return this.data?.firstFactorVerification?.status === 'transferable';
  }
  /** The session of the same user that exists already. */
  get existingSession(): { sessionId: string } | undefined {
    const { status, error } = this.data?.firstFactorVerification ?? {};
    const sessionId = error?.meta['sessionId'];
    return status === 'failed' && error?.code === 'identifier_already_signed_in' && sessionId
      ? { sessionId: sessionId as string }
      : undefined;
  }

  get #converted(): View {
    const { data } = this;
    if (!this.#view || this.#view.data !== data) {
      this.#view = { data, view: viewOf(data, this.clientId) };
    }
    return this.#view.view;
  }

  /** Starts a sign-in, replacing the one in progress. The other methods do this when it is needed. */
  create(params: wire.SignInCreateParams): Promise<Result> {
    return this.run((step) => step(() => commands.createSignIn(params)));
  }

  /** Signs in with a password. */
  async password({ password, timezone, ...identifiers }: SignInPasswordParams): Promise<Result> {
    const given = [identifiers.identifier, identifiers.emailAddress, identifiers.phoneNumber].filter(Boolean);
    if (given.length > 1) {
      throw failure('argument_invalid', 'password() takes one of identifier, emailAddress and phoneNumber');
    }
    return await this.run((step) => {
      const params: wire.SignInCreateParams = {
        identifier: given[0] ?? this.identifier,
        password,
        timezone: timezone ?? this.timezone,
      };
      return step(() => commands.createSignIn(params));
    });
  }

  /** Codes sent by e-mail. */
  readonly emailCode = {
    /** Sends a code, to the user with this address or to the one of the sign-in in progress. */
    sendCode: async (params: SignInEmailCodeParams = {}): Promise<Result> => {
      this.#checkAddress('emailCode.sendCode', 'emailAddress', params);
      return await this.run(async (step) => {
        const signIn = await this.#begin(step, params.emailAddress);
        const factor = findFactor(signIn, 'email_code', ['emailAddressId', params.emailAddressId]);
        await step(() => prepareFirst(signIn, factor));
      });
    },
    /** Verifies the code. */
    verifyCode: (params: Code): Promise<Result> => this.#attemptFirst('email_code', params),
  };

  /** Links sent by e-mail, which lead to the app. */
  readonly emailLink = (() => {
    const verification = () => this.emailLinkVerification;
    return {
      /** Sends a link, to the user with this address or to the one of the sign-in in progress. */
      sendLink: async (params: SignInEmailLinkParams = {}): Promise<Result> => {
        this.#checkAddress('emailLink.sendLink', 'emailAddress', params);
        return await this.run(async (step) => {
          const signIn = await this.#begin(step, params.emailAddress);
          const factor = findFactor(signIn, 'email_link', ['emailAddressId', params.emailAddressId]);
          await this.sendLink(
            step,
            () => commands.signInWithEmailLink(signIn.id, factor.emailAddressId),
            () => this.data?.firstFactorVerification,
          );
        });
      },
      /** Resolves when the link was opened, or has expired. */
      waitForVerification: (): Promise<Result> => this.waitForLink('emailLink.sendLink()'),
      /** For links for browsers, which lead to a page of the app: what its address says. */
      get verification(): EmailLinkVerification | null {
        return verification();
      },
    };
  })();

  /** Codes sent to a phone. */
  readonly phoneCode = {
    /** Sends a code, to the user with this number or to the one of the sign-in in progress. */
    sendCode: async (params: SignInPhoneCodeParams = {}): Promise<Result> => {
      this.#checkAddress('phoneCode.sendCode', 'phoneNumber', params);
      return await this.run(async (step) => {
        const signIn = await this.#begin(step, params.phoneNumber);
        const factor = findFactor(signIn, 'phone_code', ['phoneNumberId', params.phoneNumberId]);
        await step(() => prepareFirst(signIn, factor, { channel: params.channel ?? 'sms' }));
      });
    },
    /** Verifies the code. */
    verifyCode: (params: Code): Promise<Result> => this.#attemptFirst('phone_code', params),
  };

  /** A new password after a code sent by e-mail. */
  readonly resetPasswordEmailCode = {
    /** Sends a code. */
    sendCode: async (): Promise<Result> => {
      this.#checkStarted('resetPasswordEmailCode.sendCode()', undefined);
      return await this.#sendResetCode('reset_password_email_code', undefined);
    },
    /** Verifies the code. The status is `needs_new_password` then. */
    verifyCode: (params: Code): Promise<Result> => this.#attemptFirst('reset_password_email_code', params),
    /** Sets the new password, which completes the sign-in. */
    submitPassword: (params: SubmitPasswordParams): Promise<Result> => this.#submitPassword(params),
  };

  /** A new password after a code sent to a phone. */
  readonly resetPasswordPhoneCode = {
    /** Sends a code, to the user with this number or to the one of the sign-in in progress. */
    sendCode: async ({ phoneNumber }: { phoneNumber?: string } = {}): Promise<Result> => {
      this.#checkStarted('resetPasswordPhoneCode.sendCode()', phoneNumber);
      return await this.#sendResetCode('reset_password_phone_code', phoneNumber);
    },
    /** Verifies the code. The status is `needs_new_password` then. */
    verifyCode: (params: Code): Promise<Result> => this.#attemptFirst('reset_password_phone_code', params),
    /** Sets the new password, which completes the sign-in. */
    submitPassword: (params: SubmitPasswordParams): Promise<Result> => this.#submitPassword(params),
  };

  /** The second factor. */
  readonly mfa = {
    /** Sends a code to the user's phone. */
    sendPhoneCode: (): Promise<Result> => this.#prepareSecond('phone_code'),
    /** Verifies the code that was sent to the phone. */
    verifyPhoneCode: (params: Code): Promise<Result> => this.#attemptSecond('phone_code', params),
    /** Sends a code by e-mail. */
    sendEmailCode: (): Promise<Result> => this.#prepareSecond('email_code'),
    /** Verifies the code that was sent by e-mail. */
    verifyEmailCode: (params: Code): Promise<Result> => this.#attemptSecond('email_code', params),
    /** Verifies the code of an authenticator app. */
    verifyTOTP: (params: Code): Promise<Result> => this.#attemptSecond('totp', params),
    /** Verifies a backup code. */
    verifyBackupCode: (params: Code): Promise<Result> => this.#attemptSecond('backup_code', params),
    /** Uses a passkey, if the webview supports them. */
    passkey: (): Promise<Result> =>
      this.#passkey(({ attemptPasskey }) => attemptPasskey(this.data ?? NONE, true)),
  };

  /**
   * Signs in through the system browser. Resolves when the user has come back and the flow is finished: the session is the
   * active one, or {@link status} says what is required next. The app stays on its page.
   */
  sso({ strategy, identifier, oidcPrompt, enterpriseConnectionId }: SignInSSOParams): Promise<Result> {
    return this.redirect({
      strategy,
      ...withoutUndefined({ identifier, oidcPrompt, enterpriseConnectionId }),
      // Other strategies begin with the provider's page, so that nothing could be continued.
      continueSignIn: strategy === 'enterprise_sso' && this.id !== undefined,
    });
  }

  /** Signs in with a wallet of the system browser, or with that of `clerk::Builder::wallet`. */
  web3({ strategy, walletName }: SignInWeb3Params): Promise<Result> {
    return this.run((step) => step(() => this.away(onDemand.signInWithWeb3(strategy, walletName ?? null))));
  }

  /**
   * Signs in with a passkey, if the webview supports them: otherwise the error is `passkey_not_supported`. Without a flow it is
   * the first factor of the sign-in in progress.
   */
  passkey({ flow }: { flow?: 'autofill' | 'discoverable' } = {}): Promise<Result> {
    return this.#passkey(({ attemptPasskey, signInWithPasskey }) =>
      flow ? signInWithPasskey(this.data ?? NONE, flow) : attemptPasskey(this.data ?? NONE, false),
    );
  }

  /** Signs in with a ticket. Default: the one in the address of the page. */
  ticket(params?: { ticket: string }): Promise<Result> {
    return this.create({ strategy: 'ticket', ticket: params?.ticket ?? ticketOfPage() });
  }

  /** Passes the anti-fraud check {@link protectCheck}, which may be followed by another one. */
  submitProtectCheck({ proofToken }: { proofToken: string }): Promise<Result> {
    return this.continue((id) => onDemand.submitSignInProtectCheck(id, proofToken));
  }

  /** {@link run}s a call whose code is imported now. */
  #passkey(call: (code: typeof import('../on-demand')) => Promise<wire.SignIn>): Promise<Result> {
    return this.run((step) => step(async () => await call(await importOnDemand())));
  }

  #attemptFirst(strategy: string, { code }: Code): Promise<Result> {
    return this.continue((id) => commands.attemptSignInFirstFactor(id, { strategy, code }));
  }

  #attemptSecond(strategy: string, { code }: Code): Promise<Result> {
    return this.continue((id) => commands.attemptSignInSecondFactor(id, { strategy, code }));
  }

  #prepareSecond(strategy: 'phone_code' | 'email_code'): Promise<Result> {
    return this.continue((id) => {
      const factor = this.data?.supportedSecondFactors?.find((one) => one.strategy === strategy);
      const { emailAddressId, phoneNumberId } = factor ?? notOffered(strategy);
      const params = { strategy, ...withoutNulls({ emailAddressId, phoneNumberId }) };
      return commands.prepareSignInSecondFactor(id, params);
    });
  }

  #sendResetCode(
    strategy: 'reset_password_email_code' | 'reset_password_phone_code',
    identifier: string | undefined,
  ): Promise<Result> {
    return this.run(async (step) => {
      const signIn = await this.#begin(step, identifier);
      const factor = signIn.supportedFirstFactors?.find((one) => one.strategy === strategy);
      await step(() => prepareFirst(signIn, factor ?? notOffered(strategy)));
    });
  }

  #submitPassword({ password, signOutOfOtherSessions = true }: SubmitPasswordParams): Promise<Result> {
    return this.continue((id) => onDemand.resetSignInPassword(id, { password, signOutOfOtherSessions }));
  }

  /** Starts a sign-in with the identifier, or continues the one in progress. */
  async #begin(step: Step<wire.SignIn>, identifier: string | undefined): Promise<wire.SignIn> {
    if (identifier) {
      return await step(() => commands.createSignIn({ identifier }));
    }
    return this.require();
  }

  #checkStarted(method: string, identifier: string | undefined): void {
    if (this.id === undefined && !identifier) {
      throw failure('attempt_not_started', `${method} needs a sign-in in progress, or whose it should be`);
    }
  }

  #checkAddress<Name extends 'emailAddress' | 'phoneNumber'>(
    method: string,
    name: Name,
    params: { [K in Name | `${Name}Id`]?: string },
  ): void {
    if (params[name] && params[`${name}Id`]) {
      throw failure('argument_invalid', `${method}() takes one of ${name} and ${name}Id`);
    }
    this.#checkStarted(`${method}()`, params[name]);
  }
}

/** A sign-in of which nothing is known. */
const NONE: wire.SignIn = {
  id: '',
  status: null,
  identifier: null,
  supportedIdentifiers: [],
  supportedFirstFactors: null,
  supportedSecondFactors: null,
  ssoBypassFirstFactors: null,
  firstFactorVerification: null,
  secondFactorVerification: null,
  createdSessionId: null,
  userData: null,
  clientTrustState: null,
  protectCheck: null,
  abandonAt: 0,
  timezone: null,
};

function viewOf(data: wire.SignIn | null, clientId: string | undefined): View {
  const factors = (list: wire.SignInFactor[] | null | undefined) => (list ?? []).map(withoutNulls);
  return {
    supportedFirstFactors: factors(data?.supportedFirstFactors) as SignInFirstFactor[],
    supportedSecondFactors: factors(data?.supportedSecondFactors) as SignInSecondFactor[],
    ssoBypassFirstFactors: factors(data?.ssoBypassFirstFactors) as SignInFirstFactor[],
    firstFactorVerification: new Verification(data?.firstFactorVerification ?? null, clientId),
    secondFactorVerification: new Verification(data?.secondFactorVerification ?? null, clientId),
    userData: withoutNulls(data?.userData ?? {}),
  };
}

/** Finds a first factor: the one with this id, else that of the identifier that the user entered, else any. */
function findFactor(
  signIn: wire.SignIn,
  strategy: string,
  [name, id]: ['emailAddressId' | 'phoneNumberId', string | undefined],
): wire.SignInFactor {
  const factors = signIn.supportedFirstFactors?.filter((factor) => factor.strategy === strategy) ?? [];
  return (
    (id && factors.find((factor) => factor[name] === id)) ||
    factors.find((factor) => factor.safeIdentifier === signIn.identifier) ||
    factors[0] ||
    notOffered(strategy)
  );
}

function notOffered(strategy: string): never {
  throw failure(
    'factor_not_found',
    `the sign-in does not offer ${strategy}: choose one of its supported factors`,
  );
}

function prepareFirst(
  { id }: wire.SignIn,
  { strategy, emailAddressId, phoneNumberId }: wire.SignInFactor,
  more: { channel?: string } = {},
): Promise<wire.SignIn> {
  const params = { strategy, ...withoutNulls({ emailAddressId, phoneNumberId }), ...more };
  return commands.prepareSignInFirstFactor(id, params);
}
