/** `createFuture()`: the commands of each method, and the state of the calls. */
import { readFileSync } from 'node:fs';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type * as wire from '../bindings';
import { createFuture, type SignInFuture, type SignUpFuture } from '../future';
import { Clerk, isClerkAPIResponseError } from '../index';
import { activated, client, Fake, session, snapshot } from './fake';

let rust: Fake;
let clerk: Clerk;
let signIn: SignInFuture;
let signUp: SignUpFuture;

beforeEach(async () => {
  rust = new Fake();
  clerk = new Clerk();
  await clerk.load();
  ({ signIn, signUp } = createFuture(clerk));
  rust.on('cancel_authentication', () => true);
  rust.calls.length = 0;
});

afterEach(() => {
  rust.stop();
  window.history.replaceState(null, '', '/');
});

const EMAIL = { strategy: 'email_code', emailAddressId: 'idn_mail', safeIdentifier: 'a***@example.com' };
const FACTORS = [
  EMAIL,
  { strategy: 'email_code', emailAddressId: 'idn_second', safeIdentifier: 'ada@example.com' },
  { strategy: 'email_link', emailAddressId: 'idn_mail', safeIdentifier: 'a***@example.com' },
  { strategy: 'phone_code', phoneNumberId: 'idn_phone', safeIdentifier: '+1***' },
  { strategy: 'reset_password_email_code', emailAddressId: 'idn_mail', safeIdentifier: 'a***' },
  { strategy: 'reset_password_phone_code', phoneNumberId: 'idn_phone', safeIdentifier: '+1***' },
];

/** A sign-in as Rust sends it. */
function attempt(changes: object = {}): wire.SignIn {
  return {
    id: 'sia_1',
    status: 'needs_first_factor',
    identifier: 'ada@example.com',
    supportedIdentifiers: [],
    supportedFirstFactors: FACTORS,
    supportedSecondFactors: [
      { strategy: 'totp', emailAddressId: null, phoneNumberId: null },
      { strategy: 'phone_code', phoneNumberId: 'idn_phone', emailAddressId: null },
      { strategy: 'email_code', emailAddressId: 'idn_mail', phoneNumberId: null },
    ],
    firstFactorVerification: null,
    secondFactorVerification: null,
    createdSessionId: null,
    userData: null,
    timezone: null,
    ...changes,
  } as unknown as wire.SignIn;
}

/** A sign-up as Rust sends it. */
function registration(changes: object = {}): wire.SignUp {
  return {
    id: 'sua_1',
    status: 'missing_requirements',
    verifications: { emailAddress: null, phoneNumber: null, web3Wallet: null, externalAccount: null },
    createdSessionId: null,
    ...changes,
  } as unknown as wire.SignUp;
}

/** Makes the attempts those of the client. */
function setClient(changes: Partial<wire.Client>, emit = true): void {
  const { state } = rust;
  const next = {
    ...state,
    revision: state.revision + 1,
    client: { ...(state.client ?? client()), ...changes },
  };
  if (emit) {
    rust.change(next);
  } else {
    rust.state = next;
  }
}

/** Lets Rust respond to commands with a sign-in, which is that of the client from then on. */
function respond(commands: string[], changes: object = {}): void {
  for (const command of commands) {
    rust.on(command, () => {
      const data = attempt(changes);
      setClient({ signIn: data.status === 'complete' ? null : data }, false);
      return data;
    });
  }
}

/** Waits until the page has the state of Rust. */
async function settled(): Promise<void> {
  await vi.waitFor(() => {
    expect(clerk.revision).toBe(rust.state.revision);
  });
}

/** Starts a sign-in, and forgets the calls so far. */
async function begun(): Promise<void> {
  respond(['create_sign_in']);
  await signIn.create({ identifier: 'ada@example.com' });
  rust.calls.length = 0;
}

/** The calls but those that read the state. */
function calls(): [string, unknown][] {
  return rust.calls
    .filter(({ command }) => command !== 'snapshot')
    .map(({ command, args }) => [command, JSON.parse(JSON.stringify(args))]);
}

const OK = { error: null };

function refusal(code: string, paramName?: string): object {
  const meta = paramName === undefined ? {} : { paramName };
  const errors = [{ code, message: code, longMessage: `${code}.`, meta }];
  return { kind: 'api', code: 'api_response_error', message: `${code}.`, status: 422, errors };
}

function throwing(error: object): () => never {
  return () => {
    throw error;
  };
}

/** Responses that the test gives. */
interface Pending {
  resolve: (value: object) => void;
  reject: (error: object) => void;
}

function pending(command: string): Pending[] {
  const waiting: Pending[] = [];
  rust.on(command, () => new Promise((resolve, reject) => waiting.push({ resolve, reject })));
  return waiting;
}

