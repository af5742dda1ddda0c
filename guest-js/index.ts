export { Clerk } from './clerk';
export type { HandleEmailLinkVerificationParams, Waitlist } from './class/flows';
export type {
  ClerkStatus,
  DomainOrProxyUrl,
  Resources,
  SetActiveParams,
  SignOutOptions,
} from './class/types';
export type { AuthenticateWithWalletParams, AuthenticateWithWeb3Params } from './class/wallets';
export {
  ClerkAPIError,
  ClerkAPIResponseError,
  ClerkOfflineError,
  ClerkRuntimeError,
  EmailLinkError,
  EmailLinkErrorCode,
  isClerkAPIResponseError,
  isClerkRuntimeError,
  isEmailLinkError,
} from './errors';
export { onNotice, onSessionEnded } from './ipc';
export type { Notice } from './ipc';
export type { RouterFn } from './navigation';
export type { ClerkOptions } from './options';
export { Client } from './resources/client';
export { Organization } from './resources/organization';
export { Session } from './resources/session';
export type { GetTokenOptions } from './resources/session';
export { SignIn } from './resources/sign-in';
export type { SignInRedirectParams } from './resources/sign-in';
export { SignUp } from './resources/sign-up';
export type { SignUpRedirectParams } from './resources/sign-up';
export { OrganizationMembership, User } from './resources/user';
export type { RedirectOptions } from './urls';
export type {
  AttemptFactorParams,
  EmailAddress,
  Environment,
  ExternalAccount,
  PhoneNumber,
  PrepareFactorParams,
  RedirectCallbackParams,
  Requirements,
  SessionEnded,
  SignInCreateParams,
  SignInFactor,
  SignUpParams,
  SocialProvider,
  Verification,
} from './bindings';
