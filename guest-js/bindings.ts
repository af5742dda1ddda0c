// Generated from Rust by `cargo xtask bindings`. Do not edit.
/* eslint-disable */

import { invoke } from "./invoke";

/* Commands */
export const load = (options: LoadOptions, since: number | null) => invoke<WindowSnapshot>("load", { options, since });
export const snapshot = (since: number | null) => invoke<WindowState | null>("snapshot", { since });
export const notices = () => invoke<Notice[]>("notices");
export const authEvents = () => invoke<NumberedAuthEvent[]>("auth_events");
export const setActive = (params: SetActiveParams) => invoke<SetActiveOutcome>("set_active", { params });
export const signOut = (options: SignOutOptions) => invoke<SignOutOutcome>("sign_out", { options });
export const chooseInitialSession = (sessionId: SessionId | null) => invoke<null>("choose_initial_session", { sessionId });
export const touch = () => invoke<null>("touch");
export const cancelAuthentication = () => invoke<boolean>("cancel_authentication");
export const handleCallbackLink = (link: string) => invoke<LinkOutcome>("handle_callback_link", { link });
export const takeRedirectOutcome = () => invoke<RedirectOutcome | null>("take_redirect_outcome");
export const createSignIn = (params: SignInCreateParams) => invoke<SignIn>("create_sign_in", { params });
export const prepareSignInFirstFactor = (signInId: SignInId, params: PrepareFactorParams) => invoke<SignIn>("prepare_sign_in_first_factor", { signInId, params });
export const attemptSignInFirstFactor = (signInId: SignInId, params: AttemptFactorParams) => invoke<SignIn>("attempt_sign_in_first_factor", { signInId, params });
export const prepareSignInSecondFactor = (signInId: SignInId, params: PrepareFactorParams) => invoke<SignIn>("prepare_sign_in_second_factor", { signInId, params });
export const attemptSignInSecondFactor = (signInId: SignInId, params: AttemptFactorParams) => invoke<SignIn>("attempt_sign_in_second_factor", { signInId, params });
export const signInWithEmailLink = (signInId: SignInId, emailAddressId: string | null) => invoke<SignIn>("sign_in_with_email_link", { signInId, emailAddressId });
export const createSignUp = (params: SignUpParams) => invoke<SignUp>("create_sign_up", { params });
export const updateSignUp = (signUpId: SignUpId, params: SignUpParams) => invoke<SignUp>("update_sign_up", { signUpId, params });
export const prepareSignUpVerification = (signUpId: SignUpId, params: PrepareVerificationParams) => invoke<SignUp>("prepare_sign_up_verification", { signUpId, params });
export const attemptSignUpVerification = (signUpId: SignUpId, params: AttemptVerificationParams) => invoke<SignUp>("attempt_sign_up_verification", { signUpId, params });
export const signUpWithEmailLink = (signUpId: SignUpId) => invoke<SignUp>("sign_up_with_email_link", { signUpId });
export const getToken = (params: GetTokenParams) => invoke<string | null>("get_token", { params });

/** The names of the events. */
export const events = {
  authEvent: "plugin:clerk:auth-event",
  notice: "plugin:clerk:notice",
  redirectFinished: "plugin:clerk:redirect-finished",
  stateChanged: "plugin:clerk:state-changed",
} as const;

/* Types */
/**  The active session of this device. */
export type ActiveSession = 
/**  Not known yet, or changing. */
{ state: "unknown" } | 
/**  Signed out. */
{ state: "none" } | 
/**  A session is active. */
{ state: "session"; 
/**  The id of the session. */
sessionId: SessionId };

/**  One of FAPI's errors. */
export type ApiErrorItem = {
	/**  Clerk's code, e.g. `form_password_incorrect`. */
	code: string,
	/**  A message for developers. */
	message: string,
	/**  A message for users. */
	longMessage: string | null,
	/**  Details, e.g. `paramName`. Top-level keys are in camelCase; nested keys are unchanged. */
	meta: { [key in string]: Value },
};

/**  Parameters of [`Clerk::attempt_sign_in_first_factor`] and [`Clerk::attempt_sign_in_second_factor`]. */
export type AttemptFactorParams = {
	/**  The strategy to attempt. */
	strategy: string,
	/**  The code that was sent, or of the authenticator app. */
	code?: string | null,
	/**  The password. */
	password?: string | null,
	/**  The wallet's signature. */
	signature?: string | null,
	/**  An ID token. */
	token?: string | null,
	/**  A ticket. */
	ticket?: string | null,
	/**  The passkey's response as a JSON string. */
	publicKeyCredential?: string | null,
};

/**  The kind of an attempt: sign-in or sign-up. */
export type AttemptKind = 
/**  A sign-in. */
"signIn" | 
/**  A sign-up. */
"signUp";

/**  Parameters of [`Clerk::attempt_sign_up_verification`]. */
export type AttemptVerificationParams = {
	/**  The strategy to attempt. */
	strategy: string,
	/**  The code that was sent. */
	code?: string | null,
	/**  The wallet's signature. */
	signature?: string | null,
	/**  An ID token. */
	token?: string | null,
};

/**  The settings of a user attribute. */
export type Attribute = {
	/**  Whether users may have it. */
	enabled: boolean,
	/**  Whether users must have it. */
	required: boolean,
	/**  Whether it identifies a user at sign-in. */
	usedForFirstFactor: boolean,
	/**  The first factors that it supports. */
	firstFactors: string[],
	/**  The ways to verify it. */
	verifications: string[],
};

/**  Session and client settings of the instance. */
export type AuthConfig = {
	/**  Whether a client can have only one session. */
	singleSessionMode: boolean,
	/**  Whether test identifiers and their fixed codes work. */
	testMode: boolean,
	/**  Settings of native clients. */
	nativeSettings: NativeSettings,
	/**  Whether minting a session token requires the previous one. */
	sessionMinter: boolean,
};

/**
 *  Something that happened to the sessions of this device. Requests that fail or are refused cause no event, and neither does a
 *  load that is refused for good.
 */
export type AuthEvent = 
/**
 *  A session is signed in on this device: a sign-in or a sign-up is complete, or Clerk says that a session goes on which had
 *  ended by the clock of this device. Not emitted for the sessions with which an app starts, as far as
 *  they were stored.
 */
{ type: "signedIn"; 
/**  The session. It is not necessarily the active one. */
sessionId: SessionId; 
/**  Its user. */
userId: UserId | null } | 
/**  A session is not signed in on this device any more. */
{ type: "signedOut"; 
/**  The session. */
sessionId: SessionId; 
/**  Its user. */
userId: UserId | null; 
/**  Why. */
reason: SignOutReason } | 
/**
 *  Another session, another organization, or none became the active one. Not emitted for the one with which an app starts, unless
 *  a window chooses another.
 */
{ type: "sessionChanged"; 
/**  The active session; absent if there is none. */
sessionId: SessionId | null; 
/**  Its user. */
userId: UserId | null; 
/**  Its active organization; absent for the personal account. */
organizationId: OrganizationId | null } | 
/**  The user deleted the account on this device. Their sessions end with it, each with an event of its own. */
{ type: "accountDeleted"; 
/**  The user. */
userId: UserId | null } | 
/**  A session has a newer session token for its active organization. The event does not contain it. */
{ type: "tokenRefreshed"; 
/**  The session. */
sessionId: SessionId };

/**  Somebody signed in or out, for example. What happened is read by a permitted command. */
export type AuthEventHint = Record<string, never>;

/**
 *  Parameters of [`Clerk::authenticate_with_redirect`].
 * 
 *  The redirect URL is not a parameter: it is always the app's callback URL, which is on the instance's allowlist.
 * 
 *  Source: `AuthenticateWithRedirectParams` of Clerk's documentation.
 */
export type AuthenticateWithRedirectParams = {
	/**  Whether it is a sign-in or a sign-up. */
	resource: AttemptKind,
	/**  The strategy, e.g. `oauth_google`, `oauth_custom_acme`, `enterprise_sso`. */
	strategy: string,
	/**  The e-mail address, with `enterprise_sso`. */
	identifier?: string | null,
	/**  The e-mail address of a sign-up. */
	emailAddress?: string | null,
	/**  Whether the user accepted the terms, for a sign-up. */
	legalAccepted?: boolean | null,
	/**  Metadata of a sign-up. */
	unsafeMetadata?: Value | null,
	/**  OpenID Connect `prompt`. */
	oidcPrompt?: string | null,
	/**  OpenID Connect `login_hint`. */
	oidcLoginHint?: string | null,
	/**  The connection, with `enterprise_sso`. */
	enterpriseConnectionId?: string | null,
	/**  Whether to continue the sign-in in progress. */
	continueSignIn?: boolean | null,
	/**  Whether to continue the sign-up in progress. */
	continueSignUp?: boolean | null,
	/**  The parameters of the callback. */
	callback?: RedirectCallbackParams | null,
};

/**
 *  Parameters of [`Clerk::authenticate_with_web3`]. Every URL may be relative to the app.
 * 
 *  Source: `AuthenticateWithWeb3Params` of Clerk's documentation.
 */