describe('createFuture', () => {
  it('createFuture() returns the same objects for the same Clerk', () => {
    expect(createFuture(clerk).signIn).toBe(signIn);
    expect(createFuture(new Clerk()).signIn).not.toBe(signIn);
  });

  it('a call before load() is refused with not_loaded', async () => {
    const { signIn: early } = createFuture(new Clerk());
    expect((await early.create({})).error).toMatchObject({ code: 'not_loaded' });
  });

  it('without an attempt, getters have the values of an empty one', () => {
    expect([signIn.id, signIn.status, signIn.identifier, signIn.createdSessionId]).toEqual([
      undefined,
      'needs_identifier',
      null,
      null,
    ]);
    expect([signIn.supportedFirstFactors, signIn.userData, signIn.firstFactorVerification.status]).toEqual([
      [],
      {},
      null,
    ]);
    expect([signUp.status, signUp.missingFields, signUp.verifications.emailAddress.nextAction]).toEqual([
      'missing_requirements',
      [],
      '',
    ]);
    expect([signIn.canBeDiscarded, signIn.isTransferable, signIn.existingSession]).toEqual([
      false,
      false,
      undefined,
    ]);
  });
});

describe('getters', () => {
  it('getters show the sign-in of the client as Clerk types it', async () => {
    setClient({
      signIn: attempt({
        supportedFirstFactors: [{ ...EMAIL, phoneNumberId: null, primary: true }],
        firstFactorVerification: {
          status: 'failed',
          strategy: 'oauth_google',
          attempts: 1,
          expireAt: 1000,
          error: {
            code: 'identifier_already_signed_in',
            message: 'm',
            longMessage: null,
            meta: { sessionId: 's' },
          },
          externalVerificationRedirectUrl: 'https://accounts.example.test/x',
          verifiedAtClient: 'client_1',
          channel: null,
        },
        userData: { firstName: 'Ada', lastName: null, imageUrl: '', hasImage: false },
        protectCheck: { status: 'pending', token: 't', sdkUrl: 'u', expiresAt: null, uiHints: null },
        timezone: 'Europe/Athens',
        clientTrustState: 'new',
      }),
    });
    await settled();
    expect(signIn.supportedFirstFactors).toEqual([{ ...EMAIL, primary: true }]);
    expect(signIn.supportedFirstFactors).toBe(signIn.supportedFirstFactors);
    const verification = signIn.firstFactorVerification;
    expect(verification.expireAt).toEqual(new Date(1000));
    expect(verification.externalVerificationRedirectURL?.host).toBe('accounts.example.test');
    expect([verification.verifiedFromTheSameClient(), 'channel' in verification]).toEqual([true, false]);
    expect(signIn.existingSession).toEqual({ sessionId: 's' });
    expect(signIn.userData).toEqual({ firstName: 'Ada', imageUrl: '', hasImage: false });
    expect(signIn.protectCheck).toEqual({ status: 'pending', token: 't', sdkUrl: 'u' });
    expect([signIn.timezone, signIn.clientTrustState]).toEqual(['Europe/Athens', 'new']);
  });

  it('isTransferable and existingSession of a sign-up follow the external account', async () => {
    const external = (status: string, code: string) =>
      registration({
        verifications: {
          externalAccount: {
            status,
            error: { code, message: '', longMessage: null, meta: { sessionId: 's' } },
          },
        },
      });
    setClient({ signUp: external('transferable', 'external_account_exists') });
    await settled();
    expect([signUp.isTransferable, signUp.existingSession]).toEqual([true, undefined]);
    setClient({ signUp: external('unverified', 'identifier_already_signed_in') });
    await settled();
    expect([signUp.isTransferable, signUp.existingSession]).toEqual([false, { sessionId: 's' }]);
  });
});

const FIRST = { signInId: 'sia_1' };

