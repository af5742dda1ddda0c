/** The methods of resources: which command each calls, with what, and what becomes of the response. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import * as onDemand from '../on-demand-commands';
import { Flows } from '../class/flows';
import * as ofClass from '../class/methods';
import { Clerk } from '../clerk';
import { isClerkAPIResponseError, isClerkRuntimeError } from '../errors';
import { Client } from '../resources/client';
import { Verification } from '../resources/fields';
import {
  EmailAddress,
  EnterpriseAccount,
  ExternalAccount,
  Passkey,
  PhoneNumber,
  Web3Wallet,
} from '../resources/identifications';
import * as methods from '../resources/methods';
import { Organization, OrganizationMembership } from '../resources/organization';
import { Session } from '../resources/session';
import { SignIn } from '../resources/sign-in';
import { SignUp } from '../resources/sign-up';
import { User } from '../resources/user';
import { client, Fake, session, snapshot } from './fake';

const verification = { status: 'unverified', strategy: 'email_code', expireAt: 5, attempts: 0 };
const DATA = {
  email: { id: 'idn_1', emailAddress: 'ada@example.com', verification, createdAt: 1, updatedAt: 2 },
  phone: { id: 'idn_2', phoneNumber: '+12015550100', verification, createdAt: 1, updatedAt: 2 },
  wallet: { id: 'idn_3', web3Wallet: '0xab', verification, createdAt: 1, updatedAt: 2 },
  account: {
    id: 'eac_1',
    provider: 'oauth_google',
    emailAddress: 'ada@gmail.test',
    verification,
    createdAt: 1,
  },
  enterprise: { id: 'ent_1', provider: 'saml_okta', verification: null },
  passkey: { id: 'psk_1', name: 'Laptop', verification: null, lastUsedAt: null, createdAt: 1, updatedAt: 2 },
  organization: { id: 'org_1', name: 'Acme', slug: 'acme', createdAt: 1, updatedAt: 2 },
};
const MEMBERSHIP = {
  id: 'orgmem_1',
  role: 'org:admin',
  organization: DATA.organization,
  publicUserData: { userId: 'user_1' },
};
const INVITATION = { id: 'orginv_1', organizationId: 'org_1', emailAddress: 'b@example.com', createdAt: 1 };
const REQUEST = { id: 'orgreq_1', organizationId: 'org_1', status: 'pending', createdAt: 1 };
const DOMAIN = {
  id: 'orgdmn_1',
  organizationId: 'org_1',
  name: 'acme.test',
  affiliationVerification: { status: 'unverified', expireAt: 7, verifiedAt: null },
  ownershipVerification: null,
};
const USER = {
  id: 'user_1',
  firstName: 'Ada',
  emailAddresses: [DATA.email],
  phoneNumbers: [DATA.phone],
  web3Wallets: [DATA.wallet],
  externalAccounts: [DATA.account],
  enterpriseAccounts: [DATA.enterprise],
  passkeys: [DATA.passkey],
  organizationMemberships: [MEMBERSHIP],
  createdAt: 1,
  updatedAt: 2,
};
const SIGN_IN = {
  id: 'sia_1',
  status: 'needs_first_factor',
  supportedFirstFactors: [{ strategy: 'passkey' }],
};
const SIGN_UP = { id: 'sua_1', status: 'missing_requirements' };
const DELETED = { object: 'thing', id: 'thing_1', slug: null, deleted: true };
const page = (...data: object[]) => ({ data, totalCount: 12 });

let rust: Fake;
let clerk: Clerk;

beforeEach(async () => {
  rust = new Fake();
  const signedIn = { ...session('sess_1'), user: structuredClone(USER) as never };
  const attempts = { signIn: SIGN_IN as never, signUp: SIGN_UP as never };
  rust.state = snapshot({
    client: { ...client(signedIn), ...attempts },
    activeSession: { state: 'session', sessionId: 'sess_1' },
  });
  clerk = new Clerk();
  await clerk.load();
  rust.calls.length = 0;
});

afterEach(() => {
  rust.stop();
  vi.unstubAllGlobals();
});

const user = () => clerk.user!;
const email = () => user().emailAddresses[0]!;
const phone = () => user().phoneNumbers[0]!;
const wallet = () => user().web3Wallets[0]!;
const account = () => user().externalAccounts[0]!;
const enterprise = () => user().enterpriseAccounts[0]!;
const passkey = () => user().passkeys[0]!;
const membership = () => user().organizationMemberships[0]!;
const organization = () => membership().organization;

/** A method: the call, the command and its arguments, and what Rust responds. */
type Row = [call: () => Promise<unknown>, command: string, args: object, response: unknown];

const signIn = () => clerk.client!.signIn;
const signUp = () => clerk.client!.signUp;
const ofSignIn = { signInId: 'sia_1' };
const ofSignUp = { signUpId: 'sua_1' };