export type AuthenticateWithWeb3Params = {
	/**  The strategy, e.g. `web3_metamask_signature`. */
	strategy: string,
	/**  Where to navigate after the sign-in or sign-up. */
	redirectUrl?: string | null,
	/**  The page for missing fields of a sign-up. */
	signUpContinueUrl?: string | null,
	/**  The page for the second factor. */
	secondFactorUrl?: string | null,
	/**  The page for the anti-fraud check of a sign-in. */
	protectCheckUrl?: string | null,
	/**  The page for the anti-fraud check of a sign-up. */
	signUpProtectCheckUrl?: string | null,
	/**  Metadata of a sign-up. */
	unsafeMetadata?: Value | null,
	/**  Whether the user accepted the terms, for a sign-up. */
	legalAccepted?: boolean | null,
	/**  The name of the wallet; required for Solana. */
	walletName?: string | null,
	/**  The URL of the calling page, against which relative URLs are resolved. */
	location?: string | null,
};

/**  Backup codes. FAPI sends them once. */
export type BackupCodes = {
	/**  Identifier. */
	id: string,
	/**  The codes. Each works once. */
	codes: string[],
	/**  Creation time. */
	createdAt: UnixMillis,
	/**  Time of the last change. */
	updatedAt: UnixMillis,
};

/**  What `clerk-js` starts with. */
export type ClerkJsState = {
	/**  The revision of the state that this was read from. */
	revision: number,
	/**  The loading status. */
	status: Status,
	/**  The publishable key in use; empty before the first load. */
	publishableKey: string,
	/**  The proxy in use; empty if none is configured. */
	proxyUrl: string,
	/**  The domain in use; empty if none is configured. */
	domain: string,
	/**  The app's callback URL; empty if the app has none. */
	callbackUrl: string,
	/**  The client as FAPI sent it, or null. */
	client: Value,
	/**  The environment as FAPI sent it, or null. */
	environment: Value,
	/**  The active session. */
	activeSession: ActiveSession,
};

/**
 *  Clerk's options. All are optional, and every URL may be relative to the app.
 * 
 *  Source: `ClerkOptions` of Clerk's documentation. `routerPush`, `routerReplace` and `selectInitialSession`
 *  are functions, so they stay in the webview; for Rust see [`ClerkSetup`](crate::ClerkSetup).
 */
export type ClerkOptions = {
	/**  The appearance of the prebuilt components; stored for them. */
	appearance?: Value | null,
	/**  The strings of the prebuilt components; stored for them. */
	localization?: Value | null,
	/**  Whether to read the client from FAPI every five minutes. Default: `true`. */
	polling?: boolean | null,
	/**  Stored for the prebuilt components; a desktop app never uses Clerk's cookies. */
	standardBrowser?: boolean | null,
	/**  The support address that the prebuilt components show. */
	supportEmail?: string | null,
	/**  Whether the session is touched when a window gets the focus. Default: `true`. */
	touchSession?: boolean | null,
	/**  The app's own sign-in page. Default: Clerk's hosted pages in the system browser. */
	signInUrl?: string | null,
	/**  The app's own sign-up page. */
	signUpUrl?: string | null,
	/**  Where to navigate after every sign-in. */
	signInForceRedirectUrl?: string | null,
	/**  Where to navigate after every sign-up. */
	signUpForceRedirectUrl?: string | null,
	/**  Where to navigate after a sign-in without another redirect URL. */
	signInFallbackRedirectUrl?: string | null,
	/**  Where to navigate after a sign-up without another redirect URL. */
	signUpFallbackRedirectUrl?: string | null,
	/**  Where to navigate after a sign-out. Default: `/`. */
	afterSignOutUrl?: string | null,
	/**  Where to navigate after signing out of one of several sessions. */
	afterMultiSessionSingleSignOutUrl?: string | null,
	/**  The waitlist page. */
	waitlistUrl?: string | null,
	/**  Where to navigate after a new subscription. */
	newSubscriptionRedirectUrl?: string | null,
	/**  The pages for the tasks of a pending session, by task key. */
	taskUrls?: { [key in string]: string } | null,
	/**
	 *  Allowed origins for redirects. If missing or empty: the app's own origin, those of the instance's domain, and
	 *  FAPI's on development instances.
	 */
	allowedRedirectOrigins?: RedirectOrigin[] | null,
	/**  The app's own deep-link schemes that may be navigated to, besides http and https, e.g. `my-app:`. */
	allowedRedirectProtocols?: string[] | null,
	/**  Whether the app is a satellite of another domain. */
	isSatellite?: boolean | null,
	/**  Telemetry settings; this SDK never sends telemetry. */
	telemetry?: Telemetry | null,
	/**  The SDK that the app uses. */
	sdkMetadata?: SdkMetadata | null,
};

/**
 *  This device's set of sessions, with the sign-in and the sign-up in progress.
 * 
 *  Source: FAPI `Client`; the `Client` object of Clerk's documentation.
 */
export type Client = {
	/**  Identifier. */
	id: ClientId,
	/**  Every session that is still attached to this client, in any status. */
	sessions: Session[],
	/**  The sign-in in progress. */
	signIn: SignIn | null,
	/**  The sign-up in progress. */
	signUp: SignUp | null,
	/**  The session that was last active on the server. */
	lastActiveSessionId: SessionId | null,
	/**  The strategy of the last authentication, e.g. `oauth_google`. */
	lastAuthenticationStrategy: string | null,
	/**  Whether bot protection is lifted (test tooling). */
	captchaBypass: boolean,
	/**  Expiry of the browser cookie; always absent for native clients. */
	cookieExpiresAt: UnixMillis | null,
	/**  Creation time. */
	createdAt: UnixMillis,
	/**  Time of the last change. Grows with each change on the server. */
	updatedAt: UnixMillis,
};

/**  Id of a [`Client`](crate::models::Client). */
export type ClientId = string;

/**
 *  Parameters of [`Account::connect_external_account`].
 * 
 *  Source: FAPI `postExternalAccounts`; `CreateExternalAccountParams` of Clerk's documentation.
 */
export type ConnectExternalAccountParams = {
	/**  The provider, e.g. `oauth_google`. Not needed with `enterprise_connection_id`. */
	strategy?: string | null,
	/**  The enterprise connection. */
	enterpriseConnectionId?: string | null,
	/**  Further scopes to ask the provider for. */
	additionalScope?: string[] | null,
	/**  OpenID Connect `prompt`. */
	oidcPrompt?: string | null,
	/**  OpenID Connect `login_hint`. */
	oidcLoginHint?: string | null,
};

/**  The operation that a callback continues. */
export type Continuation = string;

/**  Parameters of [`Clerk::create_organization`]. */
export type CreateOrganizationParams = {
	/**  The name. */
	name: string,
	/**  The name in URLs. Default: derived from the name. */
	slug?: string | null,
};

/**  What is left of a resource that was deleted. */
export type DeletedObject = {
	/**  Its kind, e.g. `email_address`. */
	object: string,
	/**  Its identifier. */
	id: string | null,
	/**  Its name in URLs. */
	slug: string | null,
	/**  Whether it was deleted. */
	deleted: boolean,
};

/**  Names, logos and URLs of the instance. */
export type DisplayConfig = {
	/**  The application's name. */
	applicationName: string,
	/**  `development`, `production` or `staging`. */
	instanceEnvironmentType: string,
	/**  `password` or `otp`. */
	preferredSignInStrategy: string,
	/**  The application's home page. */
	homeUrl: string,
	/**  Page with the sign-in. */
	signInUrl: string,
	/**  Page with the sign-up. */
	signUpUrl: string,
	/**  Page with the user's profile. */
	userProfileUrl: string,
	/**  Page of the waitlist. */
	waitlistUrl: string,
	/**  Where to navigate after sign-in. */
	afterSignInUrl: string,
	/**  Where to navigate after sign-up. */
	afterSignUpUrl: string,
	/**  Where to navigate after signing out of one of several sessions. */
	afterSignOutOneUrl: string,
	/**  Where to navigate after signing out of all sessions. */
	afterSignOutAllUrl: string,
	/**  Page with the organization's profile. */
	organizationProfileUrl: string,
	/**  Page for a new organization. */
	createOrganizationUrl: string,
	/**  Where to navigate after leaving an organization. */
	afterLeaveOrganizationUrl: string,
	/**  Where to navigate after creating an organization. */
	afterCreateOrganizationUrl: string,
	/**  Logo. */
	logoImageUrl: string,
	/**  Favicon. */
	faviconImageUrl: string,
	/**  Support address. */
	supportEmail: string | null,
	/**  Terms of service. */
	termsUrl: string | null,
	/**  Privacy policy. */
	privacyPolicyUrl: string | null,
};

/**  Parameters of [`Organizations::domains`]. */
export type DomainListParams = {
	/**  Only those with this mode, e.g. `automatic_invitation`. Default: all. */
	enrollmentMode?: string | null,
} & PageParams;

/**  The verification of a domain. */
export type DomainVerification = {
	/**  `unverified`, `verified`, `failed`, `expired`. */
	status: string | null,
	/**  `email_code`, `txt`, … */
	strategy: string | null,
	/**  The number of attempts so far. */
	attempts: number | null,
	/**  When it expires. */
	expireAt: UnixMillis | null,
	/**  When the domain was verified. */
	verifiedAt: UnixMillis | null,
	/**  The name of the DNS record to add. */
	txtRecordName: string | null,
	/**  The value of the DNS record to add. */
	txtRecordValue: string | null,
};

/**  An e-mail address of a user. */
export type EmailAddress = {
	/**  Identifier. */
	id: string,
	/**  The address. */
	emailAddress: string,
	/**  The verification of the address. */
	verification: Verification | null,
	/**  The accounts that the address came from. */
	linkedTo: LinkedTo[],
	/**  Whether its domain belongs to an enterprise connection. */
	matchesSsoConnection: boolean,
	/**  Creation time. */
	createdAt: UnixMillis,
	/**  Time of the last change. */
	updatedAt: UnixMillis,
};