describe('signIn', () => {
  it('password() signs in by the identifier given, else by that of the sign-in in progress', async () => {
    respond(['create_sign_in'], { timezone: 'Europe/Athens' });
    expect(await signIn.password({ emailAddress: 'ada@example.com', password: 'p' })).toEqual(OK);
    await signIn.password({ password: 'q' });
    expect(calls()).toEqual([
      ['create_sign_in', { params: { identifier: 'ada@example.com', password: 'p', timezone: null } }],
      [
        'create_sign_in',
        { params: { identifier: 'ada@example.com', password: 'q', timezone: 'Europe/Athens' } },
      ],
    ]);
  });

  it('password() rejects two identifiers', async () => {
    const both = { identifier: 'a', phoneNumber: '+1', password: 'p' };
    await expect(signIn.password(both)).rejects.toMatchObject({ code: 'argument_invalid' });
    expect(signIn.fetchStatus).toBe('idle');
  });

  it('emailCode.sendCode() starts a sign-in and sends the code to the address of its identifier', async () => {
    respond(['create_sign_in', 'prepare_sign_in_first_factor']);
    expect(await signIn.emailCode.sendCode({ emailAddress: 'ada@example.com' })).toEqual(OK);
    expect(calls()).toEqual([
      ['create_sign_in', { params: { identifier: 'ada@example.com' } }],
      [
        'prepare_sign_in_first_factor',
        { ...FIRST, params: { strategy: 'email_code', emailAddressId: 'idn_second' } },
      ],
    ]);
  });

  it.each<[string, () => Promise<unknown>, string, object]>([
    [
      'emailCode.sendCode() with an id',
      () => signIn.emailCode.sendCode({ emailAddressId: 'idn_mail' }),
      'prepare_sign_in_first_factor',
      { params: { strategy: 'email_code', emailAddressId: 'idn_mail' } },
    ],
    [
      'emailCode.verifyCode()',
      () => signIn.emailCode.verifyCode({ code: '1' }),
      'attempt_sign_in_first_factor',
      { params: { strategy: 'email_code', code: '1' } },
    ],
    [
      'phoneCode.sendCode()',
      () => signIn.phoneCode.sendCode(),
      'prepare_sign_in_first_factor',
      { params: { strategy: 'phone_code', phoneNumberId: 'idn_phone', channel: 'sms' } },
    ],
    [
      'phoneCode.sendCode() with a channel',
      () => signIn.phoneCode.sendCode({ channel: 'whatsapp' }),
      'prepare_sign_in_first_factor',
      { params: { strategy: 'phone_code', phoneNumberId: 'idn_phone', channel: 'whatsapp' } },
    ],
    [
      'phoneCode.verifyCode()',
      () => signIn.phoneCode.verifyCode({ code: '1' }),
      'attempt_sign_in_first_factor',
      { params: { strategy: 'phone_code', code: '1' } },
    ],
    [
      'resetPasswordEmailCode.sendCode()',
      () => signIn.resetPasswordEmailCode.sendCode(),
      'prepare_sign_in_first_factor',
      { params: { strategy: 'reset_password_email_code', emailAddressId: 'idn_mail' } },
    ],
    [
      'resetPasswordEmailCode.verifyCode()',
      () => signIn.resetPasswordEmailCode.verifyCode({ code: '1' }),
      'attempt_sign_in_first_factor',
      { params: { strategy: 'reset_password_email_code', code: '1' } },
    ],
    [
      'resetPasswordEmailCode.submitPassword()',
      () => signIn.resetPasswordEmailCode.submitPassword({ password: 'p' }),
      'reset_sign_in_password',
      { params: { password: 'p', signOutOfOtherSessions: true } },
    ],
    [
      'resetPasswordPhoneCode.sendCode()',
      () => signIn.resetPasswordPhoneCode.sendCode(),
      'prepare_sign_in_first_factor',
      { params: { strategy: 'reset_password_phone_code', phoneNumberId: 'idn_phone' } },
    ],
    [
      'resetPasswordPhoneCode.verifyCode()',
      () => signIn.resetPasswordPhoneCode.verifyCode({ code: '1' }),
      'attempt_sign_in_first_factor',
      { params: { strategy: 'reset_password_phone_code', code: '1' } },
    ],
    [
      'resetPasswordPhoneCode.submitPassword()',
      () => signIn.resetPasswordPhoneCode.submitPassword({ password: 'p', signOutOfOtherSessions: false }),
      'reset_sign_in_password',
      { params: { password: 'p', signOutOfOtherSessions: false } },
    ],
    [
      'mfa.sendPhoneCode()',
      () => signIn.mfa.sendPhoneCode(),
      'prepare_sign_in_second_factor',
      { params: { strategy: 'phone_code', phoneNumberId: 'idn_phone' } },
    ],
    [
      'mfa.verifyPhoneCode()',
      () => signIn.mfa.verifyPhoneCode({ code: '1' }),
      'attempt_sign_in_second_factor',
      { params: { strategy: 'phone_code', code: '1' } },
    ],
    [
      'mfa.sendEmailCode()',
      () => signIn.mfa.sendEmailCode(),
      'prepare_sign_in_second_factor',
      { params: { strategy: 'email_code', emailAddressId: 'idn_mail' } },
    ],
    [
      'mfa.verifyEmailCode()',
      () => signIn.mfa.verifyEmailCode({ code: '1' }),
      'attempt_sign_in_second_factor',
      { params: { strategy: 'email_code', code: '1' } },
    ],
    [
      'mfa.verifyTOTP()',
      () => signIn.mfa.verifyTOTP({ code: '1' }),
      'attempt_sign_in_second_factor',
      { params: { strategy: 'totp', code: '1' } },
    ],
    [
      'mfa.verifyBackupCode()',
      () => signIn.mfa.verifyBackupCode({ code: '1' }),
      'attempt_sign_in_second_factor',
      { params: { strategy: 'backup_code', code: '1' } },
    ],
    [
      'submitProtectCheck()',
      () => signIn.submitProtectCheck({ proofToken: 'proof' }),
      'submit_sign_in_protect_check',
      { proofToken: 'proof' },
    ],
  ])('%s continues the sign-in in progress', async (_, call, command, args) => {
    await begun();
    respond([command], { status: 'needs_second_factor' });
    expect(await call()).toEqual(OK);
    expect(calls()).toEqual([[command, { ...FIRST, ...args }]]);
    expect(signIn.status).toBe('needs_second_factor');
  });

  it.each<[string, () => Promise<unknown>]>([
    ['emailCode.sendCode()', () => signIn.emailCode.sendCode()],
    ['emailCode.sendCode() with an id', () => signIn.emailCode.sendCode({ emailAddressId: 'idn_1' })],
    ['emailLink.sendLink()', () => signIn.emailLink.sendLink()],
    ['emailLink.waitForVerification()', () => signIn.emailLink.waitForVerification()],
    ['phoneCode.sendCode()', () => signIn.phoneCode.sendCode()],
    ['resetPasswordEmailCode.sendCode()', () => signIn.resetPasswordEmailCode.sendCode()],
    ['resetPasswordPhoneCode.sendCode()', () => signIn.resetPasswordPhoneCode.sendCode()],
  ])('%s rejects without a sign-in in progress', async (_, call) => {
    await expect(call()).rejects.toMatchObject({ code: 'attempt_not_started' });
    expect(calls()).toEqual([]);
  });

  it('a code without a sign-in in progress is an error', async () => {
    expect((await signIn.emailCode.verifyCode({ code: '1' })).error).toMatchObject({
      code: 'attempt_not_started',
    });
  });

  it('a factor that is not offered is factor_not_found', async () => {
    respond(['create_sign_in'], { supportedFirstFactors: [], supportedSecondFactors: null });
    const { error } = await signIn.phoneCode.sendCode({ phoneNumber: '+1' });
    expect(error).toMatchObject({ code: 'factor_not_found' });
    expect(signIn.errors.global).toEqual([error]);
    expect((await signIn.mfa.sendEmailCode()).error).toMatchObject({ code: 'factor_not_found' });
  });

  it('ticket() takes the ticket of the address by default', async () => {
    respond(['create_sign_in']);
    window.history.replaceState(null, '', '/?__clerk_ticket=from_link');
    await signIn.ticket();
    await signIn.ticket({ ticket: 'given' });
    expect(calls()).toEqual(
      ['from_link', 'given'].map((ticket) => ['create_sign_in', { params: { strategy: 'ticket', ticket } }]),
    );
  });

  it('web3() signs in with the wallet and leaves the session to finalize()', async () => {
    respond(['sign_in_with_web3'], { status: 'complete', createdSessionId: 'sess_1' });
    expect(await signIn.web3({ strategy: 'web3_solana_signature', walletName: 'Phantom' })).toEqual(OK);
    await signIn.web3({ strategy: 'web3_metamask_signature', provider: 'metamask' });
    expect(calls()).toEqual([
      ['sign_in_with_web3', { strategy: 'web3_solana_signature', walletName: 'Phantom' }],
      ['sign_in_with_web3', { strategy: 'web3_metamask_signature', walletName: null }],
    ]);
    expect([signIn.status, signIn.createdSessionId]).toEqual(['complete', 'sess_1']);
  });
});

