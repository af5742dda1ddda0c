// Generated from Rust by `cargo xtask bindings`. Do not edit.

import type {
  AttemptKind,
  AuthenticateWithRedirectParams,
  AuthenticateWithWeb3Params,
  BackupCodes,
  ClerkJsState,
  ConnectExternalAccountParams,
  CreateOrganizationParams,
  DeletedObject,
  DomainListParams,
  EmailAddress,
  EmailLinkOutcome,
  EmailLinkVerificationParams,
  ExternalAccount,
  FetchHead,
  FrontendApiFile,
  FrontendApiRequest,
  FrontendApiResponse,
  IdentificationVerificationParams,
  Image,
  InviteMemberParams,
  JoinWaitlistParams,
  MemberListParams,
  OpenAndWaitOutcome,
  Organization,
  OrganizationDomain,
  OrganizationId,
  OrganizationInvitation,
  OrganizationMembership,
  OrganizationMembershipRequest,
  OrganizationSuggestion,
  Page,
  PageParams,
  Passkey,
  PhoneNumber,
  PhoneNumberParams,
  ReauthorizeExternalAccountParams,
  RedirectCallbackParams,
  RedirectOutcome,
  RemovePasswordParams,
  ResetPasswordParams,
  Role,
  Session,
  SessionId,
  SessionVerification,
  SessionVerifyAttemptFirstFactorParams,
  SessionVerifyAttemptSecondFactorParams,
  SessionVerifyPrepareFirstFactorParams,
  SessionVerifyPrepareSecondFactorParams,
  SessionWithActivities,
  SignIn,
  SignInId,
  SignUp,
  SignUpId,
  SignUpWithWeb3Params,
  StatusListParams,
  Totp,
  UpdateEnrollmentModeParams,
  UpdateOrganizationParams,
  UpdatePasswordParams,
  UpdateUserParams,
  User,
  UserId,
  UserOrganizationInvitation,
  Value,
  Waitlist,
  Web3Wallet,
  WindowFetch,
} from "./bindings";
import { invoke } from "./invoke";