/**  The outcome of a verified e-mail link. */
export type EmailLinkOutcome = {
	/**  Where the app should navigate to. */
	navigateTo: string | null,
	/**  The session that is now active. */
	createdSessionId: SessionId | null,
	/**  Whether the link was opened for another device, or for a user who has to sign up first. */
	verifiedOnOtherDevice: boolean,
};

/**
 *  Parameters of [`Clerk::handle_email_link_verification`].
 * 
 *  Source: `HandleEmailLinkVerificationParams` of Clerk's documentation.
 */
export type EmailLinkVerificationParams = {
	/**  Where to navigate when the sign-in or sign-up is complete. */
	redirectUrlComplete?: string | null,
	/**  Where to navigate when more is required, e.g. a second factor. */
	redirectUrl?: string | null,
};

/**  An account at an enterprise connection, by which a user signs in. */
export type EnterpriseAccount = {
	/**  Identifier. */
	id: string,
	/**  Whether the connection is in use. */
	active: boolean,
	/**  `saml` or `oauth`. */
	protocol: string,
	/**  The provider, e.g. `saml_okta`. */
	provider: string,
	/**  The user's id at the provider. */
	providerUserId: string | null,
	/**  E-mail address at the provider. */
	emailAddress: string,
	/**  First name at the provider. */
	firstName: string | null,
	/**  Last name at the provider. */
	lastName: string | null,
	/**  Metadata that only the backend writes. */
	publicMetadata: Value,
	/**  The verification of the account. */
	verification: Verification | null,
	/**  The last sign-in by it. */
	lastAuthenticatedAt: UnixMillis | null,
	/**  The connection's identifier. */
	enterpriseConnectionId: string | null,
	/**  The connection. */
	enterpriseConnection: EnterpriseAccountConnection | null,
};

/**  The enterprise connection of an account. */
export type EnterpriseAccountConnection = {
	/**  Identifier. */
	id: string,
	/**  Name. */
	name: string,
	/**  Whether it is in use. */
	active: boolean,
	/**  `saml` or `oauth`. */
	protocol: string,
	/**  The provider, e.g. `saml_okta`. */
	provider: string,
	/**  The domain of its users. */
	domain: string,
	/**  Logo. */
	logoPublicUrl: string | null,
	/**  Whether a sign-in may begin at the provider. */
	allowIdpInitiated: boolean,
	/**  Whether it is also for subdomains. */
	allowSubdomains: boolean,
	/**  Whether its users may have no other identifications. */
	disableAdditionalIdentifications: boolean,
	/**  Whether the user's data is taken over from the provider at each sign-in. */
	syncUserAttributes: boolean,
	/**  Whether an account may be linked to an organization's connection. */
	allowOrganizationAccountLinking: boolean,
	/**  Creation time. */
	createdAt: UnixMillis,
	/**  Time of the last change. */
	updatedAt: UnixMillis,
};

/**  The features and plans that the newest session token of a session grants. */
export type Entitlements = {
	/**  The claim `fea`, e.g. `o:reports,u:notes`. */
	features: string,
	/**  The claim `pla`, e.g. `u:pro`. */
	plans: string,
	/**  For how many milliseconds the token grants them from now on. */
	remainingMs: number,
};

/**
 *  The instance's settings, limited to those that this crate and its users need.
 * 
 *  Source: FAPI `Environment` (`GET /v1/environment`).
 */
export type Environment = {
	/**  Names, logos and URLs. */
	displayConfig: DisplayConfig,
	/**  Session and client settings. */
	authConfig: AuthConfig,
	/**  Identifiers, factors and providers. */
	userSettings: UserSettings,
	/**  Organizations. */
	organizationSettings: OrganizationSettings,
};

/**
 *  An [`Error`] serialized for the webview.
 * 
 *  The guest library converts it to `ClerkAPIResponseError` or `ClerkRuntimeError`.
 */
export type ErrorPayload = {
	/**  `api`, `runtime`, or `email_link`, which uses the documented codes of `EmailLinkError`. */
	kind: string,
	/**  See [`Error::code`]. */
	code: string,
	/**  What went wrong, for developers. */
	message: string,
	/**  What went wrong, for users. */
	longMessage: string | null,
	/**  A page with more information. */
	docsUrl: string | null,
	/**  The HTTP status, for kind `api`. */
	status: number | null,
	/**  FAPI's errors, for kind `api`. */
	errors: ApiErrorItem[],
	/**  The trace id for Clerk's support. */
	clerkTraceId: string | null,
	/**  Seconds to wait before a retry. */
	retryAfter: number | null,
};

/**  An account at an OAuth provider that is connected to a user. */
export type ExternalAccount = {
	/**  Identifier. */
	id: string,
	/**
	 *  The provider. Live instances send the strategy (`oauth_google`), some data contains the bare name
	 *  (`google`).
	 */
	provider: string,
	/**  Id of the identification. */
	identificationId: string,
	/**  The user's id at the provider. */
	providerUserId: string,
	/**  The granted scopes, separated by spaces. */
	approvedScopes: string,
	/**  E-mail address at the provider; may be empty. */
	emailAddress: string,
	/**  First name at the provider; may be empty. */
	firstName: string,
	/**  Last name at the provider; may be empty. */
	lastName: string,
	/**  Avatar at the provider. */
	imageUrl: string,
	/**  Username at the provider. */
	username: string | null,
	/**  Phone number at the provider. */
	phoneNumber: string | null,
	/**  A label that distinguishes several accounts at one provider. */
	label: string | null,
	/**  Metadata that only the backend writes. */
	publicMetadata: Value,
	/**  The verification of the connection. */
	verification: Verification | null,
	/**  Creation time. */
	createdAt: UnixMillis,
	/**  Time of the last change. */
	updatedAt: UnixMillis,
};

/**  The beginning of a response of the app's backend. */
export type FetchHead = {
	/**  The HTTP status. */
	status: number,
	/**  The names, in lower case, and values of the headers, without credentials. */
	headers: ([string, string])[],
	/**  The URL that responded. */
	url: string,
	/**  Whether a redirect was followed. */
	redirected: boolean,
	/**  Whether the response has a body to read. */
	hasBody: boolean,
};

/**  A file that a window uploads. */
export type FrontendApiFile = {
	/**  The name of the file. */
	name: string,
	/**  The media type, e.g. `image/png`. */
	contentType: string,
	/**  The content in base64. */
	data: string,
};

/**  A part of a multipart body: a value or a file. */
export type FrontendApiPart = {
	/**  The name of the field. */
	name: string,
	/**  The value of a plain field. */
	value?: string | null,
	/**  The file. */
	file?: FrontendApiFile | null,
};

/**  A request to FAPI. */
export type FrontendApiRequest = {
	/**  `GET`, `POST`, `PATCH`, `PUT` or `DELETE`. */
	method: string,
	/**  The path without the version, e.g. `/client/sign_ins`. */
	path: string,
	/**  The parameters of the query, in order. A name may occur more than once. */
	query?: ([string, string])[],
	/**  The fields of the form, in order. */
	form?: ([string, string])[],
	/**  The parts of a multipart body, in place of the form. */
	parts?: FrontendApiPart[],
	/**  The session on whose behalf it is made. Default: the active one. */
	sessionId?: SessionId | null,
};

/**  FAPI's response to a [`FrontendApiRequest`]. */
export type FrontendApiResponse = {
	/**  The HTTP status. Successful responses have 200. */
	status: number,
	/**  Seconds to wait before a retry. */
	retryAfter: number | null,
	/**
	 *  FAPI's JSON: `{ response, client }`, `{ errors, meta: { client } }`, or a resource without an envelope. The client is the
	 *  newest one that is known.
	 */
	body: Value,
	/**  The revision of the state after the response. */
	revision: number,
	/**  The active session after the response. */
	activeSession: ActiveSession,
};

/**  Parameters of [`Clerk::get_token`]. */
export type GetTokenParams = {
	/**  The session. */
	sessionId: SessionId,
	/**  The name of a JWT template. */
	template?: string | null,
	/**  The organization. Default: the session's active one; `null` selects the personal account. */
	organizationId?: string | null,
	/**  Whether to mint a new token even if a valid one is cached. */
	skipCache?: boolean,
};

/**
 *  Parameters of the methods that send a code or a link to an e-mail address, a code to a phone number, or begin a signature
 *  with a wallet.
 */
export type IdentificationVerificationParams = {
	/**  E.g. `email_code`, `email_link`, `phone_code`, `web3_metamask_signature`. */
	strategy: string,
	/**  The URL that an e-mail link leads to. */
	redirectUrl?: string | null,
	/**  `sms` or `whatsapp`, with `phone_code`. */
	channel?: string | null,
};

/**  A picture that was uploaded. */
export type Image = {
	/**  Identifier. */
	id: string | null,
	/**  The name of the file. */
	name: string | null,
	/**  The address of the picture. */
	publicUrl: string | null,
};

/**  The type of an instance: development or production. */
export type InstanceType = 
/**  Key `pk_live_…`. */
"production" | 
/**  Key `pk_test_…`. */
"development";

/**  Parameters of [`Organizations::invite_member`]. */
export type InviteMemberParams = {
	/**  The address to invite. */
	emailAddress: string,
	/**  The role that the invitation grants, e.g. `org:member`. */
	role: string,
	/**  Whether Clerk sends an e-mail. Default: `true`. */
	notify?: boolean | null,
};