describe('sso', () => {
  const outcome = (changes: object) => ({
    navigateTo: '/home',
    createdSessionId: null,
    requirements: null,
    ...changes,
  });

  it('sso() goes through the system browser, stays on the page, and the sign-in is complete', async () => {
    const push = vi.fn();
    const other = new Clerk();
    await other.load({ routerPush: push });
    const future = createFuture(other).signIn;
    rust.calls.length = 0;
    rust.on('authenticate_with_redirect', () => outcome({ createdSessionId: 'sess_1' }));
    const params = { redirectUrl: '/home', redirectCallbackUrl: '/sso-callback', oidcPrompt: 'login' };
    expect(await future.sso({ strategy: 'oauth_google', ...params })).toEqual(OK);
    expect(calls()).toEqual([
      [
        'authenticate_with_redirect',
        {
          params: {
            resource: 'signIn',
            strategy: 'oauth_google',
            oidcPrompt: 'login',
            continueSignIn: false,
            callback: { location: window.location.href },
          },
        },
      ],
    ]);
    expect([future.status, future.createdSessionId, push.mock.calls]).toEqual(['complete', 'sess_1', []]);
  });

  it('sso() shows what is required next when no session was created', async () => {
    rust.on('authenticate_with_redirect', () => {
      setClient({ signIn: attempt({ status: 'needs_second_factor' }) }, false);
      return outcome({});
    });
    expect(await signIn.sso({ strategy: 'oauth_google' })).toEqual(OK);
    expect([signIn.status, signIn.createdSessionId]).toEqual(['needs_second_factor', null]);
  });

  it('sso() with enterprise_sso continues the sign-in in progress', async () => {
    await begun();
    rust.on('authenticate_with_redirect', () => outcome({}));
    await signIn.sso({ strategy: 'enterprise_sso', identifier: 'a@b.test', enterpriseConnectionId: 'ent_1' });
    expect(calls()[0]![1]).toMatchObject({
      params: { continueSignIn: true, identifier: 'a@b.test', enterpriseConnectionId: 'ent_1' },
    });
  });

  it('sso() with another strategy begins anew', async () => {
    await begun();
    rust.on('authenticate_with_redirect', () => outcome({}));
    await signIn.sso({ strategy: 'oauth_google' });
    expect(calls()[0]![1]).toMatchObject({ params: { continueSignIn: false } });
  });

  it('sso() resolves with the error of the flow', async () => {
    const error = { kind: 'runtime', code: 'oauth_access_denied', message: 'no', errors: [] };
    rust.on('authenticate_with_redirect', throwing(error));
    expect((await signIn.sso({ strategy: 'oauth_google' })).error).toMatchObject({
      code: 'oauth_access_denied',
    });
  });

  it('sso() of a sign-up passes its fields', async () => {
    rust.on('authenticate_with_redirect', () => outcome({ createdSessionId: 'sess_1' }));
    const fields = {
      unsafeMetadata: { plan: 1 },
      legalAccepted: true,
      locale: 'de',
      emailAddress: 'a@b.test',
    };
    await signUp.sso({ strategy: 'oauth_google', redirectUrl: '/', redirectCallbackUrl: '/x', ...fields });
    expect(calls().at(-1)).toEqual([
      'authenticate_with_redirect',
      {
        params: {
          ...fields,
          resource: 'signUp',
          strategy: 'oauth_google',
          continueSignUp: false,
          callback: { location: window.location.href },
        },
      },
    ]);
    expect(signUp.status).toBe('complete');
  });

  it('reset() during sso() cancels the flow', async () => {
    const flow = pending('authenticate_with_redirect');
    rust.on('cancel_authentication', () => {
      flow[0]!.reject({ kind: 'runtime', code: 'oauth_flow_cancelled', message: '', errors: [] });
      return true;
    });
    const result = signIn.sso({ strategy: 'oauth_google' });
    await vi.waitFor(() => {
      expect(flow).toHaveLength(1);
    });
    await signIn.reset();
    expect(signIn.fetchStatus).toBe('idle');
    expect((await result).error).toMatchObject({ code: 'oauth_flow_cancelled' });
    expect(signIn.errors.global).toBeNull();
  });
});