export const handleUnauthenticated = () => invoke<null>("handle_unauthenticated");
export const authenticateWithRedirect = (params: AuthenticateWithRedirectParams) => invoke<RedirectOutcome>("authenticate_with_redirect", { params });
export const handleRedirectCallback = (params: RedirectCallbackParams) => invoke<RedirectOutcome>("handle_redirect_callback", { params });
export const handleEmailLinkVerification = (url: string, params: EmailLinkVerificationParams) => invoke<EmailLinkOutcome>("handle_email_link_verification", { url, params });
export const startHostedAuth = (mode: AttemptKind, callback: RedirectCallbackParams) => invoke<RedirectOutcome>("start_hosted_auth", { mode, callback });
export const authenticateWithWeb3 = (params: AuthenticateWithWeb3Params) => invoke<RedirectOutcome>("authenticate_with_web3", { params });
export const openExternal = (url: string) => invoke<null>("open_external", { url });
export const resetSignInPassword = (signInId: SignInId, params: ResetPasswordParams) => invoke<SignIn>("reset_sign_in_password", { signInId, params });
export const reloadSignIn = (signInId: SignInId, rotatingTokenNonce: string | null) => invoke<SignIn>("reload_sign_in", { signInId, rotatingTokenNonce });
export const submitSignInProtectCheck = (signInId: SignInId, proofToken: string) => invoke<SignIn>("submit_sign_in_protect_check", { signInId, proofToken });
export const signInWithPasskey = () => invoke<SignIn>("sign_in_with_passkey");
export const attemptSignInWithPasskey = (signInId: SignInId, isSecondFactor: boolean) => invoke<SignIn>("attempt_sign_in_with_passkey", { signInId, isSecondFactor });
export const signInWithWeb3 = (strategy: string, walletName: string | null) => invoke<SignIn>("sign_in_with_web3", { strategy, walletName });
export const reloadSignUp = (signUpId: SignUpId, rotatingTokenNonce: string | null) => invoke<SignUp>("reload_sign_up", { signUpId, rotatingTokenNonce });
export const submitSignUpProtectCheck = (signUpId: SignUpId, proofToken: string) => invoke<SignUp>("submit_sign_up_protect_check", { signUpId, proofToken });
export const signUpWithWeb3 = (params: SignUpWithWeb3Params) => invoke<SignUp>("sign_up_with_web3", { params });
export const clerkJsState = () => invoke<ClerkJsState>("clerk_js_state");
export const frontendApi = (request: FrontendApiRequest) => invoke<FrontendApiResponse>("frontend_api", { request });
export const openAndWait = (url: string) => invoke<OpenAndWaitOutcome>("open_and_wait", { url });
export const fetch = (request: WindowFetch) => invoke<FetchHead>("fetch", { request }, "clerk:fetch");
export const fetchRead = (id: string, offset: number) => invoke<ArrayBuffer>("fetch_read", { id, offset }, "clerk:fetch");
export const fetchCancel = (id: string) => invoke<null>("fetch_cancel", { id }, "clerk:fetch");
export const joinWaitlist = (params: JoinWaitlistParams) => invoke<Waitlist>("join_waitlist", { params });
export const reloadSession = (sessionId: SessionId) => invoke<Session>("reload_session", { sessionId }, "clerk:switch-session");
export const touchSession = (sessionId: SessionId) => invoke<Session>("touch_session", { sessionId }, "clerk:switch-session");
export const endSession = (sessionId: SessionId) => invoke<null>("end_session", { sessionId }, "clerk:switch-session");
export const removeSession = (sessionId: SessionId) => invoke<null>("remove_session", { sessionId }, "clerk:switch-session");
export const destroyClient = () => invoke<null>("destroy_client", undefined, "clerk:switch-session");
export const startSessionVerification = (sessionId: SessionId, level: string) => invoke<SessionVerification>("start_session_verification", { sessionId, level }, "clerk:security");
export const prepareSessionFirstFactor = (sessionId: SessionId, params: SessionVerifyPrepareFirstFactorParams) => invoke<SessionVerification>("prepare_session_first_factor", { sessionId, params }, "clerk:security");
export const attemptSessionFirstFactor = (sessionId: SessionId, params: SessionVerifyAttemptFirstFactorParams) => invoke<SessionVerification>("attempt_session_first_factor", { sessionId, params }, "clerk:security");
export const prepareSessionSecondFactor = (sessionId: SessionId, params: SessionVerifyPrepareSecondFactorParams) => invoke<SessionVerification>("prepare_session_second_factor", { sessionId, params }, "clerk:security");
export const attemptSessionSecondFactor = (sessionId: SessionId, params: SessionVerifyAttemptSecondFactorParams) => invoke<SessionVerification>("attempt_session_second_factor", { sessionId, params }, "clerk:security");
export const reloadUser = () => invoke<User>("reload_user", undefined, "clerk:account");
export const updateUser = (params: UpdateUserParams) => invoke<User>("update_user", { params }, "clerk:account");
export const updateUserMetadata = (unsafeMetadata: { [key in string]: Value }) => invoke<User>("update_user_metadata", { unsafeMetadata }, "clerk:account");
export const setProfileImage = (file: FrontendApiFile | null) => invoke<Image>("set_profile_image", { file }, "clerk:account");
export const deleteUser = () => invoke<DeletedObject>("delete_user", undefined, "clerk:delete-account");
export const createEmailAddress = (emailAddress: string) => invoke<EmailAddress>("create_email_address", { emailAddress }, "clerk:account");
export const prepareEmailAddressVerification = (id: string, params: IdentificationVerificationParams) => invoke<EmailAddress>("prepare_email_address_verification", { id, params }, "clerk:account");
export const attemptEmailAddressVerification = (id: string, code: string) => invoke<EmailAddress>("attempt_email_address_verification", { id, code }, "clerk:account");
export const verifyEmailAddressWithLink = (id: string) => invoke<EmailAddress>("verify_email_address_with_link", { id }, "clerk:account");
export const deleteEmailAddress = (id: string) => invoke<DeletedObject>("delete_email_address", { id }, "clerk:account");
export const createPhoneNumber = (phoneNumber: string) => invoke<PhoneNumber>("create_phone_number", { phoneNumber }, "clerk:account");
export const preparePhoneNumberVerification = (id: string, params: IdentificationVerificationParams) => invoke<PhoneNumber>("prepare_phone_number_verification", { id, params }, "clerk:account");
export const attemptPhoneNumberVerification = (id: string, code: string) => invoke<PhoneNumber>("attempt_phone_number_verification", { id, code }, "clerk:account");
export const updatePhoneNumber = (id: string, params: PhoneNumberParams) => invoke<PhoneNumber>("update_phone_number", { id, params }, "clerk:account");
export const deletePhoneNumber = (id: string) => invoke<DeletedObject>("delete_phone_number", { id }, "clerk:account");
export const createWeb3Wallet = (web3Wallet: string) => invoke<Web3Wallet>("create_web3_wallet", { web3Wallet }, "clerk:account");
export const prepareWeb3WalletVerification = (id: string, params: IdentificationVerificationParams) => invoke<Web3Wallet>("prepare_web3_wallet_verification", { id, params }, "clerk:account");
export const attemptWeb3WalletVerification = (id: string, signature: string) => invoke<Web3Wallet>("attempt_web3_wallet_verification", { id, signature }, "clerk:account");
export const deleteWeb3Wallet = (id: string) => invoke<DeletedObject>("delete_web3_wallet", { id }, "clerk:account");
export const connectExternalAccount = (params: ConnectExternalAccountParams) => invoke<ExternalAccount>("connect_external_account", { params }, "clerk:account");
export const reauthorizeExternalAccount = (id: string, params: ReauthorizeExternalAccountParams) => invoke<ExternalAccount>("reauthorize_external_account", { id, params }, "clerk:account");
export const deleteExternalAccount = (id: string) => invoke<DeletedObject>("delete_external_account", { id }, "clerk:account");
export const deleteEnterpriseAccount = (id: string) => invoke<DeletedObject>("delete_enterprise_account", { id }, "clerk:account");
export const updatePassword = (params: UpdatePasswordParams) => invoke<User>("update_password", { params }, "clerk:security");
export const removePassword = (params: RemovePasswordParams) => invoke<User>("remove_password", { params }, "clerk:security");
export const createTotp = () => invoke<Totp>("create_totp", undefined, "clerk:security");
export const verifyTotp = (code: string) => invoke<Totp>("verify_totp", { code }, "clerk:security");
export const disableTotp = () => invoke<DeletedObject>("disable_totp", undefined, "clerk:security");
export const createBackupCodes = () => invoke<BackupCodes>("create_backup_codes", undefined, "clerk:security");
export const registerPasskey = () => invoke<Passkey>("register_passkey", undefined, "clerk:security");
export const verifySessionWithPasskey = (sessionId: SessionId) => invoke<SessionVerification>("verify_session_with_passkey", { sessionId }, "clerk:security");
export const createPasskey = () => invoke<Passkey>("create_passkey", undefined, "clerk:security");
export const attemptPasskeyVerification = (id: string, publicKeyCredential: string) => invoke<Passkey>("attempt_passkey_verification", { id, publicKeyCredential }, "clerk:security");
export const updatePasskey = (id: string, name: string) => invoke<Passkey>("update_passkey", { id, name }, "clerk:security");
export const deletePasskey = (id: string) => invoke<DeletedObject>("delete_passkey", { id }, "clerk:security");
export const userSessions = () => invoke<SessionWithActivities[]>("user_sessions", undefined, "clerk:security");
export const revokeSession = (id: SessionId) => invoke<SessionWithActivities>("revoke_session", { id }, "clerk:security");
export const createOrganization = (params: CreateOrganizationParams) => invoke<Organization>("create_organization", { params }, "clerk:organizations");
export const getOrganization = (id: OrganizationId) => invoke<Organization>("get_organization", { id }, "clerk:organizations");
export const organizationMemberships = (params: PageParams) => invoke<Page<OrganizationMembership>>("organization_memberships", { params }, "clerk:organizations");
export const leaveOrganization = (id: OrganizationId) => invoke<DeletedObject>("leave_organization", { id }, "clerk:organizations");
export const organizationInvitationsOfUser = (params: StatusListParams) => invoke<Page<UserOrganizationInvitation>>("organization_invitations_of_user", { params }, "clerk:organizations");
export const acceptOrganizationInvitation = (id: string) => invoke<UserOrganizationInvitation>("accept_organization_invitation", { id }, "clerk:organizations");
export const organizationSuggestions = (params: StatusListParams) => invoke<Page<OrganizationSuggestion>>("organization_suggestions", { params }, "clerk:organizations");
export const acceptOrganizationSuggestion = (id: string) => invoke<OrganizationSuggestion>("accept_organization_suggestion", { id }, "clerk:organizations");
export const updateOrganization = (id: OrganizationId, params: UpdateOrganizationParams) => invoke<Organization>("update_organization", { id, params }, "clerk:manage-organizations");
export const setOrganizationLogo = (id: OrganizationId, file: FrontendApiFile) => invoke<Organization>("set_organization_logo", { id, file }, "clerk:manage-organizations");
export const deleteOrganizationLogo = (id: OrganizationId) => invoke<DeletedObject>("delete_organization_logo", { id }, "clerk:manage-organizations");
export const deleteOrganization = (id: OrganizationId) => invoke<DeletedObject>("delete_organization", { id }, "clerk:manage-organizations");
export const organizationMembers = (id: OrganizationId, params: MemberListParams) => invoke<Page<OrganizationMembership>>("organization_members", { id, params }, "clerk:manage-organizations");
export const addOrganizationMember = (id: OrganizationId, userId: UserId, role: string) => invoke<OrganizationMembership>("add_organization_member", { id, userId, role }, "clerk:manage-organizations");
export const updateOrganizationMember = (id: OrganizationId, userId: UserId, role: string) => invoke<OrganizationMembership>("update_organization_member", { id, userId, role }, "clerk:manage-organizations");
export const removeOrganizationMember = (id: OrganizationId, userId: UserId) => invoke<OrganizationMembership>("remove_organization_member", { id, userId }, "clerk:manage-organizations");
export const organizationInvitations = (id: OrganizationId, params: StatusListParams) => invoke<Page<OrganizationInvitation>>("organization_invitations", { id, params }, "clerk:manage-organizations");
export const inviteOrganizationMember = (id: OrganizationId, params: InviteMemberParams) => invoke<OrganizationInvitation>("invite_organization_member", { id, params }, "clerk:manage-organizations");
export const inviteOrganizationMembers = (id: OrganizationId, emailAddresses: string[], role: string) => invoke<Page<OrganizationInvitation>>("invite_organization_members", { id, emailAddresses, role }, "clerk:manage-organizations");
export const revokeOrganizationInvitation = (id: OrganizationId, invitationId: string) => invoke<OrganizationInvitation>("revoke_organization_invitation", { id, invitationId }, "clerk:manage-organizations");
export const organizationMembershipRequests = (id: OrganizationId, params: StatusListParams) => invoke<Page<OrganizationMembershipRequest>>("organization_membership_requests", { id, params }, "clerk:manage-organizations");
export const acceptOrganizationMembershipRequest = (id: OrganizationId, requestId: string) => invoke<OrganizationMembershipRequest>("accept_organization_membership_request", { id, requestId }, "clerk:manage-organizations");
export const rejectOrganizationMembershipRequest = (id: OrganizationId, requestId: string) => invoke<OrganizationMembershipRequest>("reject_organization_membership_request", { id, requestId }, "clerk:manage-organizations");
export const organizationRoles = (id: OrganizationId, params: PageParams) => invoke<Page<Role>>("organization_roles", { id, params }, "clerk:manage-organizations");
export const organizationDomains = (id: OrganizationId, params: DomainListParams) => invoke<Page<OrganizationDomain>>("organization_domains", { id, params }, "clerk:manage-organizations");
export const organizationDomain = (id: OrganizationId, domainId: string) => invoke<OrganizationDomain>("organization_domain", { id, domainId }, "clerk:manage-organizations");
export const createOrganizationDomain = (id: OrganizationId, name: string, enrollmentMode: string | null) => invoke<OrganizationDomain>("create_organization_domain", { id, name, enrollmentMode }, "clerk:manage-organizations");
export const prepareOrganizationDomainVerification = (id: OrganizationId, domainId: string, emailAddress: string) => invoke<OrganizationDomain>("prepare_organization_domain_verification", { id, domainId, emailAddress }, "clerk:manage-organizations");
export const attemptOrganizationDomainVerification = (id: OrganizationId, domainId: string, code: string) => invoke<OrganizationDomain>("attempt_organization_domain_verification", { id, domainId, code }, "clerk:manage-organizations");
export const updateOrganizationEnrollmentMode = (id: OrganizationId, domainId: string, params: UpdateEnrollmentModeParams) => invoke<OrganizationDomain>("update_organization_enrollment_mode", { id, domainId, params }, "clerk:manage-organizations");
export const deleteOrganizationDomain = (id: OrganizationId, domainId: string) => invoke<DeletedObject>("delete_organization_domain", { id, domainId }, "clerk:manage-organizations");