/**  Parameters of [`Clerk::join_waitlist`]. */
export type JoinWaitlistParams = {
	/**  E-mail address. */
	emailAddress: string,
};

/**  The result of handling a link. */
export type LinkOutcome = 
/**  It is not the app's callback URL; the app may handle it otherwise. */
"notOurs" | 
/**  It ended the wait of a caller in this process. */
"delivered" | 
/**  It finished a flow that no caller was waiting for any more, e.g. one of an earlier run of the app. */
"resumed" | 
/**  It did not prove that it belongs to a flow of this app, so it ended nothing. */
"refused";

/**  An account that an identification is linked to. */
export type LinkedTo = {
	/**  The kind of account, e.g. `oauth_google`. */
	type: string,
	/**  Its id. */
	id: string,
};

/**  Parameters of [`Clerk::load`]. Missing values come from the configuration. */
export type LoadOptions = {
	/**  The publishable key. It must not contradict the configured one. */
	publishableKey?: string | null,
	/**  The absolute http(s) URL of a proxy in front of FAPI. */
	proxyUrl?: string | null,
	/**  The domain of the instance. */
	domain?: string | null,
} & ClerkOptions;

/**  Parameters of [`Organizations::members`]. */
export type MemberListParams = {
	/**  Only those with one of these roles. Default: all. */
	role?: string[],
	/**  Only those whose name or identification contains this text. */
	query?: string | null,
} & PageParams;

/**  Settings of native clients. */
export type NativeSettings = {
	/**  Whether the Native API is on (a switch in Clerk's dashboard). */
	apiEnabled: boolean,
};

/**  A non-fatal diagnostic. */
export type Notice = {
	/**  A stable code, e.g. `storage_unavailable`. */
	code: string,
	/**  What went wrong and what to do. */
	message: string,
};

/**  A non-fatal diagnostic for developers. */
export type NoticeGiven = Notice;

/**  An event with its number. */
export type NumberedAuthEvent = {
	/**  Counts the events of this run of the app, from 1. */
	sequence: number,
} & AuthEvent;

/**  The outcome of [`Clerk::open_and_wait`]. */
export type OpenAndWaitOutcome = {
	/**  The callback URL, as Clerk's packages expect it. Its nonce is redeemed already, so a placeholder stands for it. */
	callbackUrl: string,
};

/**  An organization. */
export type Organization = {
	/**  Identifier. */
	id: OrganizationId,
	/**  Name. */
	name: string,
	/**  The name in URLs. */
	slug: string | null,
	/**  Logo. */
	imageUrl: string,
	/**  Whether a logo was uploaded. */
	hasImage: boolean,
	/**  Number of members. */
	membersCount: number,
	/**  Number of open invitations. */
	pendingInvitationsCount: number,
	/**  The maximum number of members; 0 for no limit. */
	maxAllowedMemberships: number,
	/**  Whether its admins may delete it. */
	adminDeleteEnabled: boolean,
	/**  Metadata that only the backend writes. */
	publicMetadata: Value,
	/**  Creation time. */
	createdAt: UnixMillis,
	/**  Time of the last change. */
	updatedAt: UnixMillis,
};

/**  A domain of an organization, whose users may be invited to it. */
export type OrganizationDomain = {
	/**  Identifier. */
	id: string,
	/**  The organization. */
	organizationId: OrganizationId,
	/**  The name, e.g. `example.com`. */
	name: string,
	/**  `manual_invitation`, `automatic_invitation`, `automatic_suggestion`, `enterprise_sso`. */
	enrollmentMode: string,
	/**  The address to which a code was sent, to verify the domain. */
	affiliationEmailAddress: string | null,
	/**  The verification by a code to an address of the domain. */
	affiliationVerification: DomainVerification | null,
	/**  The verification by a DNS record. */
	ownershipVerification: DomainVerification | null,
	/**  Number of open invitations to users of the domain. */
	totalPendingInvitations: number,
	/**  Number of open suggestions to users of the domain. */
	totalPendingSuggestions: number,
	/**  Creation time. */
	createdAt: UnixMillis,
	/**  Time of the last change. */
	updatedAt: UnixMillis,
};

/**  Id of an [`Organization`](crate::models::Organization). */
export type OrganizationId = string;

/**
 *  An invitation to an organization, as its members see it.
 * 
 *  Source: `OrganizationInvitation` of Clerk's documentation.
 */
export type OrganizationInvitation = {
	/**  Identifier. */
	id: string,
	/**  The organization. */
	organizationId: OrganizationId | null,
	/**  The address that was invited. */
	emailAddress: string,
	/**  The role that it grants, e.g. `org:member`. */
	role: string,
	/**  The role's name. */
	roleName: string | null,
	/**  `pending`, `accepted`, `revoked`, `expired`. */
	status: string,
	/**  Metadata that only the backend writes. */
	publicMetadata: Value,
	/**  Creation time. */
	createdAt: UnixMillis,
	/**  Time of the last change. */
	updatedAt: UnixMillis,
};

/**  A user's membership of an organization. */
export type OrganizationMembership = {
	/**  Identifier. */
	id: string,
	/**  The role's key, e.g. `org:admin`. */
	role: string,
	/**  The role's name. */
	roleName: string,
	/**  The permissions that the role grants. */
	permissions: string[],
	/**  Metadata that only the backend writes. */
	publicMetadata: Value,
	/**  The organization. */
	organization: Organization,
	/**  The user's data that other members can see. */
	publicUserData: PublicUserData | null,
	/**  Creation time. */
	createdAt: UnixMillis,
	/**  Time of the last change. */
	updatedAt: UnixMillis,
};

/**  A user's request to become a member. */
export type OrganizationMembershipRequest = {
	/**  Identifier. */
	id: string,
	/**  The organization. */
	organizationId: OrganizationId,
	/**  `pending`, `accepted`, `rejected`, … */
	status: string,
	/**  The user's data that others can see. */
	publicUserData: PublicUserData | null,
	/**  Creation time. */
	createdAt: UnixMillis,
	/**  Time of the last change. */
	updatedAt: UnixMillis,
};

/**  Organizations in this instance. */
export type OrganizationSettings = {
	/**  Whether organizations are on. */
	enabled: boolean,
	/**  Whether a user must have an active organization. */
	forceOrganizationSelection: boolean,
};

/**  An organization that the signed-in user may ask to join, because of the domain of an e-mail address. */
export type OrganizationSuggestion = {
	/**  Identifier. */
	id: string,
	/**  `pending` or `accepted`. */
	status: string,
	/**  The organization. */
	publicOrganizationData: PublicOrganizationData | null,
	/**  Creation time. */
	createdAt: UnixMillis,
	/**  Time of the last change. */
	updatedAt: UnixMillis,
};

/**
 *  A page of a list.
 * 
 *  Source: FAPI's `{ data, total_count }`; `ClerkPaginatedResponse` of Clerk's documentation.
 */
export type Page<T> = {
	/**  The items of the page. */
	data: T[],
	/**  The number of items on all pages. */
	totalCount: number,
};

/**  The part of a list that is read. */
export type PageParams = {
	/**  The number of the page. Default: 1. */
	initialPage?: number | null,
	/**  The number of items on a page. Default: 10. */
	pageSize?: number | null,
};

/**  A passkey of a user. */
export type Passkey = {
	/**  Identifier. */
	id: string,
	/**  Its name. */
	name: string | null,
	/**  Last use. */
	lastUsedAt: UnixMillis | null,
	/**  The verification of the passkey. */
	verification: Verification | null,
	/**  Creation time. */
	createdAt: UnixMillis,
	/**  Time of the last change. */
	updatedAt: UnixMillis,
};

/**  A permission in an organization. */
export type Permission = {
	/**  Identifier. */
	id: string,
	/**  Key, e.g. `org:sys_memberships:manage`. */
	key: string,
	/**  Name. */
	name: string,
	/**  Description. */
	description: string,
	/**  `system` or `user`. */
	type: string,
};

/**  A phone number of a user. */
export type PhoneNumber = {
	/**  Identifier. */
	id: string,
	/**  The number in E.164 format. */
	phoneNumber: string,
	/**  Whether it is a second factor. */
	reservedForSecondFactor: boolean,
	/**  Whether it is the preferred second factor. */
	defaultSecondFactor: boolean,
	/**  The verification of the number. */
	verification: Verification | null,
	/**  The accounts that the number came from. */
	linkedTo: LinkedTo[],
	/**  Creation time. */
	createdAt: UnixMillis,
	/**  Time of the last change. */
	updatedAt: UnixMillis,
};

/**  Parameters of [`Account::update_phone_number`]. */
export type PhoneNumberParams = {
	/**  Whether the number is a second factor. */
	reservedForSecondFactor?: boolean | null,
	/**  Whether it is the preferred second factor. */
	defaultSecondFactor?: boolean | null,
};

/**  Parameters of [`Clerk::prepare_sign_in_first_factor`] and [`Clerk::prepare_sign_in_second_factor`]. */
export type PrepareFactorParams = {
	/**  The strategy to prepare, e.g. `email_code`. */
	strategy: string,
	/**  With `email_code`, `email_link`, `reset_password_email_code`. */
	emailAddressId?: string | null,
	/**  With `phone_code`, `reset_password_phone_code`. */
	phoneNumberId?: string | null,
	/**  With `web3_*_signature`. */
	web3WalletId?: string | null,
	/**  With `passkey`. */
	passkeyId?: string | null,
	/**  With `email_link` and `enterprise_sso`. */
	redirectUrl?: string | null,
	/**  With `enterprise_sso`. */
	actionCompleteRedirectUrl?: string | null,
	/**  With `enterprise_sso`. */
	oidcPrompt?: string | null,
	/**  With `enterprise_sso`. */
	enterpriseConnectionId?: string | null,
	/**  `sms` or `whatsapp`, with `phone_code`. */
	channel?: string | null,
	/**  Marks the number as the default second factor. */
	default?: boolean | null,
};