/** The methods of attempts, whose commands are in `bindings.ts`. */
const ATTEMPTS: Record<string, Row> = {
  'SignIn.create': [
    () => signIn().create({ identifier: 'ada@example.com' }),
    'create_sign_in',
    { params: { identifier: 'ada@example.com' } },
    SIGN_IN,
  ],
  'SignIn.prepareFirstFactor': [
    () => signIn().prepareFirstFactor({ strategy: 'email_code', emailAddressId: 'idn_1' }),
    'prepare_sign_in_first_factor',
    { ...ofSignIn, params: { strategy: 'email_code', emailAddressId: 'idn_1' } },
    SIGN_IN,
  ],
  'SignIn.attemptFirstFactor': [
    () => signIn().attemptFirstFactor({ strategy: 'email_code', code: '424242' }),
    'attempt_sign_in_first_factor',
    { ...ofSignIn, params: { strategy: 'email_code', code: '424242' } },
    SIGN_IN,
  ],
  'SignIn.prepareSecondFactor': [
    () => signIn().prepareSecondFactor({ strategy: 'phone_code' }),
    'prepare_sign_in_second_factor',
    { ...ofSignIn, params: { strategy: 'phone_code' } },
    SIGN_IN,
  ],
  'SignIn.attemptSecondFactor': [
    () => signIn().attemptSecondFactor({ strategy: 'totp', code: '1' }),
    'attempt_sign_in_second_factor',
    { ...ofSignIn, params: { strategy: 'totp', code: '1' } },
    SIGN_IN,
  ],
  'SignIn.resetPassword': [
    () => signIn().resetPassword({ password: 'new' }),
    'reset_sign_in_password',
    { ...ofSignIn, params: { password: 'new' } },
    SIGN_IN,
  ],
  'SignIn.submitProtectCheck': [
    () => signIn().submitProtectCheck({ proofToken: 'proof' }),
    'submit_sign_in_protect_check',
    { ...ofSignIn, proofToken: 'proof' },
    SIGN_IN,
  ],
  'SignIn.createEmailLinkFlow': [
    () => signIn().createEmailLinkFlow().startEmailLinkFlow({ emailAddressId: 'idn_1' }),
    'sign_in_with_email_link',
    { ...ofSignIn, emailAddressId: 'idn_1' },
    SIGN_IN,
  ],
  'SignIn.authenticateWithWeb3': [
    () => signIn().authenticateWithWeb3({ strategy: 'web3_base_signature' }),
    'sign_in_with_web3',
    { strategy: 'web3_base_signature', walletName: null },
    SIGN_IN,
  ],
  'SignIn.authenticateWithMetamask': [
    () => signIn().authenticateWithMetamask(),
    'sign_in_with_web3',
    { strategy: 'web3_metamask_signature', walletName: null },
    SIGN_IN,
  ],
  'SignIn.authenticateWithCoinbaseWallet': [
    () => signIn().authenticateWithCoinbaseWallet(),
    'sign_in_with_web3',
    { strategy: 'web3_coinbase_wallet_signature', walletName: null },
    SIGN_IN,
  ],
  'SignIn.authenticateWithOKXWallet': [
    () => signIn().authenticateWithOKXWallet(),
    'sign_in_with_web3',
    { strategy: 'web3_okx_wallet_signature', walletName: null },
    SIGN_IN,
  ],
  'SignIn.authenticateWithBase': [
    () => signIn().authenticateWithBase(),
    'sign_in_with_web3',
    { strategy: 'web3_base_signature', walletName: null },
    SIGN_IN,
  ],
  'SignIn.authenticateWithSolana': [
    () => signIn().authenticateWithSolana({ walletName: 'Phantom' }),
    'sign_in_with_web3',
    { strategy: 'web3_solana_signature', walletName: 'Phantom' },
    SIGN_IN,
  ],
  'SignIn.authenticateWithPasskey': [
    () => signIn().authenticateWithPasskey(),
    'prepare_sign_in_first_factor',
    { ...ofSignIn, params: { strategy: 'passkey' } },
    { ...SIGN_IN, firstFactorVerification: { nonce: '{}' } },
  ],
  'SignIn.authenticateWithRedirect': [
    () => signIn().authenticateWithRedirect({ strategy: 'oauth_google' }),
    'authenticate_with_redirect',
    {
      params: { strategy: 'oauth_google', resource: 'signIn', callback: { location: window.location.href } },
    },
    { navigateTo: null, createdSessionId: null },
  ],
  'SignIn.reload': [
    () => signIn().reload(),
    'reload_sign_in',
    { ...ofSignIn, rotatingTokenNonce: null },
    SIGN_IN,
  ],
  'SignUp.create': [
    () => signUp().create({ emailAddress: 'ada@example.com' }),
    'create_sign_up',
    { params: { emailAddress: 'ada@example.com' } },
    SIGN_UP,
  ],
  'SignUp.update': [
    () => signUp().update({ firstName: 'Ada' }),
    'update_sign_up',
    { ...ofSignUp, params: { firstName: 'Ada' } },
    SIGN_UP,
  ],
  'SignUp.upsert': [
    () => signUp().upsert({ firstName: 'Ada' }),
    'update_sign_up',
    { ...ofSignUp, params: { firstName: 'Ada' } },
    SIGN_UP,
  ],
  'SignUp.prepareVerification': [
    () => signUp().prepareVerification({ strategy: 'email_code' }),
    'prepare_sign_up_verification',
    { ...ofSignUp, params: { strategy: 'email_code' } },
    SIGN_UP,
  ],
  'SignUp.attemptVerification': [
    () => signUp().attemptVerification({ strategy: 'email_code', code: '424242' }),
    'attempt_sign_up_verification',
    { ...ofSignUp, params: { strategy: 'email_code', code: '424242' } },
    SIGN_UP,
  ],
  'SignUp.submitProtectCheck': [
    () => signUp().submitProtectCheck({ proofToken: 'proof' }),
    'submit_sign_up_protect_check',
    { ...ofSignUp, proofToken: 'proof' },
    SIGN_UP,
  ],
  'SignUp.createEmailLinkFlow': [
    () => signUp().createEmailLinkFlow().startEmailLinkFlow(),
    'sign_up_with_email_link',
    ofSignUp,
    SIGN_UP,
  ],
  'SignUp.authenticateWithWeb3': [
    () => signUp().authenticateWithWeb3({ strategy: 'web3_base_signature', legalAccepted: true }),
    'sign_up_with_web3',
    { params: { strategy: 'web3_base_signature', legalAccepted: true } },
    SIGN_UP,
  ],
  'SignUp.prepareEmailAddressVerification': [
    () => signUp().prepareEmailAddressVerification(),
    'prepare_sign_up_verification',
    { ...ofSignUp, params: { strategy: 'email_code' } },
    SIGN_UP,
  ],
  'SignUp.preparePhoneNumberVerification': [
    () => signUp().preparePhoneNumberVerification(),
    'prepare_sign_up_verification',
    { ...ofSignUp, params: { strategy: 'phone_code' } },
    SIGN_UP,
  ],
  'SignUp.prepareWeb3WalletVerification': [
    () => signUp().prepareWeb3WalletVerification({ strategy: 'web3_base_signature' }),
    'prepare_sign_up_verification',
    { ...ofSignUp, params: { strategy: 'web3_base_signature' } },
    SIGN_UP,
  ],
  'SignUp.attemptEmailAddressVerification': [
    () => signUp().attemptEmailAddressVerification({ code: '424242' }),
    'attempt_sign_up_verification',
    { ...ofSignUp, params: { strategy: 'email_code', code: '424242' } },
    SIGN_UP,
  ],
  'SignUp.attemptPhoneNumberVerification': [
    () => signUp().attemptPhoneNumberVerification({ code: '424242' }),
    'attempt_sign_up_verification',
    { ...ofSignUp, params: { strategy: 'phone_code', code: '424242' } },
    SIGN_UP,
  ],
  'SignUp.attemptWeb3WalletVerification': [
    () => signUp().attemptWeb3WalletVerification({ signature: '0x' }),
    'attempt_sign_up_verification',
    { ...ofSignUp, params: { strategy: 'web3_metamask_signature', signature: '0x' } },
    SIGN_UP,
  ],
  'SignUp.authenticateWithMetamask': [
    () => signUp().authenticateWithMetamask(),
    'sign_up_with_web3',
    { params: { strategy: 'web3_metamask_signature' } },
    SIGN_UP,
  ],
  'SignUp.authenticateWithCoinbaseWallet': [
    () => signUp().authenticateWithCoinbaseWallet(),
    'sign_up_with_web3',
    { params: { strategy: 'web3_coinbase_wallet_signature' } },
    SIGN_UP,
  ],
  'SignUp.authenticateWithOKXWallet': [
    () => signUp().authenticateWithOKXWallet(),
    'sign_up_with_web3',
    { params: { strategy: 'web3_okx_wallet_signature' } },
    SIGN_UP,
  ],
  'SignUp.authenticateWithBase': [
    () => signUp().authenticateWithBase(),
    'sign_up_with_web3',
    { params: { strategy: 'web3_base_signature' } },
    SIGN_UP,
  ],
  'SignUp.authenticateWithSolana': [
    () => signUp().authenticateWithSolana({ walletName: 'Phantom' }),
    'sign_up_with_web3',
    { params: { strategy: 'web3_solana_signature', walletName: 'Phantom' } },
    SIGN_UP,
  ],
  'SignUp.authenticateWithRedirect': [
    () => signUp().authenticateWithRedirect({ strategy: 'oauth_google' }),
    'authenticate_with_redirect',
    {
      params: { strategy: 'oauth_google', resource: 'signUp', callback: { location: window.location.href } },
    },
    { navigateTo: null, createdSessionId: null },
  ],
  'SignUp.reload': [
    () => signUp().reload(),
    'reload_sign_up',
    { ...ofSignUp, rotatingTokenNonce: null },
    SIGN_UP,
  ],
  'Session.getToken': [
    () => clerk.session!.getToken({ template: 'supabase' }),
    'get_token',
    { params: { sessionId: 'sess_1', template: 'supabase' } },
    'a.b.c',
  ],
};