describe('e-mail links', () => {
  const link = { strategy: 'email_link', status: 'unverified', expireAt: 1 };

  it('emailLink.sendLink() resolves when the link was sent, waitForVerification() when it was opened', async () => {
    await begun();
    const opened = pending('sign_in_with_email_link');
    const order: string[] = [];
    const sent = signIn.emailLink.sendLink({ verificationUrl: 'https://ignored.test' }).then((result) => {
      order.push('sent');
      return result;
    });
    await vi.waitFor(() => {
      expect(opened).toHaveLength(1);
    });
    order.push('asked');
    setClient({ signIn: attempt({ firstFactorVerification: link }) });
    expect(await sent).toEqual(OK);
    const verified = signIn.emailLink.waitForVerification();
    expect(signIn.fetchStatus).toBe('fetching');
    opened[0]!.resolve(attempt({ id: 'sia_2', status: 'complete', createdSessionId: 'sess_1' }));
    expect(await verified).toEqual(OK);
    expect(order).toEqual(['asked', 'sent']);
    expect([signIn.status, signIn.createdSessionId]).toEqual(['complete', 'sess_1']);
    expect(calls()).toEqual([['sign_in_with_email_link', { signInId: 'sia_1', emailAddressId: 'idn_mail' }]]);
  });

  it('emailLink.sendLink() sends another link, and notices that by its new expiry', async () => {
    respond(['create_sign_in'], { firstFactorVerification: link });
    await signIn.create({});
    const opened = pending('sign_in_with_email_link');
    let sent = false;
    const sending = signIn.emailLink.sendLink().then(() => {
      sent = true;
    });
    await vi.waitFor(() => {
      expect(opened).toHaveLength(1);
    });
    setClient({ signIn: attempt({ firstFactorVerification: link }) });
    await settled();
    expect(sent).toBe(false);
    setClient({ signIn: attempt({ firstFactorVerification: { ...link, expireAt: 2 } }) });
    await sending;
  });

  it('emailLink.waitForVerification() resolves with the EmailLinkError of an expired link', async () => {
    await begun();
    const opened = pending('sign_in_with_email_link');
    const sent = signIn.emailLink.sendLink();
    await vi.waitFor(() => {
      expect(opened).toHaveLength(1);
    });
    setClient({ signIn: attempt({ firstFactorVerification: link }) });
    await sent;
    opened[0]!.reject({ kind: 'email_link', code: 'expired', message: 'expired', errors: [] });
    const { error } = await signIn.emailLink.waitForVerification();
    expect(error).toMatchObject({ name: 'EmailLinkError', code: 'expired' });
    expect(signIn.errors.global).toEqual([error]);
  });

  it('emailLink.sendLink() resolves with the error of a link that could not be sent', async () => {
    await begun();
    rust.on('sign_in_with_email_link', throwing(refusal('too_many_requests')));
    const { error } = await signIn.emailLink.sendLink();
    expect(isClerkAPIResponseError(error)).toBe(true);
  });

  it('emailLink.verification is what the address of the page says', () => {
    expect(signIn.emailLink.verification).toBeNull();
    window.history.replaceState(null, '', '/?__clerk_status=expired&__clerk_created_session=sess_1');
    const verification = { status: 'expired', createdSessionId: 'sess_1', verifiedFromTheSameClient: false };
    expect(signIn.emailLink.verification).toEqual(verification);
    expect(signUp.verifications.emailLinkVerification).toEqual(verification);
  });

  it('verifications.sendEmailLink() and waitForEmailLinkVerification() verify the address of a sign-up', async () => {
    setClient({ signUp: registration() });
    await settled();
    const opened = pending('sign_up_with_email_link');
    const sent = signUp.verifications.sendEmailLink({ verificationUrl: '/ignored' });
    await vi.waitFor(() => {
      expect(opened).toHaveLength(1);
    });
    setClient({ signUp: registration({ verifications: { emailAddress: link } }) });
    expect(await sent).toEqual(OK);
    const verified = signUp.verifications.waitForEmailLinkVerification();
    opened[0]!.resolve(registration({ status: 'complete', createdSessionId: 'sess_1' }));
    expect(await verified).toEqual(OK);
    expect(signUp.createdSessionId).toBe('sess_1');
  });
});