/**  Parameters of [`Clerk::prepare_sign_up_verification`]. */
export type PrepareVerificationParams = {
	/**  The strategy to prepare, e.g. `email_code`. */
	strategy: string,
	/**  With `email_link`, `oauth_*` and `enterprise_sso`. */
	redirectUrl?: string | null,
	/**  With `oauth_*` and `enterprise_sso`. */
	actionCompleteRedirectUrl?: string | null,
	/**  `sms` or `whatsapp`, with `phone_code`. */
	channel?: string | null,
	/**  With `oauth_*` and `enterprise_sso`. */
	oidcPrompt?: string | null,
};

/**
 *  An anti-fraud check that Clerk Protect requires before an attempt can continue.
 * 
 *  Source: the `ProtectCheckResource` of Clerk's documentation.
 */
export type ProtectCheck = {
	/**  `pending`. */
	status: string,
	/**  The challenge, for the SDK at `sdk_url`. */
	token: string,
	/**  The SDK that runs the challenge. */
	sdkUrl: string,
	/**  When the challenge expires. */
	expiresAt: UnixMillis | null,
	/**  Hints for the SDK. */
	uiHints: { [key in string]: string } | null,
};

/**  What others see of an organization. */
export type PublicOrganizationData = {
	/**  Identifier. */
	id: OrganizationId,
	/**  Name. */
	name: string,
	/**  The name in URLs. */
	slug: string | null,
	/**  Logo. */
	imageUrl: string,
	/**  Whether a logo was uploaded. */
	hasImage: boolean,
};

/**  The user's data that other members can see. */
export type PublicUserData = {
	/**  First name. */
	firstName: string | null,
	/**  Last name. */
	lastName: string | null,
	/**  Avatar. */
	imageUrl: string,
	/**  Whether the avatar was uploaded. */
	hasImage: boolean,
	/**  E-mail address, phone number or username. */
	identifier: string,
	/**  The user. */
	userId: UserId | null,
	/**  Username. */
	username: string | null,
};

/**  Parameters of [`Account::reauthorize_external_account`]. */
export type ReauthorizeExternalAccountParams = {
	/**  Further scopes to ask the provider for. */
	additionalScope?: string[] | null,
	/**  OpenID Connect `prompt`. */
	oidcPrompt?: string | null,
	/**  OpenID Connect `login_hint`. */
	oidcLoginHint?: string | null,
};

/**
 *  The pages and options for the callback of a browser flow. Every URL may be relative to the app.
 * 
 *  Source: `HandleOAuthCallbackParams` of Clerk's documentation.
 */
export type RedirectCallbackParams = {
	/**  The sign-in page. */
	signInUrl?: string | null,
	/**  The sign-up page. */
	signUpUrl?: string | null,
	/**  The page for the first factor. */
	firstFactorUrl?: string | null,
	/**  The page for the second factor. */
	secondFactorUrl?: string | null,
	/**  The page for a new password. */
	resetPasswordUrl?: string | null,
	/**  The page for missing fields of a sign-up. */
	continueSignUpUrl?: string | null,
	/**  The page for the code sent to the e-mail address. */
	verifyEmailAddressUrl?: string | null,
	/**  The page for the code sent to the phone number. */
	verifyPhoneNumberUrl?: string | null,
	/**  The page for the anti-fraud check of a sign-in. */
	signInProtectCheckUrl?: string | null,
	/**  The page for the anti-fraud check of a sign-up. */
	signUpProtectCheckUrl?: string | null,
	/**  Where to navigate after every sign-in. */
	signInForceRedirectUrl?: string | null,
	/**  Where to navigate after a sign-in without another redirect URL. */
	signInFallbackRedirectUrl?: string | null,
	/**  Where to navigate after every sign-up. */
	signUpForceRedirectUrl?: string | null,
	/**  Where to navigate after a sign-up without another redirect URL. */
	signUpFallbackRedirectUrl?: string | null,
	/**  Whether a sign-in without an existing account becomes a sign-up. Default: `true`. */
	transferable?: boolean | null,
	/**  Metadata for the sign-up. */
	unsafeMetadata?: Value | null,
	/**  The attempt to reload first. */
	reloadResource?: AttemptKind | null,
	/**  The operation to continue after an anti-fraud check interrupted it. */
	continuation?: Continuation | null,
	/**  The URL of the calling page, against which relative URLs are resolved. Default: the app's start page. */
	location?: string | null,
};

/**  A browser flow finished while no caller was waiting for it; its outcome can be taken. */
export type RedirectFinished = Record<string, never>;

/**
 *  An allowed origin for redirects.
 * 
 *  Source: `ClerkOptions.allowedRedirectOrigins`.
 */
export type RedirectOrigin = 
/**  An origin in which `*` matches any string, e.g. `https://*.example.com`. */
string | 
/**
 *  A JavaScript regular expression, which is searched for in the origin in linear time. So it has no references to groups,
 *  no look-behind, and look-ahead only behind `^` and a fixed number of characters: `^https://(?!evil)`.
 */
{ 
/**  The source of the expression. */
regex: string; 
/**  The flags of the expression, e.g. `i`. */
flags?: string };

/**  The outcome of a browser flow. */
export type RedirectOutcome = {
	/**  Where the app should navigate to. `None` if the flow leads nowhere, or if the app has no page for what is required next. */
	navigateTo: string | null,
	/**  The session that the flow created, which is now active. */
	createdSessionId: SessionId | null,
	/**  What is required next. A browser could not continue an attempt of this device, so the app has to. */
	requirements: Requirements | null,
};

/**  Parameters of [`Account::remove_password`]. */
export type RemovePasswordParams = {
	/**  The present password. */
	currentPassword: string,
};

/**  What is required before the user is signed in. */
export type Requirements = {
	/**  Whether a sign-in or a sign-up requires more. `None` if it is the session, which has a task. */
	attempt: AttemptKind | null,
	/**  The status of the attempt, e.g. `needs_second_factor`, `needs_new_password` or `missing_requirements`. */
	status: string | null,
	/**  The fields that the sign-up still requires. */
	missingFields: string[],
	/**  The fields of the sign-up that must be verified. */
	unverifiedFields: string[],
	/**  The code of the error with which the provider's verification ended, e.g. `user_locked`. */
	errorCode: string | null,
	/**  The key of the session's task, e.g. `choose-organization`. */
	task: string | null,
};

/**  Parameters of [`Clerk::reset_sign_in_password`]. */
export type ResetPasswordParams = {
	/**  The new password. */
	password: string,
	/**  Whether the user's other sessions end. Default: `true`. */
	signOutOfOtherSessions?: boolean | null,
};

/**  A role in an organization. */
export type Role = {
	/**  Identifier. */
	id: string,
	/**  Key, e.g. `org:admin`. */
	key: string,
	/**  Name. */
	name: string,
	/**  Description. */
	description: string,
	/**  What members with the role may do. */
	permissions: Permission[],
	/**  Creation time. */
	createdAt: UnixMillis,
	/**  Time of the last change. */
	updatedAt: UnixMillis,
};

/**  The SDK that the app uses; see `Clerk.sdkMetadata`. */
export type SdkMetadata = {
	/**  The name of the package. */
	name: string,
	/**  The version of the package. */
	version: string,
	/**  The build of the app: `development` or `production`. */
	environment?: string | null,
};

/**
 *  A signed-in user's session on this client.
 * 
 *  The session token is not part of it: [`Clerk::get_token`](crate::Clerk::get_token) returns it and has its own
 *  permission.
 */
export type Session = {
	/**  Identifier. */
	id: SessionId,
	/**  Status. */
	status: SessionStatus,
	/**  When it expires. */
	expireAt: UnixMillis,
	/**  When it expires if it is not used. */
	abandonAt: UnixMillis,
	/**  When it was last used. */
	lastActiveAt: UnixMillis,
	/**  The active organization; absent for the personal account. */
	lastActiveOrganizationId: OrganizationId | null,
	/**  The impersonator of the user, or null. */
	actor: Value,
	/**  The pending tasks while the session is `pending`; the first one is the current task. */
	tasks: SessionTask[],
	/**  Minutes since the first and the second factor were verified; -1 for a factor that is not set up. */
	factorVerificationAge: number[] | null,
	/**  The signed-in user. */
	user: User | null,
	/**  The user's data that others can see. */
	publicUserData: PublicUserData | null,
	/**  Creation time. */
	createdAt: UnixMillis,
	/**  Time of the last change. */
	updatedAt: UnixMillis,
};

/**  The device and place of a session. */
export type SessionActivity = {
	/**  Identifier. */
	id: string,
	/**  The kind of device, e.g. `Macintosh`. */
	deviceType: string | null,
	/**  The browser, or the app. */
	browserName: string | null,
	/**  Its version. */
	browserVersion: string | null,
	/**  IP address. */
	ipAddress: string | null,
	/**  City. */
	city: string | null,
	/**  Country. */
	country: string | null,
	/**  Whether it is a phone or tablet. */
	isMobile: boolean,
};

/**  Id of a [`Session`](crate::models::Session). */
export type SessionId = string;

/**  The status of a session. */
export type SessionStatus = string;