const ROWS: Record<string, Row> = {
  'Clerk.fetch': [
    () => clerk.fetch('https://api.example.test/notes'),
    'fetch',
    { request: expect.objectContaining({ url: 'https://api.example.test/notes', method: 'GET' }) as object },
    {
      status: 204,
      statusText: '',
      headers: [],
      url: 'https://api.example.test/notes',
      redirected: false,
      hasBody: false,
    },
  ],
  'Client.destroy': [() => clerk.client!.destroy(), 'destroy_client', {}, null],
  'Client.removeSessions': [() => clerk.client!.removeSessions(), 'sign_out', { options: {} }, {}],
  'Session.reload': [
    () => clerk.session!.reload(),
    'reload_session',
    { sessionId: 'sess_1' },
    session('sess_1'),
  ],
  'Session.touch': [
    () => clerk.session!.touch(),
    'touch_session',
    { sessionId: 'sess_1' },
    session('sess_1'),
  ],
  'Session.end': [() => clerk.session!.end(), 'end_session', { sessionId: 'sess_1' }, null],
  'Session.remove': [() => clerk.session!.remove(), 'remove_session', { sessionId: 'sess_1' }, null],
  'Session.startVerification': [
    () => clerk.session!.startVerification({ level: 'first_factor' }),
    'start_session_verification',
    { sessionId: 'sess_1', level: 'first_factor' },
    { status: 'needs_first_factor' },
  ],
  'Session.prepareFirstFactorVerification': [
    () => clerk.session!.prepareFirstFactorVerification({ strategy: 'email_code', emailAddressId: 'idn_1' }),
    'prepare_session_first_factor',
    { sessionId: 'sess_1', params: { strategy: 'email_code', emailAddressId: 'idn_1' } },
    { status: 'needs_first_factor' },
  ],
  'Session.attemptFirstFactorVerification': [
    () => clerk.session!.attemptFirstFactorVerification({ strategy: 'password', password: 'x' }),
    'attempt_session_first_factor',
    { sessionId: 'sess_1', params: { strategy: 'password', password: 'x' } },
    { status: 'complete' },
  ],
  'Session.verifyWithPasskey': [
    () => clerk.session!.verifyWithPasskey(),
    'prepare_session_first_factor',
    { sessionId: 'sess_1', params: { strategy: 'passkey' } },
    { status: 'needs_first_factor', firstFactorVerification: { nonce: '{}' } },
  ],
  'Session.prepareSecondFactorVerification': [
    () => clerk.session!.prepareSecondFactorVerification({ strategy: 'phone_code' }),
    'prepare_session_second_factor',
    { sessionId: 'sess_1', params: { strategy: 'phone_code' } },
    { status: 'needs_second_factor' },
  ],
  'Session.attemptSecondFactorVerification': [
    () => clerk.session!.attemptSecondFactorVerification({ strategy: 'totp', code: '1' }),
    'attempt_session_second_factor',
    { sessionId: 'sess_1', params: { strategy: 'totp', code: '1' } },
    { status: 'complete' },
  ],
  'User.reload': [() => user().reload(), 'reload_user', {}, USER],
  'User.update': [
    () => user().update({ firstName: 'Augusta', lastName: null, unsafeMetadata: { a: 1 } }),
    'update_user',
    { params: { firstName: 'Augusta', lastName: null, unsafeMetadata: { a: 1 } } },
    USER,
  ],
  'User.updateMetadata': [
    () => user().updateMetadata({ unsafeMetadata: { a: null } }),
    'update_user_metadata',
    { unsafeMetadata: { a: null } },
    USER,
  ],
  'User.setProfileImage': [
    () => user().setProfileImage({ file: new File(['hi'], 'me.png', { type: 'image/png' }) }),
    'set_profile_image',
    { file: { name: 'me.png', contentType: 'image/png', data: 'aGk=' } },
    { id: null, name: 'me.png', publicUrl: 'https://img.test/me' },
  ],
  'User.setProfileImage(null)': [
    () => user().setProfileImage({ file: null }),
    'set_profile_image',
    { file: null },
    { id: null, name: null, publicUrl: null },
  ],
  'User.delete': [() => user().delete(), 'delete_user', {}, DELETED],
  'User.updatePassword': [
    () => user().updatePassword({ newPassword: 'new', currentPassword: 'old', signOutOfOtherSessions: true }),
    'update_password',
    { params: { newPassword: 'new', currentPassword: 'old', signOutOfOtherSessions: true } },
    USER,
  ],
  'User.removePassword': [
    () => user().removePassword({ currentPassword: 'old' }),
    'remove_password',
    { params: { currentPassword: 'old' } },
    USER,
  ],
  'User.createEmailAddress': [
    () => user().createEmailAddress({ email: 'new@example.com' }),
    'create_email_address',
    { emailAddress: 'new@example.com' },
    DATA.email,
  ],
  'User.createPhoneNumber': [
    () => user().createPhoneNumber({ phoneNumber: '+1' }),
    'create_phone_number',
    { phoneNumber: '+1' },
    DATA.phone,
  ],
  'User.createWeb3Wallet': [
    () => user().createWeb3Wallet({ web3Wallet: '0xcd' }),
    'create_web3_wallet',
    { web3Wallet: '0xcd' },
    DATA.wallet,
  ],
  'User.createExternalAccount': [
    () =>
      user().createExternalAccount({
        strategy: 'oauth_github',
        additionalScopes: ['repo'],
        redirectUrl: 'https://app.test/',
        oidcPrompt: 'consent',
      }),
    'connect_external_account',
    { params: { strategy: 'oauth_github', additionalScope: ['repo'], oidcPrompt: 'consent' } },
    DATA.account,
  ],
  'User.createPasskey': [
    () => user().createPasskey(),
    'create_passkey',
    {},
    { ...DATA.passkey, verification: { nonce: '{}' } },
  ],
  'User.createTOTP': [
    () => user().createTOTP(),
    'create_totp',
    {},
    { id: 'totp_1', secret: 'S', createdAt: 1 },
  ],
  'User.verifyTOTP': [
    () => user().verifyTOTP({ code: '123456' }),
    'verify_totp',
    { code: '123456' },
    { id: 'totp_1', verified: true, createdAt: 1 },
  ],
  'User.disableTOTP': [() => user().disableTOTP(), 'disable_totp', {}, DELETED],
  'User.createBackupCode': [
    () => user().createBackupCode(),
    'create_backup_codes',
    {},
    { id: 'bc_1', codes: ['a'], createdAt: 1 },
  ],
  'User.getSessions': [
    () => user().getSessions(),
    'user_sessions',
    {},
    [{ id: 'sess_2', status: 'active', expireAt: 9, latestActivity: null }],
  ],
  'User.getOrganizationMemberships': [
    () => user().getOrganizationMemberships({ initialPage: 2, pageSize: 5 }),
    'organization_memberships',
    { params: { initialPage: 2, pageSize: 5 } },
    page(MEMBERSHIP),
  ],
  'User.getOrganizationInvitations': [
    () => user().getOrganizationInvitations({ status: 'pending' }),
    'organization_invitations_of_user',
    { params: { status: ['pending'] } },
    page(INVITATION),
  ],
  'User.getOrganizationSuggestions': [
    () => user().getOrganizationSuggestions({ status: ['pending', 'accepted'], pageSize: 1 }),
    'organization_suggestions',
    { params: { status: ['pending', 'accepted'], pageSize: 1 } },
    page({ id: 'orgsug_1', status: 'pending', createdAt: 1 }),
  ],
  'User.leaveOrganization': [
    () => user().leaveOrganization('org_1'),
    'leave_organization',
    { id: 'org_1' },
    DELETED,
  ],
  'EmailAddress.prepareVerification': [
    () => email().prepareVerification({ strategy: 'email_code', redirectUrl: 'https://app.test' }),
    'prepare_email_address_verification',
    { id: 'idn_1', params: { strategy: 'email_code' } },
    DATA.email,
  ],
  'EmailAddress.attemptVerification': [
    () => email().attemptVerification({ code: '1' }),
    'attempt_email_address_verification',
    { id: 'idn_1', code: '1' },
    DATA.email,
  ],
  'EmailAddress.verifyWithLink': [
    () => email().createEmailLinkFlow().startEmailLinkFlow({ redirectUrl: 'https://app.test' }),
    'verify_email_address_with_link',
    { id: 'idn_1' },
    DATA.email,
  ],
  'EmailAddress.destroy': [() => email().destroy(), 'delete_email_address', { id: 'idn_1' }, DELETED],
  'EmailAddress.reload': [() => email().reload(), 'reload_user', {}, USER],
  'PhoneNumber.prepareVerification': [
    () => phone().prepareVerification({ channel: 'whatsapp' }),
    'prepare_phone_number_verification',
    { id: 'idn_2', params: { strategy: 'phone_code', channel: 'whatsapp' } },
    DATA.phone,
  ],
  'PhoneNumber.attemptVerification': [
    () => phone().attemptVerification({ code: '1' }),
    'attempt_phone_number_verification',
    { id: 'idn_2', code: '1' },
    DATA.phone,
  ],
  'PhoneNumber.setReservedForSecondFactor': [
    () => phone().setReservedForSecondFactor({ reserved: false }),
    'update_phone_number',
    { id: 'idn_2', params: { reservedForSecondFactor: false } },
    DATA.phone,
  ],
  'PhoneNumber.makeDefaultSecondFactor': [
    () => phone().makeDefaultSecondFactor(),
    'update_phone_number',
    { id: 'idn_2', params: { defaultSecondFactor: true } },
    DATA.phone,
  ],
  'PhoneNumber.destroy': [() => phone().destroy(), 'delete_phone_number', { id: 'idn_2' }, DELETED],
  'PhoneNumber.reload': [() => phone().reload(), 'reload_user', {}, USER],
  'Web3Wallet.prepareVerification': [
    () => wallet().prepareVerification({ strategy: 'web3_base_signature' }),
    'prepare_web3_wallet_verification',
    { id: 'idn_3', params: { strategy: 'web3_base_signature' } },
    DATA.wallet,
  ],
  'Web3Wallet.attemptVerification': [
    () => wallet().attemptVerification({ signature: '0x1' }),
    'attempt_web3_wallet_verification',
    { id: 'idn_3', signature: '0x1' },
    DATA.wallet,
  ],
  'Web3Wallet.destroy': [() => wallet().destroy(), 'delete_web3_wallet', { id: 'idn_3' }, DELETED],
  'Web3Wallet.reload': [() => wallet().reload(), 'reload_user', {}, USER],
  'ExternalAccount.reauthorize': [
    () => account().reauthorize({ additionalScopes: ['email'], oidcLoginHint: 'ada' }),
    'reauthorize_external_account',
    { id: 'eac_1', params: { additionalScope: ['email'], oidcLoginHint: 'ada' } },
    DATA.account,
  ],
  'ExternalAccount.destroy': [() => account().destroy(), 'delete_external_account', { id: 'eac_1' }, DELETED],
  'ExternalAccount.reload': [() => account().reload(), 'reload_user', {}, USER],
  'EnterpriseAccount.destroy': [
    () => enterprise().destroy(),
    'delete_enterprise_account',
    { id: 'ent_1' },
    DELETED,
  ],
  'EnterpriseAccount.reload': [() => enterprise().reload(), 'reload_user', {}, USER],
  'Passkey.update': [
    () => passkey().update({ name: 'Phone' }),
    'update_passkey',
    { id: 'psk_1', name: 'Phone' },
    DATA.passkey,
  ],
  'Passkey.delete': [() => passkey().delete(), 'delete_passkey', { id: 'psk_1' }, DELETED],
  'Passkey.reload': [() => passkey().reload(), 'reload_user', {}, USER],
  'OrganizationMembership.update': [
    () => membership().update({ role: 'org:member' }),
    'update_organization_member',
    { id: 'org_1', userId: 'user_1', role: 'org:member' },
    MEMBERSHIP,
  ],
  'OrganizationMembership.destroy': [
    () => membership().destroy(),
    'remove_organization_member',
    { id: 'org_1', userId: 'user_1' },
    MEMBERSHIP,
  ],
  'Organization.reload': [
    () => organization().reload(),
    'get_organization',
    { id: 'org_1' },
    DATA.organization,
  ],
  'Organization.update': [
    () => organization().update({ name: 'Ajax', slug: 'ajax' }),
    'update_organization',
    { id: 'org_1', params: { name: 'Ajax', slug: 'ajax' } },
    DATA.organization,
  ],
  'Organization.setLogo': [
    () => organization().setLogo({ file: 'data:image/gif;base64,aGk=' }),
    'set_organization_logo',
    { id: 'org_1', file: { name: 'file.gif', contentType: 'image/gif', data: 'aGk=' } },
    DATA.organization,
  ],
  'Organization.setLogo(null)': [
    () => organization().setLogo({ file: null }),
    'delete_organization_logo',
    { id: 'org_1' },
    DELETED,
  ],
  'Organization.destroy': [() => organization().destroy(), 'delete_organization', { id: 'org_1' }, DELETED],
  'Organization.getMemberships': [
    () => organization().getMemberships({ role: ['org:admin'], query: 'ada', pageSize: 3 }),
    'organization_members',
    { id: 'org_1', params: { role: ['org:admin'], query: 'ada', pageSize: 3 } },
    page(MEMBERSHIP),
  ],
  'Organization.addMember': [
    () => organization().addMember({ userId: 'user_2', role: 'org:member' }),
    'add_organization_member',
    { id: 'org_1', userId: 'user_2', role: 'org:member' },
    MEMBERSHIP,
  ],
  'Organization.updateMember': [
    () => organization().updateMember({ userId: 'user_2', role: 'org:member' }),
    'update_organization_member',
    { id: 'org_1', userId: 'user_2', role: 'org:member' },
    MEMBERSHIP,
  ],
  'Organization.removeMember': [
    () => organization().removeMember('user_2'),
    'remove_organization_member',
    { id: 'org_1', userId: 'user_2' },
    MEMBERSHIP,
  ],
  'Organization.inviteMember': [
    () => organization().inviteMember({ emailAddress: 'b@example.com', role: 'org:member' }),
    'invite_organization_member',
    { id: 'org_1', params: { emailAddress: 'b@example.com', role: 'org:member' } },
    INVITATION,
  ],
  'Organization.inviteMembers': [
    () => organization().inviteMembers({ emailAddresses: ['b@example.com'], role: 'org:member' }),
    'invite_organization_members',
    { id: 'org_1', emailAddresses: ['b@example.com'], role: 'org:member' },
    page(INVITATION),
  ],
  'Organization.getInvitations': [
    () => organization().getInvitations({ status: ['pending'] }),
    'organization_invitations',
    { id: 'org_1', params: { status: ['pending'] } },
    page(INVITATION),
  ],
  'Organization.getMembershipRequests': [
    () => organization().getMembershipRequests({ status: 'pending' }),
    'organization_membership_requests',
    { id: 'org_1', params: { status: ['pending'] } },
    page(REQUEST),
  ],
  'Organization.getRoles': [
    () => organization().getRoles(),
    'organization_roles',
    { id: 'org_1', params: {} },
    page({ id: 'role_1', permissions: [{ id: 'perm_1', createdAt: 1 }], createdAt: 1 }),
  ],
  'Organization.getDomains': [
    () => organization().getDomains({ enrollmentMode: 'automatic_invitation' }),
    'organization_domains',
    { id: 'org_1', params: { enrollmentMode: 'automatic_invitation' } },
    page(DOMAIN),
  ],
  'Organization.getDomain': [
    () => organization().getDomain({ domainId: 'orgdmn_1' }),
    'organization_domain',
    { id: 'org_1', domainId: 'orgdmn_1' },
    DOMAIN,
  ],
  'Organization.createDomain': [
    () => organization().createDomain('acme.test', { enrollmentMode: 'automatic_invitation' }),
    'create_organization_domain',
    { id: 'org_1', name: 'acme.test', enrollmentMode: 'automatic_invitation' },
    DOMAIN,
  ],
  'Clerk.createOrganization': [
    () => clerk.createOrganization({ name: 'Acme' }),
    'create_organization',
    { params: { name: 'Acme' } },
    DATA.organization,
  ],
  'Clerk.getOrganization': [
    () => clerk.getOrganization('org_1'),
    'get_organization',
    { id: 'org_1' },
    DATA.organization,
  ],
};

