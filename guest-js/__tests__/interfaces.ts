/**
 * The resources beside the interfaces of `@clerk/shared`, checked by `npm run check`. A member that we have not, or that has another
 * type, is listed with its reason; one that is listed without need, or not listed, does not compile.
 */
import type * as theirs from '@clerk/shared/types';

import type {
  EmailAddress,
  EnterpriseAccount,
  ExternalAccount,
  Passkey,
  PhoneNumber,
  Web3Wallet,
} from '../resources/identifications';
import type {
  OrganizationDomain,
  OrganizationInvitation,
  OrganizationMembershipRequest,
} from '../resources/methods/organization';
import type { DeletedObject } from '../bindings';
import type { SessionVerification } from '../resources/methods/session';
import type {
  BackupCode,
  OrganizationSuggestion,
  SessionWithActivities,
  TOTP,
  UserOrganizationInvitation,
} from '../resources/methods/user';
import type { Organization, OrganizationMembership } from '../resources/organization';
import type { Client } from '../resources/client';
import type { Session } from '../resources/session';
import type { SignIn } from '../resources/sign-in';
import type { SignUp } from '../resources/sign-up';
import type { User } from '../resources/user';
import type { Verification } from '../resources/fields';

/** Which of our resources takes the place of each of theirs, where a member has or returns one. */
type Ours<T> = T extends theirs.UserResource
  ? User
  : T extends theirs.SessionResource
    ? Session
    : T extends theirs.SignInResource
      ? SignIn
      : T extends theirs.SignUpResource
        ? SignUp
        : T extends theirs.ClientResource
          ? Client
          : T extends theirs.OrganizationResource
            ? Organization
            : T extends theirs.OrganizationMembershipResource
              ? OrganizationMembership
              : T extends theirs.EmailAddressResource
                ? EmailAddress
                : T extends theirs.PhoneNumberResource
                  ? PhoneNumber
                  : T extends theirs.Web3WalletResource
                    ? Web3Wallet
                    : T extends theirs.ExternalAccountResource
                      ? ExternalAccount
                      : T extends theirs.EnterpriseAccountResource
                        ? EnterpriseAccount
                        : T extends theirs.PasskeyResource
                          ? Passkey
                          : T extends theirs.OrganizationDomainResource
                            ? OrganizationDomain
                            : T extends theirs.OrganizationInvitationResource
                              ? OrganizationInvitation
                              : T extends theirs.OrganizationMembershipRequestResource
                                ? OrganizationMembershipRequest
                                : T extends theirs.UserOrganizationInvitationResource
                                  ? UserOrganizationInvitation
                                  : T extends theirs.OrganizationSuggestionResource
                                    ? OrganizationSuggestion
                                    : T extends theirs.SessionWithActivitiesResource
                                      ? SessionWithActivities
                                      : T extends theirs.VerificationResource
                                        ? Verification
                                        : T;

/** {@link Ours}, also inside lists, pages, promises and functions. */
type Translated<T> = T extends (...args: infer Args) => infer Result
  ? (...args: Args) => Translated<Result>
  : T extends Promise<infer Value>
    ? Promise<Translated<Value>>
    : T extends (infer Item)[]
      ? Translated<Item>[]
      : T extends theirs.ClerkPaginatedResponse<infer Item>
        ? { data: Translated<Item>[]; total_count: number }
        : Ours<T>;

/** What Clerk marks as internal or experimental, and `pathRoot`, the path in its API, which Rust knows. */
type Internal = `__${string}` | 'pathRoot';
type Missing<Own, Theirs> = Exclude<keyof Theirs, keyof Own | Internal>;
type Different<Own, Theirs> = {
  [Name in keyof Theirs & keyof Own]: Own[Name] extends Translated<Theirs[Name]> ? never : Name;
}[keyof Theirs & keyof Own];

/** Members beside their reasons. */
type Reasons<Names extends PropertyKey> = Record<Names, string>;

function listed<Own, Theirs>(
  _missing: Reasons<Missing<Own, Theirs>>,
  _different: Reasons<Different<Own, Theirs>>,
) {
  // The types are the test.
}

const BY_REQUEST =
  'in reach of the permissions of its part of FAPI: Clerk.frontend_request() in Rust, clerk-js in a window';
