export { handleCallbackLink } from './callback-link';
export type { LinkOutcome } from './callback-link';
export { Clerk } from './clerk';
export type {
  AuthenticateWithWalletParams,
  AuthenticateWithWeb3Params,
  ClerkStatus,
  DomainOrProxyUrl,
  HandleEmailLinkVerificationParams,
  Resources,
  SetActiveParams,
  SignOutOptions,
  Waitlist,
} from './class/types';
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
export type { ClerkFetchInit } from './fetch';
export { onAuthEvent, onNotice } from './ipc';
export type { AuthEvents, Notice } from './ipc';
export type { RouterFn } from './navigation';
export { requiredReverification, reverificationHint, withReverification } from './reverification';
export type { RequiredReverification } from './reverification';
export type { CheckAuthorizationParams, ReverificationConfig } from './resources/authorization';
export type { ClerkOptions } from './options';
export type { GenerateSignature, WalletParams, Web3Params } from './resources/wallet-params';
export { Client } from './resources/client';
export { Organization, OrganizationMembership } from './resources/organization';
export type { ClerkPaginatedResponse, PaginationParams } from './resources/methods/pages';
export { Session } from './resources/session';
export type { GetTokenOptions } from './resources/session';
export { SignIn } from './resources/sign-in';
export type { SignInRedirectParams } from './resources/sign-in';
export { SignUp } from './resources/sign-up';
export type { SignUpRedirectParams } from './resources/sign-up';
export {
  EmailAddress,
  EnterpriseAccount,
  ExternalAccount,
  Passkey,
  PhoneNumber,
  Web3Wallet,
} from './resources/identifications';
export { Verification } from './resources/fields';
export type {
  BackupCode,
  OrganizationSuggestion,
  SessionWithActivities,
  TOTP,
  UserOrganizationInvitation,
} from './resources/methods/user';
export type {
  OrganizationDomain,
  OrganizationInvitation,
  OrganizationMembershipRequest,
  Permission,
  Role,
} from './resources/methods/organization';
export { User } from './resources/user';
export type { CreateExternalAccountParams, UpdateUserParams } from './resources/methods/user';
export type { RedirectOptions } from './urls';
export type {
  AttemptFactorParams,
  Environment,
  PrepareFactorParams,
  ProtectCheck,
  RedirectCallbackParams,
  Requirements,
  SignInCreateParams,
  SignInFactor,
  SignUpParams,
  SocialProvider,
} from './bindings';