/**  A task that the user must complete before the session becomes `active`. */
export type SessionTask = {
	/**  `choose-organization`, `reset-password`, `setup-mfa`, or a key that Clerk adds later. */
	key: string,
};

/**
 *  A reverification in progress: the user of a session proves again who they are.
 * 
 *  Source: FAPI `SessionReverification`; `SessionVerification` of Clerk's documentation.
 */
export type SessionVerification = {
	/**  Identifier, if FAPI sends one. */
	id: string | null,
	/**  The next requirement. */
	status: SessionVerificationStatus,
	/**  `first_factor`, `second_factor` or `multi_factor`. */
	level: string,
	/**  The session, without its user. */
	session: Session,
	/**  The available first factors. */
	supportedFirstFactors: SignInFactor[] | null,
	/**  The available second factors. */
	supportedSecondFactors: SignInFactor[] | null,
	/**  State of the first factor. */
	firstFactorVerification: Verification | null,
	/**  State of the second factor. */
	secondFactorVerification: Verification | null,
};

/**  The next requirement of a reverification. */
export type SessionVerificationStatus = string;

/**  Parameters of [`Sessions::attempt_first_factor_verification`]. */
export type SessionVerifyAttemptFirstFactorParams = {
	/**  `password`, `email_code`, `phone_code` or `passkey`. */
	strategy: string,
	/**  The code that was sent. */
	code?: string | null,
	/**  The password. */
	password?: string | null,
	/**  The passkey's response as a JSON string. */
	publicKeyCredential?: string | null,
};

/**  Parameters of [`Sessions::attempt_second_factor_verification`]. */
export type SessionVerifyAttemptSecondFactorParams = {
	/**  `phone_code`, `totp` or `backup_code`. */
	strategy: string,
	/**  The code that was sent, or of the authenticator app, or a backup code. */
	code?: string | null,
};

/**  Parameters of [`Sessions::prepare_first_factor_verification`]. */
export type SessionVerifyPrepareFirstFactorParams = {
	/**  `email_code`, `phone_code`, `passkey` or `enterprise_sso`. */
	strategy: string,
	/**  With `email_code` and `enterprise_sso`. */
	emailAddressId?: string | null,
	/**  With `phone_code`. */
	phoneNumberId?: string | null,
	/**  With `enterprise_sso`. */
	enterpriseConnectionId?: string | null,
	/**  The URL that the provider returns to, with `enterprise_sso`. Default: the app's callback URL. */
	redirectUrl?: string | null,
	/**  Whether the number is the preferred one, with `phone_code`. */
	default?: boolean | null,
};

/**  Parameters of [`Sessions::prepare_second_factor_verification`]. */
export type SessionVerifyPrepareSecondFactorParams = {
	/**  `phone_code`. */
	strategy: string,
	/**  The number. Default: the preferred one. */
	phoneNumberId?: string | null,
};

/**
 *  A session of the user on any device.
 * 
 *  Source: `SessionWithActivities` of Clerk's documentation.
 */
export type SessionWithActivities = {
	/**  Identifier. */
	id: SessionId,
	/**  Status. */
	status: SessionStatus,
	/**  When it expires. */
	expireAt: UnixMillis,
	/**  When it expires if it is not used. */
	abandonAt: UnixMillis,
	/**  When it was last used. */
	lastActiveAt: UnixMillis,
	/**  The device and place of the last use. */
	latestActivity: SessionActivity | null,
	/**  The impersonator of the user, or null. */
	actor: Value,
};

/**  The outcome of [`Clerk::activate`]. */
export type SetActiveOutcome = {
	/**
	 *  Whether the session and the organization are active. False if the instance requires an organization and the
	 *  personal account was requested; then nothing changed.
	 */
	applied: boolean,
	/**  The key of the pending task, if `navigate_to` is its page from the option `taskUrls`. */
	task: string | null,
	/**  Where to navigate: the page of the task, else the redirect URL. */
	navigateTo: string | null,
};

/**  Parameters of [`Clerk::set_active`]. */
export type SetActiveParams = {
	/**  The session to activate. Default: the current one; `null` deactivates it. */
	session?: string | null,
	/**  The organization to activate, by id or slug. Default: that of the session; `null` selects the personal account. */
	organization?: string | null,
	/**  Where to navigate afterwards. A pending task with a page in the option `taskUrls` takes precedence. */
	redirectUrl?: string | null,
};

/**
 *  A sign-in in progress.
 * 
 *  Source: FAPI `SignIn`; the `SignIn` object of Clerk's documentation.
 */
export type SignIn = {
	/**  Identifier. */
	id: SignInId,
	/**  The next requirement; absent before it is created. */
	status: SignInStatus | null,
	/**  The identifier that the user entered. */
	identifier: string | null,
	/**  The supported kinds of identifier. */
	supportedIdentifiers: string[],
	/**  The available first factors. */
	supportedFirstFactors: SignInFactor[] | null,
	/**  The available second factors. */
	supportedSecondFactors: SignInFactor[] | null,
	/**  The first factors that an enterprise user may use instead of the identity provider. */
	ssoBypassFirstFactors: SignInFactor[] | null,
	/**  State of the first factor. */
	firstFactorVerification: Verification | null,
	/**  State of the second factor. */
	secondFactorVerification: Verification | null,
	/**  The session that the completed sign-in created. */
	createdSessionId: SessionId | null,
	/**  The user's data that a sign-in can show. */
	userData: UserData | null,
	/**  `pending`, `new` or `known`. */
	clientTrustState: string | null,
	/**  An anti-fraud check that must be passed first. */
	protectCheck: ProtectCheck | null,
	/**  When the sign-in expires. */
	abandonAt: UnixMillis,
	/**  The time zone of the user, e.g. `Europe/Athens`. */
	timezone: string | null,
};

/**
 *  Parameters of [`Clerk::create_sign_in`]; the valid combinations depend on the strategy.
 * 
 *  Source: FAPI `createSignIn`; `SignIn.create()` of Clerk's documentation.
 */
export type SignInCreateParams = {
	/**  First factor to start with, e.g. `password`, `email_code`, `oauth_google`, `ticket`. */
	strategy?: string | null,
	/**  E-mail address, phone number, username or wallet address. */
	identifier?: string | null,
	/**  Password, with strategy `password`. */
	password?: string | null,
	/**  Ticket, with strategy `ticket`. */
	ticket?: string | null,
	/**  ID token, with strategies such as `google_one_tap`. */
	token?: string | null,
	/**  Grant code of an ID-token strategy. */
	code?: string | null,
	/**  The URL that an e-mail link or a provider returns to. */
	redirectUrl?: string | null,
	/**  The URL that a provider returns to if the sign-in is complete. */
	actionCompleteRedirectUrl?: string | null,
	/**  Transfers a sign-up whose account already exists to a sign-in. */
	transfer?: boolean | null,
	/**  Whether to continue as a sign-up if no user has the identifier. */
	signUpIfMissing?: boolean | null,
	/**  OpenID Connect `prompt`. */
	oidcPrompt?: string | null,
	/**  OpenID Connect `login_hint`. */
	oidcLoginHint?: string | null,
	/**  Language of messages, e.g. `en-US`. */
	locale?: string | null,
	/**  Time zone of the user, e.g. `Europe/Athens`. */
	timezone?: string | null,
};

/**  An available first or second factor. */
export type SignInFactor = {
	/**  The strategy, e.g. `password`, `email_code`, `totp`. */
	strategy: string,
	/**  The identifier, masked. */
	safeIdentifier: string | null,
	/**  For `email_code`, `email_link`, `reset_password_email_code`. */
	emailAddressId: string | null,
	/**  For `phone_code`, `reset_password_phone_code`. */
	phoneNumberId: string | null,
	/**  For `web3_*_signature`. */
	web3WalletId: string | null,
	/**  For `passkey`. */
	passkeyId: string | null,
	/**  For `enterprise_sso`. */
	enterpriseConnectionId: string | null,
	/**  For `enterprise_sso`. */
	enterpriseConnectionName: string | null,
	/**  For `enterprise_sso`. */
	enterpriseConnectionLogoPublicUrl: string | null,
	/**  For `enterprise_sso`. */
	enterpriseConnectionProvider: string | null,
	/**  For `web3_solana_signature`: the name of the wallet. */
	walletName: string | null,
	/**  Whether the identifier is the primary one of its kind. */
	primary: boolean | null,
	/**  Whether it is the preferred second factor. */
	default: boolean | null,
	/**  `sms` or `whatsapp`. */
	channel: string | null,
};

/**  Id of a [`SignIn`](crate::models::SignIn) attempt. */
export type SignInId = string;

/**  The next requirement of a sign-in. */
export type SignInStatus = string;

/**  Parameters of [`Clerk::sign_out`]. */
export type SignOutOptions = {
	/**  The session to sign out of. Default: all sessions. */
	sessionId?: SessionId | null,
	/**  Where to navigate if the active session ended. Default: the option `afterSignOutUrl`. */
	redirectUrl?: string | null,
	/**  The URL of the calling page, against which relative URLs are resolved. Default: the app's start page. */
	location?: string | null,
};

/**  The outcome of [`Clerk::end_sessions`]. */
export type SignOutOutcome = {
	/**  Whether the active session ended. */
	activeSessionEnded: boolean,
	/**  Where to navigate if the active session ended: the redirect URL, else the option `afterSignOutUrl`, else `/`. */
	navigateTo: string | null,
};

/**  Why a session is not signed in on this device any more. */
export type SignOutReason = string;