const BY_OWNER = 'the method of the user that creates it';
const OPEN = 'open text: Clerk may add values';
const NULL = 'null, where Clerk has undefined or takes it for granted';
const DELETED = `what is left of it: ${NULL}`;
const VERIFICATION = 'null before the first verification, and without the members that are listed below';
const BY_LIST = 'Clerk has no request for one of them: read the list again';

listed<User, theirs.UserResource>(
  {
    timezone: 'not in the published description of FAPI',
    getOrganizationCreationDefaults: BY_REQUEST,
    getEnterpriseConnections: BY_REQUEST,
    initializePaymentMethod: BY_REQUEST,
    addPaymentMethod: BY_REQUEST,
    getPaymentMethods: BY_REQUEST,
  },
  {
    setProfileImage: NULL,
    leaveOrganization: DELETED,
    disableTOTP: DELETED,
    createTOTP: 'without reload()',
    verifyTOTP: 'without reload()',
    createBackupCode: 'without reload()',
  },
);
listed<EmailAddress, theirs.EmailAddressResource>(
  {
    create: BY_OWNER,
    createEnterpriseSSOLinkFlow: 'Clerk signs in with SSO; an address is verified by code or link',
  },
  {
    verification: VERIFICATION,
    linkedTo: 'without reload()',
    createEmailLinkFlow: 'the link leads to the callback URL, so no parameter is needed',
  },
);
listed<PhoneNumber, theirs.PhoneNumberResource>(
  { create: BY_OWNER, backupCodes: 'User.createBackupCode() returns new ones' },
  { verification: VERIFICATION, linkedTo: 'without reload()' },
);
listed<Web3Wallet, theirs.Web3WalletResource>({ create: BY_OWNER }, { verification: VERIFICATION });
listed<ExternalAccount, theirs.ExternalAccountResource>(
  {},
  { username: NULL, phoneNumber: NULL, label: NULL, provider: OPEN, providerSlug: OPEN },
);
listed<EnterpriseAccount, theirs.EnterpriseAccountResource>(
  {},
  { provider: OPEN, protocol: OPEN, enterpriseConnection: 'without reload()' },
);
listed<Passkey, theirs.PasskeyResource>({}, { delete: DELETED });
listed<Organization, theirs.OrganizationResource>(
  {
    selfServeSSOEnabled: BY_REQUEST,
    exclusiveMembership: BY_REQUEST,
    prepareOwnershipVerification: BY_REQUEST,
    attemptOwnershipVerification: BY_REQUEST,
    getEnterpriseConnections: BY_REQUEST,
    createEnterpriseConnection: BY_REQUEST,
    updateEnterpriseConnection: BY_REQUEST,
    deleteEnterpriseConnection: BY_REQUEST,
    createEnterpriseConnectionTestRun: BY_REQUEST,
    getEnterpriseConnectionTestRuns: BY_REQUEST,
    getDirectorySync: BY_REQUEST,
    createDirectorySync: BY_REQUEST,
    ssoBypassAllowlist: BY_REQUEST,
    initializePaymentMethod: BY_REQUEST,
    addPaymentMethod: BY_REQUEST,
    getPaymentMethods: BY_REQUEST,
  },
  { getRoles: 'roles without reload()' },
);
listed<OrganizationMembership, theirs.OrganizationMembershipResource>(
  { reload: BY_LIST },
  { publicUserData: NULL },
);
listed<OrganizationInvitation, theirs.OrganizationInvitationResource>(
  { reload: BY_LIST },
  { roleName: NULL, status: OPEN },
);
listed<OrganizationMembershipRequest, theirs.OrganizationMembershipRequestResource>(
  { reload: BY_LIST },
  { publicUserData: NULL, status: OPEN },
);
listed<OrganizationDomain, theirs.OrganizationDomainResource>(
  {},
  { enrollmentMode: OPEN, verification: OPEN, affiliationVerification: OPEN, ownershipVerification: OPEN },
);
listed<UserOrganizationInvitation, theirs.UserOrganizationInvitationResource>(
  { reload: BY_LIST },
  { status: OPEN, publicOrganizationData: NULL },
);
listed<OrganizationSuggestion, theirs.OrganizationSuggestionResource>(
  { reload: BY_LIST },
  { status: OPEN, publicOrganizationData: NULL },
);
listed<SessionWithActivities, theirs.SessionWithActivitiesResource>(
  { reload: BY_LIST },
  { latestActivity: NULL, actor: 'any JSON' },
);
listed<Verification, theirs.VerificationResource>(
  {
    id: 'a verification has none on the wire',
    reload: 'what it verifies has the method',
    verifiedFromTheSameClient: 'compare verifiedAtClient with clerk.client.id',
    trustedDeviceChallenge: 'Clerk has trusted devices for phones only',
  },
  { status: OPEN, error: 'its data', channel: OPEN },
);
const CACHE = 'Rust has the only cache of session tokens, and clears it itself';
const RULES = 'Clerk checks the rules of the instance, and refuses the password with the reason';
const OF_CLIENT = 'Clerk marks it as internal, or as legacy: clerk-js calls it for its components';