describe('signUp', () => {
  beforeEach(() => {
    for (const command of [
      'create_sign_up',
      'update_sign_up',
      'prepare_sign_up_verification',
      'attempt_sign_up_verification',
      'submit_sign_up_protect_check',
      'sign_up_with_web3',
    ]) {
      rust.on(command, () => {
        setClient({ signUp: registration() }, false);
        return registration();
      });
    }
  });

  it.each<[string, () => Promise<unknown>, string, object]>([
    [
      'update()',
      () => signUp.update({ firstName: 'Ada' }),
      'update_sign_up',
      { params: { firstName: 'Ada' } },
    ],
    [
      'password()',
      () => signUp.password({ username: 'ada', password: 'p' }),
      'update_sign_up',
      { params: { strategy: 'password', username: 'ada', password: 'p' } },
    ],
    [
      'verifications.sendEmailCode()',
      () => signUp.verifications.sendEmailCode(),
      'prepare_sign_up_verification',
      { params: { strategy: 'email_code' } },
    ],
    [
      'verifications.verifyEmailCode()',
      () => signUp.verifications.verifyEmailCode({ code: '1' }),
      'attempt_sign_up_verification',
      { params: { strategy: 'email_code', code: '1' } },
    ],
    [
      'verifications.sendPhoneCode()',
      () => signUp.verifications.sendPhoneCode(),
      'prepare_sign_up_verification',
      { params: { strategy: 'phone_code', channel: 'sms' } },
    ],
    [
      'verifications.verifyPhoneCode()',
      () => signUp.verifications.verifyPhoneCode({ code: '1' }),
      'attempt_sign_up_verification',
      { params: { strategy: 'phone_code', code: '1' } },
    ],
    [
      'submitProtectCheck()',
      () => signUp.submitProtectCheck({ proofToken: 'proof' }),
      'submit_sign_up_protect_check',
      { proofToken: 'proof' },
    ],
  ])('%s continues the sign-up in progress', async (_, call, command, args) => {
    expect(await signUp.create({ emailAddress: 'a@b.test' })).toEqual(OK);
    rust.calls.length = 0;
    expect(await call()).toEqual(OK);
    expect(calls()).toEqual([[command, { signUpId: 'sua_1', ...args }]]);
  });

  it('create(), password(), ticket() and web3() start a sign-up', async () => {
    window.history.replaceState(null, '', '/?__clerk_ticket=from_link');
    await signUp.password({ emailAddress: 'a@b.test', password: 'p', locale: 'de' });
    await signUp.ticket();
    await signUp.web3({ strategy: 'web3_base_signature', unsafeMetadata: { a: 1 }, legalAccepted: true });
    expect(calls()).toEqual([
      [
        'create_sign_up',
        { params: { strategy: 'password', emailAddress: 'a@b.test', password: 'p', locale: 'de' } },
      ],
      ['create_sign_up', { params: { strategy: 'ticket', ticket: 'from_link' } }],
      [
        'sign_up_with_web3',
        { params: { strategy: 'web3_base_signature', unsafeMetadata: { a: 1 }, legalAccepted: true } },
      ],
    ]);
  });

  it('update() without a sign-up in progress is an error', async () => {
    expect((await signUp.update({ firstName: 'Ada' })).error).toMatchObject({ code: 'attempt_not_started' });
  });
});

