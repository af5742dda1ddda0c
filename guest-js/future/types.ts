/**
 * Types of `SignInFuture` and `SignUpFuture`, as in Clerk's own SDKs. Where Clerk's types list values, so do these, and a
 * value that Clerk adds later arrives as it is.
 */
import type { ClerkAPIResponseError, ClerkRuntimeError, EmailLinkError } from '../errors';

/** An error of this library; {@link isClerkAPIResponseError} and its siblings tell which. */
export type ClerkError = ClerkAPIResponseError | ClerkRuntimeError | EmailLinkError;

/** The result of a method. */
export interface Result {
  error: ClerkError | null;
}

/** Whether calls are running. */
export type FetchStatus = 'idle' | 'fetching';

/** The error of a field. */
export interface FieldError {
  code: string;
  /** For users. */
  longMessage?: string;
  message: string;
}

/** What was wrong with the last call. */
export interface Errors<Field extends string> {
  /** By the name of the field. */
  fields: Record<Field, FieldError | null>;
  /** Every error as it came. */
  raw: unknown[] | null;
  /** The error of the call, unless all of it is about fields. */
  global: ClerkError[] | null;
}

export type SignInField = 'identifier' | 'password' | 'code';
export type SignUpFormField =
  | 'firstName'
  | 'lastName'
  | 'emailAddress'
  | 'phoneNumber'
  | 'password'
  | 'username'
  | 'code'
  | 'captcha'
  | 'legalAccepted';

export type OAuthProvider =
  | 'agentid'
  | 'apple'
  | 'atlassian'
  | 'bitbucket'
  | 'box'
  | 'coinbase'
  | 'discord'
  | 'dropbox'
  | 'enstall'
  | 'facebook'
  | 'github'
  | 'gitlab'
  | 'google'
  | 'hubspot'
  | 'huggingface'
  | 'instagram'
  | 'line'
  | 'linear'
  | 'linkedin'
  | 'linkedin_oidc'
  | 'microsoft'
  | 'notion'
  | 'slack'
  | 'spotify'
  | 'tiktok'
  | 'twitch'
  | 'twitter'
  | 'vercel'
  | 'x'
  | 'xero'
  | `custom_${string}`;
export type Web3Provider = 'metamask' | 'coinbase_wallet' | 'okx_wallet' | 'base' | 'solana';
export type OAuthStrategy = `oauth_${OAuthProvider}`;
export type Web3Strategy = `web3_${Web3Provider}_signature`;
export type PhoneCodeChannel = 'sms' | 'whatsapp';

export type SignInStatus =
  | 'needs_identifier'
  | 'needs_first_factor'
  | 'needs_second_factor'
  | 'needs_client_trust'
  | 'needs_new_password'
  | 'needs_protect_check'
  | 'complete';
export type SignUpStatus = 'missing_requirements' | 'complete' | 'abandoned';
export type VerificationStatus = 'unverified' | 'verified' | 'transferable' | 'failed' | 'expired';

interface EmailFactor<Strategy extends string> {
  strategy: Strategy;
  emailAddressId: string;
  /** The address, masked. */
  safeIdentifier: string;
  primary?: boolean;
}
interface PhoneFactor<Strategy extends string> {
  strategy: Strategy;
  phoneNumberId: string;
  /** The number, masked. */
  safeIdentifier: string;
  primary?: boolean;
}
interface PhoneCodeFactor extends PhoneFactor<'phone_code'> {
  /** Whether it is the preferred second factor. */
  default?: boolean;
  channel?: PhoneCodeChannel;
}
interface Web3Factor {
  strategy: Web3Strategy;
  web3WalletId: string;
  primary?: boolean;
  /** The name of a Solana wallet. */
  walletName?: string;
}
interface EnterpriseSSOFactor {
  strategy: 'enterprise_sso';
  enterpriseConnectionId?: string;
  enterpriseConnectionName?: string;
  enterpriseConnectionLogoPublicUrl?: string;
  enterpriseConnectionProvider?: string;
}
interface PlainFactor<Strategy extends string> {
  strategy: Strategy;
}

export type SignInFirstFactor =
  | EmailFactor<'email_code' | 'email_link' | 'reset_password_email_code'>
  | PhoneFactor<'reset_password_phone_code'>
  | PhoneCodeFactor
  | Web3Factor
  | EnterpriseSSOFactor
  | PlainFactor<'password'>
  | PlainFactor<'passkey'>
  | PlainFactor<OAuthStrategy>;
export type SignInSecondFactor =
  | EmailFactor<'email_code' | 'email_link'>
  | PhoneCodeFactor
  | PlainFactor<'totp'>
  | PlainFactor<'backup_code'>
  | PlainFactor<'passkey'>;

export type SignUpIdentificationField =
  | 'username'
  | 'email_address'
  | 'phone_number'
  | 'email_address_or_phone_number'
  | 'web3_wallet'
  | OAuthStrategy
  | 'enterprise_sso';
export type SignUpField =
  SignUpIdentificationField | 'first_name' | 'last_name' | 'password' | 'legal_accepted' | 'protect_check';

/** The user's data that a sign-in can show. */
export interface UserData {
  firstName?: string;
  lastName?: string;
  imageUrl?: string;
  hasImage?: boolean;
}

/** An anti-fraud check: run the SDK at `sdkUrl` with `token`, and give its result to `submitProtectCheck()`. */
export interface ProtectCheck {
  status: 'pending';
  token: string;
  sdkUrl: string;
  /** In milliseconds. */
  expiresAt?: number;
  /** For the SDK. */
  uiHints?: Record<string, string>;
}

/** What an e-mail link for browsers adds to the address of the page that it leads to. */
export interface EmailLinkVerification {
  status: 'verified' | 'expired' | 'failed' | 'client_mismatch';
  createdSessionId: string;
  verifiedFromTheSameClient: boolean;
}