const OPEN_RESULT = `resolves to data whose status and factors are ${OPEN}`;
const CREDENTIAL = 'the credential of a passkey is JSON text';
const JSON_METADATA = 'unsafeMetadata is JSON';
const SIGNER = 'the app brings a signer only if it has a wallet of its own';

listed<Session, theirs.SessionResource>(
  { lastActiveToken: 'a window has no session token: getToken() has its own permission', clearCache: CACHE },
  {
    status: OPEN,
    actor: 'any JSON',
    agent: 'any JSON',
    tasks: OPEN,
    currentTask: OPEN,
    publicUserData: NULL,
    startVerification: OPEN_RESULT,
    prepareFirstFactorVerification: OPEN_RESULT,
    attemptFirstFactorVerification: OPEN_RESULT,
    prepareSecondFactorVerification: OPEN_RESULT,
    attemptSecondFactorVerification: OPEN_RESULT,
    verifyWithPasskey: OPEN_RESULT,
  },
);
listed<SignIn, theirs.SignInResource>(
  { validatePassword: RULES },
  {
    status: OPEN,
    supportedIdentifiers: OPEN,
    supportedFirstFactors: OPEN,
    supportedSecondFactors: OPEN,
    ssoBypassFirstFactors: OPEN,
    clientTrustState: OPEN,
    userData: NULL,
    protectCheck: OPEN,
    attemptFirstFactor: CREDENTIAL,
    attemptSecondFactor: CREDENTIAL,
    authenticateWithWeb3: SIGNER,
    createEmailLinkFlow: 'the link leads to the callback URL, so no parameter is needed',
  },
);
listed<SignUp, theirs.SignUpResource>(
  { validatePassword: RULES },
  {
    status: OPEN,
    requiredFields: OPEN,
    optionalFields: OPEN,
    missingFields: OPEN,
    unverifiedFields: OPEN,
    verifications: OPEN,
    protectCheck: OPEN,
    create: JSON_METADATA,
    update: JSON_METADATA,
    upsert: JSON_METADATA,
    authenticateWithRedirect: JSON_METADATA,
    authenticateWithPopup: JSON_METADATA,
    authenticateWithWeb3: JSON_METADATA,
    authenticateWithMetamask: JSON_METADATA,
    authenticateWithCoinbaseWallet: JSON_METADATA,
    authenticateWithOKXWallet: JSON_METADATA,
    authenticateWithBase: JSON_METADATA,
    authenticateWithSolana: JSON_METADATA,
    createEmailLinkFlow: 'the link leads to the callback URL, so no parameter is needed',
  },
);
listed<Client, theirs.ClientResource>(
  {
    reload: OF_CLIENT,
    create: OF_CLIENT,
    clearCache: CACHE,
    isNew: OF_CLIENT,
    resetSignIn: OF_CLIENT,
    resetSignUp: OF_CLIENT,
    isEligibleForTouch: OF_CLIENT,
    buildTouchUrl: OF_CLIENT,
  },
  { lastAuthenticationStrategy: OPEN },
);
listed<SessionVerification, theirs.SessionVerificationResource>(
  {
    session: 'clerk.session, which shows the verification at once',
    reload: 'Clerk has no request for it: startVerification() begins another one',
  },
  {
    id: NULL,
    status: OPEN,
    level: OPEN,
    firstFactorVerification: VERIFICATION,
    secondFactorVerification: VERIFICATION,
    supportedFirstFactors: OPEN,
    supportedSecondFactors: OPEN,
  },
);
const DATA = 'data: Clerk has no request that reads it again';
listed<TOTP, theirs.TOTPResource>({ reload: DATA }, { secret: NULL, uri: NULL, backupCodes: NULL });
listed<BackupCode, theirs.BackupCodeResource>({ reload: DATA }, {});
listed<DeletedObject, theirs.DeletedObjectResource>({}, { id: NULL, slug: NULL });