describe('finalize', () => {
  it('finalize() makes the created session the active one, and the attempt can be discarded', async () => {
    respond(['create_sign_in'], { status: 'complete', createdSessionId: 'sess_1' });
    await signIn.password({ identifier: 'ada', password: 'p' });
    expect([signIn.status, clerk.client?.signIn.status]).toEqual(['complete', null]);
    rust.on('set_active', () => {
      rust.state = {
        ...rust.state,
        revision: rust.state.revision + 1,
        client: client(session('sess_1')),
        activeSession: { state: 'session', sessionId: 'sess_1' },
      };
      return activated();
    });
    const navigate = vi.fn();
    expect(await signIn.finalize({ navigate })).toEqual(OK);
    expect(calls().at(-1)).toEqual(['set_active', { params: { session: 'sess_1' } }]);
    expect(navigate).toHaveBeenCalledOnce();
    expect([clerk.session?.id, signIn.status, signIn.canBeDiscarded]).toEqual([
      'sess_1',
      'needs_identifier',
      true,
    ]);
  });

  it('finalize() rejects before the attempt is complete', async () => {
    await begun();
    await expect(signIn.finalize()).rejects.toMatchObject({ code: 'attempt_not_complete' });
  });

  it("finalize() rejects with an error of the app's own navigate", async () => {
    respond(['create_sign_in'], { status: 'complete', createdSessionId: 'sess_1' });
    await signIn.password({ identifier: 'ada', password: 'p' });
    rust.on('set_active', () => {
      rust.state = {
        ...rust.state,
        revision: rust.state.revision + 1,
        client: client(session('sess_1')),
        activeSession: { state: 'session', sessionId: 'sess_1' },
      };
      return activated();
    });
    const navigate = throwing(new Error('a bug'));
    await expect(signIn.finalize({ navigate })).rejects.toThrow('a bug');
    expect(signIn.fetchStatus).toBe('idle');
  });

  it('a complete attempt that was not finalized is forgotten after its session was signed out', async () => {
    rust.on('authenticate_with_redirect', () => {
      rust.change({
        ...rust.state,
        revision: rust.state.revision + 1,
        client: client(session('sess_1')),
        activeSession: { state: 'session', sessionId: 'sess_1' },
      });
      return { navigateTo: null, createdSessionId: 'sess_1', requirements: null };
    });
    await signIn.sso({ strategy: 'oauth_google' });
    setClient({ lastActiveSessionId: 'sess_1' });
    await settled();
    expect(signIn.status).toBe('complete');
    rust.change(snapshot({ revision: rust.state.revision + 1 }));
    await settled();
    expect([signIn.status, signIn.createdSessionId]).toEqual(['needs_identifier', null]);
  });
});

describe('errors', () => {
  it('errors.fields has the errors of the parameters that Clerk names', async () => {
    const errors = [
      {
        code: 'form_param_nil',
        message: 'm',
        longMessage: 'Enter a phone number.',
        meta: { paramName: 'phone_number' },
      },
      { code: 'form_param_other', message: 'm', longMessage: null, meta: { paramName: 'phone_number' } },
    ];
    rust.on('create_sign_up', throwing({ ...refusal('x'), errors }));
    const { error } = await signUp.create({});
    expect(error).toMatchObject({ errors: [{ meta: { paramName: 'phone_number' } }, {}] });
    expect(signUp.errors.fields.phoneNumber).toMatchObject({
      code: 'form_param_nil',
      longMessage: 'Enter a phone number.',
    });
    expect(signUp.errors.fields.password).toBeNull();
    expect([signUp.errors.global, signUp.errors.raw?.length]).toEqual([null, 2]);
  });

  it('errors.global has an error that is not about a field of the form', async () => {
    rust.on('create_sign_in', throwing(refusal('session_exists')));
    const { error } = await signIn.create({});
    expect([signIn.errors.global, signIn.errors.fields.identifier]).toEqual([[error], null]);
    rust.on('create_sign_in', throwing(refusal('form_param_unknown', 'timezone')));
    const { error: unknown } = await signIn.create({});
    expect(signIn.errors.global).toEqual([unknown]);
  });

  it('a new call clears the errors of the one before', async () => {
    rust.on('create_sign_in', throwing(refusal('form_password_incorrect', 'password')));
    await signIn.create({});
    expect(signIn.errors.fields.password?.code).toBe('form_password_incorrect');
    respond(['create_sign_in']);
    await signIn.create({});
    expect([signIn.errors.fields.password, signIn.errors.raw]).toEqual([null, null]);
  });
});