/** Methods of what others return. */
const invitations = async () => (await organization().getInvitations()).data[0]!;
const domain = () => organization().getDomain({ domainId: 'orgdmn_1' });
const request = async () => (await organization().getMembershipRequests()).data[0]!;

const RETURNED: Record<string, Row> = {
  'SessionWithActivities.revoke': [
    async () => (await user().getSessions())[0]!.revoke(),
    'revoke_session',
    { id: 'sess_2' },
    { id: 'sess_2', status: 'revoked', expireAt: 9 },
  ],
  'UserOrganizationInvitation.accept': [
    async () => (await user().getOrganizationInvitations()).data[0]!.accept(),
    'accept_organization_invitation',
    { id: 'orginv_1' },
    INVITATION,
  ],
  'OrganizationSuggestion.accept': [
    async () => (await user().getOrganizationSuggestions()).data[0]!.accept(),
    'accept_organization_suggestion',
    { id: 'orgsug_1' },
    { id: 'orgsug_1', status: 'accepted', createdAt: 1 },
  ],
  'OrganizationInvitation.revoke': [
    async () => (await invitations()).revoke(),
    'revoke_organization_invitation',
    { id: 'org_1', invitationId: 'orginv_1' },
    INVITATION,
  ],
  'OrganizationMembershipRequest.accept': [
    async () => (await request()).accept(),
    'accept_organization_membership_request',
    { id: 'org_1', requestId: 'orgreq_1' },
    REQUEST,
  ],
  'OrganizationMembershipRequest.reject': [
    async () => (await request()).reject(),
    'reject_organization_membership_request',
    { id: 'org_1', requestId: 'orgreq_1' },
    REQUEST,
  ],
  'OrganizationDomain.prepareAffiliationVerification': [
    async () => (await domain()).prepareAffiliationVerification({ affiliationEmailAddress: 'a@acme.test' }),
    'prepare_organization_domain_verification',
    { id: 'org_1', domainId: 'orgdmn_1', emailAddress: 'a@acme.test' },
    DOMAIN,
  ],
  'OrganizationDomain.attemptAffiliationVerification': [
    async () => (await domain()).attemptAffiliationVerification({ code: '1' }),
    'attempt_organization_domain_verification',
    { id: 'org_1', domainId: 'orgdmn_1', code: '1' },
    DOMAIN,
  ],
  'OrganizationDomain.updateEnrollmentMode': [
    async () => (await domain()).updateEnrollmentMode({ enrollmentMode: 'manual_invitation' }),
    'update_organization_enrollment_mode',
    { id: 'org_1', domainId: 'orgdmn_1', params: { enrollmentMode: 'manual_invitation' } },
    DOMAIN,
  ],
  'OrganizationDomain.delete': [
    async () => (await domain()).delete(),
    'delete_organization_domain',
    { id: 'org_1', domainId: 'orgdmn_1' },
    DELETED,
  ],
  'OrganizationDomain.reload': [
    async () => (await domain()).reload(),
    'organization_domain',
    { id: 'org_1', domainId: 'orgdmn_1' },
    DOMAIN,
  ],
};