/**
 *  A sign-up in progress.
 * 
 *  Source: FAPI `SignUp`; the `SignUp` object of Clerk's documentation.
 */
export type SignUp = {
	/**  Identifier. */
	id: SignUpId,
	/**  The next requirement; absent before it is created. */
	status: SignUpStatus | null,
	/**  The required fields. */
	requiredFields: string[],
	/**  The optional fields. */
	optionalFields: string[],
	/**  The required fields that are still missing. */
	missingFields: string[],
	/**  The fields that are not verified yet. */
	unverifiedFields: string[],
	/**  The state of the verifications. */
	verifications: SignUpVerifications,
	/**  Username. */
	username: string | null,
	/**  First name. */
	firstName: string | null,
	/**  Last name. */
	lastName: string | null,
	/**  E-mail address. */
	emailAddress: string | null,
	/**  Phone number. */
	phoneNumber: string | null,
	/**  Wallet address. */
	web3Wallet: string | null,
	/**  Whether a password is set. */
	hasPassword: boolean,
	/**  Metadata that the user may write. */
	unsafeMetadata: Value,
	/**  The session that the completed sign-up created. */
	createdSessionId: SessionId | null,
	/**  The user that the completed sign-up created. */
	createdUserId: UserId | null,
	/**  An anti-fraud check that must be passed first. */
	protectCheck: ProtectCheck | null,
	/**  When the sign-up expires. */
	abandonAt: UnixMillis,
	/**  When the terms were accepted. */
	legalAcceptedAt: UnixMillis | null,
	/**  The language of the sign-up. */
	locale: string | null,
	/**  The time zone of the user, e.g. `Europe/Athens`. */
	timezone: string | null,
};

/**  Id of a [`SignUp`](crate::models::SignUp) attempt. */
export type SignUpId = string;

/**
 *  Parameters of [`Clerk::create_sign_up`] and [`Clerk::update_sign_up`].
 * 
 *  Source: FAPI `createSignUp`, `updateSignUp`; `SignUp.create()` of Clerk's documentation.
 */
export type SignUpParams = {
	/**  E-mail address. */
	emailAddress?: string | null,
	/**  Phone number. */
	phoneNumber?: string | null,
	/**  Username. */
	username?: string | null,
	/**  Password. */
	password?: string | null,
	/**  First name. */
	firstName?: string | null,
	/**  Last name. */
	lastName?: string | null,
	/**  Wallet address. */
	web3Wallet?: string | null,
	/**  Verification to start with, e.g. `email_code`, `oauth_google`, `ticket`. */
	strategy?: string | null,
	/**  The URL that an e-mail link or a provider returns to. */
	redirectUrl?: string | null,
	/**  The URL that a provider returns to if the sign-up is complete. */
	actionCompleteRedirectUrl?: string | null,
	/**  Ticket of an invitation. */
	ticket?: string | null,
	/**  ID token, with strategies such as `google_one_tap`. */
	token?: string | null,
	/**  Grant code of an ID-token strategy. */
	code?: string | null,
	/**  Transfers a sign-in whose account does not exist yet to a sign-up. */
	transfer?: boolean | null,
	/**  Metadata that the user may write; a JSON object. */
	unsafeMetadata?: Value | null,
	/**  Whether the user accepted the terms. */
	legalAccepted?: boolean | null,
	/**  OpenID Connect `prompt`. */
	oidcPrompt?: string | null,
	/**  OpenID Connect `login_hint`. */
	oidcLoginHint?: string | null,
	/**  With `enterprise_sso`. */
	enterpriseConnectionId?: string | null,
	/**  Language of messages, e.g. `en-US`. */
	locale?: string | null,
	/**  Time zone of the user, e.g. `Europe/Athens`. */
	timezone?: string | null,
	/**  `sms` or `whatsapp`, with `phone_code`. */
	channel?: string | null,
};

/**  Restrictions on sign-up. */
export type SignUpSettings = {
	/**  `public`, `restricted` or `waitlist`. */
	mode: string,
};

/**  The next requirement of a sign-up. */
export type SignUpStatus = string;

/**  The verification of an identifier of a sign-up. */
export type SignUpVerification = {
	/**  `needs_prepare`, `needs_attempt`, or empty if it is verified. */
	nextAction: string,
	/**  The supported strategies. */
	supportedStrategies: string[],
	/**  The status. */
	status: VerificationStatus | null,
	/**  The strategy, e.g. `email_code`. */
	strategy: string | null,
	/**  The number of attempts so far. */
	attempts: number | null,
	/**  When it expires. */
	expireAt: UnixMillis | null,
	/**  Why it failed. */
	error: ApiErrorItem | null,
	/**  The nonce, for wallets. */
	nonce: string | null,
	/**  The message to sign, for wallets. */
	message: string | null,
	/**  The page to open in the browser, for OAuth and enterprise SSO. */
	externalVerificationRedirectUrl: string | null,
	/**  The client that opened an e-mail link. */
	verifiedAtClient: string | null,
	/**  `sms` or `whatsapp`. */
	channel: string | null,
};

/**  The state of a sign-up's verifications. */
export type SignUpVerifications = {
	/**  The verification of the e-mail address. */
	emailAddress: SignUpVerification | null,
	/**  The verification of the phone number. */
	phoneNumber: SignUpVerification | null,
	/**  The verification of the wallet. */
	web3Wallet: SignUpVerification | null,
	/**  The verification of the OAuth or enterprise account. */
	externalAccount: Verification | null,
};

/**
 *  Parameters of [`Clerk::sign_up_with_web3`].
 * 
 *  Source: `SignUp.authenticateWithWeb3()` of Clerk's documentation.
 */
export type SignUpWithWeb3Params = {
	/**  The strategy, e.g. `web3_metamask_signature`. */
	strategy: string,
	/**  The name of the wallet; required for Solana. */
	walletName?: string | null,
	/**  Metadata of the sign-up. */
	unsafeMetadata?: Value | null,
	/**  Whether the user accepted the terms. */
	legalAccepted?: boolean | null,
};

/**  The auth state at one point in time. */
export type Snapshot = {
	/**  Incremented with each change. */
	revision: number,
	/**  The loading status. */
	status: Status,
	/**  Why the status is `error` or `degraded`. */
	error: ErrorPayload | null,
	/**  The publishable key in use. */
	publishableKey: string | null,
	/**  The host of the Frontend API, as named by the key. */
	frontendApi: string | null,
	/**  The type of the instance. */
	instanceType: InstanceType | null,
	/**  The domain in use; empty if none is configured. */
	domain: string,
	/**  The proxy in use; empty if none is configured. */
	proxyUrl: string,
	/**  The SDK that the app uses. */
	sdkMetadata: SdkMetadata,
	/**  Version of this crate. */
	version: string,
	/**  The options in effect. */
	options: ClerkOptions,
	/**  This device's sessions and attempts; absent until they are loaded. */
	client: Client | null,
	/**  The active session. */
	activeSession: ActiveSession,
	/**  The instance's settings; absent until they are loaded. */
	environment: Environment | null,
	/**
	 *  For windows, which may not have session tokens: what the tokens grant. In Rust, it is empty; use
	 *  [`Clerk::check_authorization`](crate::Clerk::check_authorization).
	 */
	entitlements: { [key in SessionId]: Entitlements },
};

/**  An OAuth provider. */
export type SocialProvider = {
	/**  Whether users may use it. */
	enabled: boolean,
	/**  The strategy, e.g. `oauth_google`. */
	strategy: string,
	/**  Its name. */
	name: string | null,
	/**  Whether it signs users in (or only connects accounts). */
	authenticatable: boolean,
	/**  Its logo. */
	logoUrl: string | null,
};

/**  The state changed. */
export type StateChanged = {
	/**  The new revision. */
	revision: number,
	/**  The new status. */
	status: string,
};

/**
 *  The loading state of Clerk.
 * 
 *  Source: `Clerk.status` of Clerk's documentation.
 */
export type Status = 
/**  Not loaded yet. */
"loading" | 
/**  Fully operational. */
"ready" | 
/**  Operational, but FAPI can't be reached: the state is that of an earlier run, or what FAPI said last. */
"degraded" | 
/**  Loading failed; see [`Snapshot::error`](crate::Snapshot::error). */
"error";

/**  Parameters of lists of invitations, suggestions and requests. */
export type StatusListParams = {
	/**  Only those with one of these statuses, e.g. `pending`. Default: all. */
	status?: string[],
} & PageParams;

/**
 *  Telemetry settings. This SDK never sends telemetry; the option exists for code that reads it.
 * 
 *  Source: `ClerkOptions.telemetry`, `Clerk.telemetry`.
 */
export type Telemetry = {
	/**  Whether telemetry is disabled. */
	disabled?: boolean,
	/**  Whether events are logged instead of sent. */
	debug?: boolean,
};

/**
 *  An authenticator app of a user.
 * 
 *  Source: FAPI `TOTP`; `TOTP` of Clerk's documentation.
 */
export type Totp = {
	/**  Identifier. */
	id: string,
	/**  The secret in base32, for apps that can't read `uri`. Only when it was just created. */
	secret: string | null,
	/**  The `otpauth:` URI, to be shown as a QR code. Only when it was just created. */
	uri: string | null,
	/**  Whether a code was verified. */
	verified: boolean,
	/**  Backup codes that were created with it. */
	backupCodes: string[] | null,
	/**  Creation time. */
	createdAt: UnixMillis,
	/**  Time of the last change. */
	updatedAt: UnixMillis,
};