describe('concurrency', () => {
  it('fetchStatus is fetching until the last call has ended', async () => {
    const responses = pending('create_sign_in');
    const seen: string[] = [];
    signIn.subscribe(() => seen.push(signIn.fetchStatus));
    const both = [signIn.create({}), signIn.create({})];
    await vi.waitFor(() => {
      expect(responses).toHaveLength(2);
    });
    responses[1]!.resolve(attempt());
    await both[1];
    expect(signIn.fetchStatus).toBe('fetching');
    responses[0]!.resolve(attempt());
    await both[0];
    expect(signIn.fetchStatus).toBe('idle');
    expect([seen[0], seen.at(-1), seen.filter((status) => status === 'idle').length]).toEqual([
      'fetching',
      'idle',
      1,
    ]);
  });

  it('the error of an older call does not replace what a newer one has left', async () => {
    const responses = pending('create_sign_in');
    const [older, newer] = [signIn.create({}), signIn.create({})];
    await vi.waitFor(() => {
      expect(responses).toHaveLength(2);
    });
    responses[1]!.reject(refusal('form_password_incorrect', 'password'));
    await newer;
    responses[0]!.reject(refusal('form_identifier_not_found', 'identifier'));
    expect((await older).error).toMatchObject({ errors: [{ code: 'form_identifier_not_found' }] });
    expect(signIn.errors.fields.password?.code).toBe('form_password_incorrect');
    expect(signIn.errors.fields.identifier).toBeNull();
  });

  it('the error of an older call does not replace the success of a newer one', async () => {
    const responses = pending('create_sign_in');
    const [older, newer] = [signIn.create({}), signIn.create({})];
    await vi.waitFor(() => {
      expect(responses).toHaveLength(2);
    });
    responses[1]!.resolve(attempt());
    await newer;
    responses[0]!.reject(refusal('form_identifier_not_found', 'identifier'));
    await older;
    expect(signIn.errors.raw).toBeNull();
  });

  it('reset() forgets the attempt without a command, also when the client still has it', async () => {
    await begun();
    rust.on('prepare_sign_in_first_factor', throwing(refusal('too_many_requests')));
    await signIn.emailCode.sendCode();
    rust.calls.length = 0;
    const seen: string[] = [];
    signIn.subscribe(() => seen.push(signIn.fetchStatus));
    expect(await signIn.reset()).toEqual(OK);
    expect([signIn.id, signIn.status, signIn.errors.raw, signIn.canBeDiscarded]).toEqual([
      undefined,
      'needs_identifier',
      null,
      true,
    ]);
    expect([calls(), seen]).toEqual([[], ['idle']]);
    setClient({ lastActiveSessionId: null });
    await settled();
    expect(signIn.id).toBeUndefined();
    respond(['create_sign_in'], { id: 'sia_2' });
    await signIn.create({});
    expect([signIn.id, signIn.canBeDiscarded]).toEqual(['sia_2', false]);
  });

  it('reset() by a listener ends the call before its next request', async () => {
    // The client has not changed yet, so that listeners first hear of the response itself.
    rust.on('create_sign_in', () => attempt());
    respond(['prepare_sign_in_first_factor']);
    const remove = signIn.subscribe(() => {
      if (signIn.id !== undefined) {
        remove();
        void signIn.reset();
      }
    });
    const { error } = await signIn.emailCode.sendCode({ emailAddress: 'ada@example.com' });
    expect(error).toMatchObject({ code: 'attempt_reset' });
    expect(rust.count('prepare_sign_in_first_factor')).toBe(0);
  });

  it('what a call creates after reset() never shows, and its other requests are not made', async () => {
    const responses = pending('create_sign_in');
    const shown: (string | undefined)[] = [];
    const late = signIn.emailCode.sendCode({ emailAddress: 'ada@example.com' });
    await vi.waitFor(() => {
      expect(responses).toHaveLength(1);
    });
    await signIn.reset();
    expect(signIn.fetchStatus).toBe('idle');
    signIn.subscribe(() => shown.push(signIn.id));
    setClient({ signIn: attempt() });
    await settled();
    responses[0]!.resolve(attempt());
    expect((await late).error).toMatchObject({ code: 'attempt_reset' });
    setClient({ signIn: attempt() });
    await settled();
    expect([signIn.id, shown.filter(Boolean), signIn.errors.raw]).toEqual([undefined, [], null]);
    expect(rust.count('prepare_sign_in_first_factor')).toBe(0);
  });
});

describe('docs/sign-in.md', () => {
  it('docs/sign-in.md names existing members', () => {
    const page = readFileSync('docs/sign-in.md', 'utf8');
    const named = [...page.matchAll(/\b(signIn|signUp|future)\.([a-z]\w*(?:\.[a-z]\w*)*)/g)];
    expect(named.length).toBeGreaterThan(40);
    for (const [text, object, path] of named) {
      let value: unknown = object === 'signUp' ? signUp : signIn;
      for (const name of path!.split('.')) {
        if (value === null) {
          break;
        }
        expect(name in (value as object), text).toBe(true);
        value = (value as Record<string, unknown>)[name];
      }
    }
  });
});

describe('subscribe', () => {
  it('getSnapshot() is another object when the attempt, errors or fetchStatus changed, and otherwise the same', async () => {
    const listener = vi.fn();
    const remove = signIn.subscribe(listener);
    const first = signIn.getSnapshot();
    expect(first).toMatchObject({ signIn, errors: signIn.errors, fetchStatus: 'idle' });
    setClient({ lastActiveSessionId: 'sess_9' });
    await settled();
    expect([listener.mock.calls.length, signIn.getSnapshot() === first]).toEqual([0, true]);
    setClient({ signIn: attempt() });
    await settled();
    expect([listener.mock.calls.length, signIn.getSnapshot() === first]).toEqual([1, false]);
    remove();
    await begun();
    expect(listener).toHaveBeenCalledOnce();
  });

  it('an equal attempt in a new state changes nothing, not even the arrays', async () => {
    setClient({ signIn: attempt() });
    await settled();
    const [snapshotBefore, factors] = [signIn.getSnapshot(), signIn.supportedFirstFactors];
    setClient({ signIn: attempt(), lastActiveSessionId: 'sess_9' });
    await settled();
    expect(signIn.getSnapshot()).toBe(snapshotBefore);
    expect(signIn.supportedFirstFactors).toBe(factors);
  });

  it('listeners hear of an attempt that another window has begun, even if it was read before', async () => {
    const seen: (string | undefined)[] = [];
    clerk.addListener(() => signIn.id);
    signIn.subscribe(() => seen.push(signIn.id));
    setClient({ signIn: attempt({ id: 'sia_7' }) });
    await settled();
    expect(seen).toEqual(['sia_7']);
  });
});