const ALL = { ...ATTEMPTS, ...ROWS, ...RETURNED };

/** Lets Rust respond to what the methods of {@link RETURNED} read first. */
function respondToLists(): void {
  for (const [, command, , response] of Object.values(ROWS)) {
    rust.on(command, () => structuredClone(response));
  }
}

/** A webview that makes credentials. */
function withWebAuthn(create: () => Promise<object>): void {
  vi.stubGlobal('PublicKeyCredential', {
    parseCreationOptionsFromJSON: (json: object) => ({ parsed: json }),
    parseRequestOptionsFromJSON: (json: object) => ({ parsed: json }),
  });
  vi.stubGlobal('navigator', { credentials: { create, get: create } });
}

describe('methods of resources', () => {
  it.each(Object.entries(ALL))('%s() calls its command, and then shows the newest state', async (_, row) => {
    const [call, command, args, response] = row;
    respondToLists();
    rust.on('attempt_passkey_verification', () => DATA.passkey);
    rust.on('attempt_session_first_factor', () => ({ status: 'complete' }));
    rust.on('attempt_sign_in_first_factor', () => SIGN_IN);
    rust.on(command, () => structuredClone(response));
    withWebAuthn(() => Promise.resolve({ toJSON: () => ({}) }));
    await call();
    const sent = rust.calls.filter((one) => one.command === command);
    expect(sent.at(-1)?.args ?? {}).toEqual(args);
    const isRead = /^(fetch|get_|user_sessions|organization_|organizations)/.test(command);
    if (!isRead) {
      expect(rust.calls.at(-1)?.command).toMatch(/^(snapshot|get_organization)$/);
    }
  });

  it.each([
    [Client, 'client'],
    [Session, 'session'],
    [User, 'user'],
    [EmailAddress, 'emailAddress'],
    [PhoneNumber, 'phoneNumber'],
    [Web3Wallet, 'web3Wallet'],
    [ExternalAccount, 'externalAccount'],
    [EnterpriseAccount, 'enterpriseAccount'],
    [Passkey, 'passkey'],
    [Organization, 'organization'],
    [OrganizationMembership, 'organizationMembership'],
    [SignIn, 'signIn'],
    [SignUp, 'signUp'],
  ] as const)('%o has every method that is written for it', (type, kind) => {
    const base = Object.getPrototypeOf(type.prototype) as object;
    const own = ['constructor', 'kind', 'take'];
    const named = Object.getOwnPropertyNames(base).filter((name) => !own.includes(name));
    // Beside the methods, `external-account.ts` has what `user.ts` shares with it.
    const written = Object.keys(methods[kind]).filter((name) => name !== 'connection');
    expect(named.sort()).toEqual(written.sort());
  });

  it('Clerk has every method that is written for it', () => {
    const named = Object.getOwnPropertyNames(Flows.prototype);
    expect(named.filter((name) => !['constructor', 'cancelAuthentication'].includes(name)).sort()).toEqual(
      Object.keys(ofClass).sort(),
    );
  });

  it.each([
    ['Client', Client],
    ['Session', Session],
    ['SignIn', SignIn],
    ['SignUp', SignUp],
    ['User', User],
    ['Organization', Organization],
  ] as const)('%s has a row for every method that calls Rust', (name, type) => {
    const methodsOf = (prototype: object): string[] => {
      const base = Object.getPrototypeOf(prototype) as object;
      const own = Object.entries(Object.getOwnPropertyDescriptors(prototype))
        .filter(([, { value }]) => typeof value === 'function')
        .map(([method]) => method);
      return base === Object.prototype ? own : [...own, ...methodsOf(base)];
    };
    // Methods of the library itself, and those that read the object alone.
    const others = [
      'constructor',
      'kind',
      'take',
      'settle',
      'settleWithId',
      'update',
      'receivedAgain',
      'toJSON',
    ];
    const local = ['checkAuthorization', 'isPrimaryIdentification', 'authenticateWithPopup'];
    const called = Object.keys(ALL)
      .filter((row) => row.startsWith(`${name}.`))
      .map((row) => row.slice(name.length + 1).replace(/\(.*/, ''));
    const missing = methodsOf(type.prototype).filter(
      (method) => ![...others, ...local, ...called].includes(method),
    );
    expect(missing).toEqual([]);
  });

  it('on-demand-commands.ts has no command without a test here or in the tests of what calls it', () => {
    const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const called = Object.values(ALL).map(([, command]) => command);
    called.push('attempt_passkey_verification');
    // `fetch.test.ts`, `class.test.ts` and `clerk-js.test.ts` have these.
    called.push('fetch_cancel', 'fetch_read');
    called.push('authenticate_with_web3', 'handle_redirect_callback', 'handle_email_link_verification');
    called.push('start_hosted_auth', 'handle_unauthenticated', 'join_waitlist', 'open_external');
    called.push('clerk_js_state', 'frontend_api', 'open_and_wait');
    // `passkey.test.ts` has these.
    called.push('sign_in_with_passkey', 'attempt_sign_in_with_passkey');
    called.push('verify_session_with_passkey', 'register_passkey');
    expect(
      Object.keys(onDemand)
        .map(snake)
        .filter((name) => !called.includes(name)),
    ).toEqual([]);
  });

  it('a method shows what it has changed in its own object, with times as dates', async () => {
    const before = email();
    const verified = { ...verification, status: 'verified', expireAt: 1000 };
    rust.on('attempt_email_address_verification', () => ({ ...DATA.email, verification: verified }));
    expect(await before.attemptVerification({ code: '1' })).toBe(before);
    expect(before.verification?.status).toBe('verified');
    expect(before.verification?.expireAt).toEqual(new Date(1000));
    expect([before.createdAt, before.toString()]).toEqual([new Date(1), 'ada@example.com']);
  });

  it('Verification shows no page if what Clerk sent is not a URL', () => {
    const page = (url: string) =>
      new Verification({ ...verification, externalVerificationRedirectUrl: url } as never)
        .externalVerificationRedirectURL;
    expect(page('https://provider.test/x')?.href).toBe('https://provider.test/x');
    expect(page('not a URL')).toBeNull();
  });

  it('pages have data and total_count', async () => {
    rust.on('organization_domains', () => page(DOMAIN));
    const { data, total_count: count } = await organization().getDomains();
    expect(count).toBe(12);
    expect(data[0]!.verification).toMatchObject({ status: 'unverified', expiresAt: new Date(7) });
    expect(JSON.parse(JSON.stringify(data[0]))).toMatchObject({
      name: 'acme.test',
      ownershipVerification: null,
    });
  });

  it('reload() of something that is gone rejects', async () => {
    rust.on('reload_user', () => ({ ...USER, emailAddresses: [] }));
    const error: unknown = await email()
      .reload()
      .catch((reason: unknown) => reason);
    expect(isClerkRuntimeError(error) && error.code).toBe('resource_not_found');
  });

  it('OrganizationMembership.update() of a membership without a user says what to do', async () => {
    const data = { ...MEMBERSHIP, publicUserData: null } as never;
    const unknown = new OrganizationMembership(data, user().host);
    await expect(unknown.update({ role: 'org:member' })).rejects.toThrow('getMemberships()');
    expect(rust.calls).toEqual([]);
  });

  it('errors of validation keep meta.paramName', async () => {
    rust.on('update_user', () => {
      // What Rust rejects with.
      throw {
        kind: 'api',
        code: 'api_response_error',
        message: 'taken',
        status: 422,
        errors: [
          {
            code: 'form_identifier_exists',
            message: 'taken',
            longMessage: null,
            meta: { paramName: 'username' },
          },
        ],
      };
    });
    const error: unknown = await user()
      .update({ username: 'ada' })
      .catch((reason: unknown) => reason);
    expect(isClerkAPIResponseError(error) && error.errors[0]?.meta).toEqual({ paramName: 'username' });
  });

  it('createPasskey() rejects before it asks Clerk where there is no WebAuthn', async () => {
    const error: unknown = await user()
      .createPasskey()
      .catch((reason: unknown) => reason);
    expect(isClerkRuntimeError(error) && error.code).toBe('passkey_not_supported');
    expect(rust.calls).toEqual([]);
  });

  it('createPasskey() gives Clerk the credential that the webview has made', async () => {
    const options = { challenge: 'abc' };
    rust.on('create_passkey', () => ({ ...DATA.passkey, verification: { nonce: JSON.stringify(options) } }));
    rust.on('attempt_passkey_verification', () => DATA.passkey);
    const create = vi.fn(() => Promise.resolve({ id: 'credential' }));
    withWebAuthn(create);
    expect((await user().createPasskey()).id).toBe('psk_1');
    expect(create).toHaveBeenCalledWith({ publicKey: { parsed: options } });
    const attempt = rust.calls.find(({ command }) => command === 'attempt_passkey_verification');
    expect(attempt?.args).toEqual({ id: 'psk_1', publicKeyCredential: '{"id":"credential"}' });
    create.mockRejectedValue(new DOMException('no', 'NotAllowedError'));
    await expect(user().createPasskey()).rejects.toMatchObject({ code: 'passkey_registration_cancelled' });
  });
});