/**  Milliseconds since the Unix epoch. FAPI's resources use milliseconds; the claims of a JWT use seconds. */
export type UnixMillis = number;

/**  Parameters of [`Organizations::update_enrollment_mode`]. */
export type UpdateEnrollmentModeParams = {
	/**  `manual_invitation`, `automatic_invitation` or `automatic_suggestion`. */
	enrollmentMode: string,
	/**  Whether open invitations and suggestions are deleted. Default: `false`. */
	deletePending?: boolean | null,
};

/**  Parameters of [`Organizations::update`]. What is left out stays. */
export type UpdateOrganizationParams = {
	/**  The name. */
	name?: string | null,
	/**  The name in URLs. */
	slug?: string | null,
};

/**
 *  Parameters of [`Account::update_password`].
 * 
 *  Source: FAPI `changePassword`; `UpdateUserPasswordParams` of Clerk's documentation.
 */
export type UpdatePasswordParams = {
	/**  The new password. */
	newPassword: string,
	/**  The present password, if the user has one. */
	currentPassword?: string | null,
	/**  Whether the user's other sessions end. Default: `false`. */
	signOutOfOtherSessions?: boolean | null,
};

/**
 *  Parameters of [`Account::update`]. What is left out stays.
 * 
 *  Source: FAPI `patchUser`; `UpdateUserParams` of Clerk's documentation.
 */
export type UpdateUserParams = {
	/**  The e-mail address that becomes the primary one; it must be verified. */
	primaryEmailAddressId?: string | null,
	/**  The phone number that becomes the primary one; it must be verified. */
	primaryPhoneNumberId?: string | null,
	/**  The wallet that becomes the primary one; it must be verified. */
	primaryWeb3WalletId?: string | null,
	/**
	 *  What `unsafe_metadata` becomes: what it does not contain is removed. To change parts of it, use
	 *  [`Account::update_metadata`].
	 */
	unsafeMetadata?: { [key in string]: Value } | null,
	/**  Username. */
	username?: string | null,
	/**  First name. */
	firstName?: string | null,
	/**  Last name. */
	lastName?: string | null,
};

/**
 *  A user of the application.
 * 
 *  Source: FAPI `User`; the `User` object of Clerk's documentation.
 */
export type User = {
	/**  Identifier. */
	id: UserId,
	/**  The application's own id for the user. */
	externalId: string | null,
	/**  Username. */
	username: string | null,
	/**  First name. */
	firstName: string | null,
	/**  Last name. */
	lastName: string | null,
	/**  Avatar. */
	imageUrl: string,
	/**  Whether the avatar was uploaded or came from a provider. */
	hasImage: boolean,
	/**  Id of the primary e-mail address. */
	primaryEmailAddressId: string | null,
	/**  Id of the primary phone number. */
	primaryPhoneNumberId: string | null,
	/**  Id of the primary wallet. */
	primaryWeb3WalletId: string | null,
	/**  Whether a password is set. */
	passwordEnabled: boolean,
	/**  Whether any second factor is set up. */
	twoFactorEnabled: boolean,
	/**  Whether an authenticator app is set up. */
	totpEnabled: boolean,
	/**  Whether backup codes exist. */
	backupCodeEnabled: boolean,
	/**  E-mail addresses. */
	emailAddresses: EmailAddress[],
	/**  Phone numbers. */
	phoneNumbers: PhoneNumber[],
	/**  Wallets. */
	web3Wallets: Web3Wallet[],
	/**  Passkeys. */
	passkeys: Passkey[],
	/**  Connected accounts of OAuth providers. */
	externalAccounts: ExternalAccount[],
	/**  Accounts at enterprise connections. */
	enterpriseAccounts: EnterpriseAccount[],
	/**  Organizations that the user is a member of. */
	organizationMemberships: OrganizationMembership[],
	/**  Metadata that only the backend writes. */
	publicMetadata: Value,
	/**  Metadata that the user may write. */
	unsafeMetadata: Value,
	/**  Last sign-in. */
	lastSignInAt: UnixMillis | null,
	/**  When the terms were accepted. */
	legalAcceptedAt: UnixMillis | null,
	/**  Whether the user may create organizations. */
	createOrganizationEnabled: boolean,
	/**  The maximum number of organizations the user may create; 0 or absent for no limit. */
	createOrganizationsLimit: number | null,
	/**  Whether the user may delete the account. */
	deleteSelfEnabled: boolean,
	/**  Creation time. */
	createdAt: UnixMillis,
	/**  Time of the last change. */
	updatedAt: UnixMillis,
};

/**  The user's data that a sign-in can show. */
export type UserData = {
	/**  First name. */
	firstName: string | null,
	/**  Last name. */
	lastName: string | null,
	/**  Avatar. */
	imageUrl: string,
	/**  Whether the avatar was uploaded. */
	hasImage: boolean,
};

/**  Id of a [`User`](crate::models::User). */
export type UserId = string;

/**
 *  An invitation of the signed-in user to an organization.
 * 
 *  Source: `UserOrganizationInvitation` of Clerk's documentation.
 */
export type UserOrganizationInvitation = {
	/**  Identifier. */
	id: string,
	/**  The address that was invited. */
	emailAddress: string,
	/**  The role that it grants, e.g. `org:member`. */
	role: string,
	/**  The role's name. */
	roleName: string | null,
	/**  `pending`, `accepted`, `revoked`, `expired`. */
	status: string,
	/**  The organization. */
	publicOrganizationData: PublicOrganizationData | null,
	/**  Metadata that only the backend writes. */
	publicMetadata: Value,
	/**  Creation time. */
	createdAt: UnixMillis,
	/**  Time of the last change. */
	updatedAt: UnixMillis,
};

/**  Identifiers, factors and providers of the instance. */
export type UserSettings = {
	/**  Attributes by name: `email_address`, `phone_number`, `username`, `password`, …. */
	attributes: { [key in string]: Attribute },
	/**  Social providers by strategy: `oauth_google`, `oauth_custom_acme`, …. */
	social: { [key in string]: SocialProvider },
	/**  Restrictions on sign-up. */
	signUp: SignUpSettings,
};

export type Value = null | boolean | number | string | Value[] | { [key in string]: Value };

/**  The state of a verification: of a code, a link, a provider's response, or a signature. */
export type Verification = {
	/**  The status. */
	status: VerificationStatus | null,
	/**  The strategy, e.g. `email_code`, `oauth_google`. */
	strategy: string | null,
	/**  The number of attempts so far. */
	attempts: number | null,
	/**  When it expires. */
	expireAt: UnixMillis | null,
	/**  Why it failed or must be transferred. */
	error: ApiErrorItem | null,
	/**  Passkeys: the WebAuthn options as a JSON string. Wallets: the nonce. */
	nonce: string | null,
	/**  The message to sign, for wallets. */
	message: string | null,
	/**  The page to open in the browser, for OAuth and enterprise SSO. */
	externalVerificationRedirectUrl: string | null,
	/**  The client that opened an e-mail link. */
	verifiedAtClient: string | null,
	/**  `sms` or `whatsapp`. */
	channel: string | null,
};

/**  The status of a verification. */
export type VerificationStatus = string;

/**  The state as a window gets it: with the addresses of providers' pages only for what the window may begin. */
export type VisibleSnapshot = Snapshot;

/**
 *  An entry on the waitlist.
 * 
 *  Source: `Waitlist` of Clerk's documentation.
 */
export type Waitlist = {
	/**  Identifier. */
	id: string,
	/**  Creation time. */
	createdAt: UnixMillis,
	/**  Time of the last change. */
	updatedAt: UnixMillis,
};

/**  A wallet of a user. */
export type Web3Wallet = {
	/**  Identifier. */
	id: string,
	/**  The address. */
	web3Wallet: string,
	/**  The verification of the wallet. */
	verification: Verification | null,
	/**  Creation time. */
	createdAt: UnixMillis,
	/**  Time of the last change. */
	updatedAt: UnixMillis,
};

/**  The body of a [`WindowFetch`]. */
export type WindowBody = 
/**  As it is. */
({ text: string }) & { base64?: never } | 
/**  Bytes in base64. */
({ base64: string }) & { text?: never };

/**  What has changed since the state that a window has. */
export type WindowChanges = {
	/**  The difference, with the handle of the new state; see `guest-js/patch.ts`. */
	changes: Value,
};

/**  A request of a window to the app's backend. */
export type WindowFetch = {
	/**  Names the request and its response. The window makes it up. */
	id: string,
	/**  The absolute URL. */
	url: string,
	/**  The method. */
	method: string,
	/**  The names and values of the headers. */
	headers: ([string, string])[],
	/**  The body. */
	body?: WindowBody | null,
	/**  The organization that the session token is for. Default: the session's active one; `null` selects the personal account. */
	organizationId?: string | null,
	/**  The name of a JWT template. */
	template?: string | null,
	/**  Whether redirects are followed. */
	followRedirects: boolean,
	/**  How long to wait for the headers of the response, and for each part of its body, in milliseconds. */
	idleTimeoutMs?: number | null,
};

/**  The state with its handle. */
export type WindowSnapshot = {
	/**  Names this state; see the command `snapshot`. */
	handle: number,
} & VisibleSnapshot;

/**  What a window gets: the state, or what has changed. */
export type WindowState = WindowSnapshot | WindowChanges | WindowUpdateSent;

/**  What has changed was sent to the window already, see `updates.rs`. */
export type WindowUpdateSent = {
	/**  The handle of the state that the window has after that update. If it does not arrive, the window asks again. */
	sent: number,
};
