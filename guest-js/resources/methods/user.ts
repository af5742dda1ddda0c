import type * as wire from '../../bindings';
import * as commands from '../../on-demand-commands';
import { type Fields, fields, resourceOf } from '../fields';
import { fileOf } from '../files';
import { EmailAddress, ExternalAccount, Passkey, PhoneNumber, Web3Wallet } from '../identifications';
import { OrganizationMembership } from '../organization';
import type { User } from '../user';
import { connection } from './external-account';
import { type ClerkPaginatedResponse, listParams, page, type PaginationParams } from './pages';
import { nativePasskey } from '../../passkey';
import { done } from './shared';
import { createCredential } from './webauthn';

/** Parameters of `User.update`. What is left out stays, and null clears a name. */
export type UpdateUserParams = Partial<
  Pick<
    wire.UpdateUserParams,
    | 'username'
    | 'firstName'
    | 'lastName'
    | 'primaryEmailAddressId'
    | 'primaryPhoneNumberId'
    | 'primaryWeb3WalletId'
  >
> & {
  /** What the metadata becomes. To change parts of it, use `User.updateMetadata`. */
  unsafeMetadata?: Record<string, unknown>;
};

/** Parameters of `User.createExternalAccount`. */
export interface CreateExternalAccountParams {
  /** The provider, e.g. `oauth_google`. Not needed with `enterpriseConnectionId`. */
  strategy?: string;
  enterpriseConnectionId?: string;
  /** Further scopes to ask the provider for. */
  additionalScopes?: string[];
  /** Accepted for code that was written for the web, and ignored: the app's callback URL is used instead. */
  redirectUrl?: string;
  /** OpenID Connect `prompt`. */
  oidcPrompt?: string;
  /** OpenID Connect `login_hint`. */
  oidcLoginHint?: string;
}

/** An authenticator app. */
export type TOTP = Fields<wire.Totp>;

/** Backup codes. Clerk sends them once. */
export type BackupCode = Fields<wire.BackupCodes>;

/** A session of the user on any device. */
class SessionWithActivities extends resourceOf<wire.SessionWithActivities>() {
  /** Ends the session. To sign out here, use `clerk.signOut()`. */
  revoke(): Promise<this> {
    return this.settle(commands.revokeSession(this.id));
  }
}

/** An invitation of the user to an organization. */
class UserOrganizationInvitation extends resourceOf<wire.UserOrganizationInvitation>() {
  /** Accepts the invitation: the user becomes a member. */
  accept(): Promise<this> {
    return this.settle(commands.acceptOrganizationInvitation(this.id));
  }
}

/** An organization that the user may ask to join. */
class OrganizationSuggestion extends resourceOf<wire.OrganizationSuggestion>() {
  /** Accepts the suggestion: the user asks to join. */
  accept(): Promise<this> {
    return this.settle(commands.acceptOrganizationSuggestion(this.id));
  }
}

// The methods are exported, so these are types only.
export type { OrganizationSuggestion, SessionWithActivities, UserOrganizationInvitation };

/** Reads the user again. */
export function reload(this: User): Promise<User> {
  return this.settle(commands.reloadUser());
}

/** Changes names, primary identifications and metadata. */
export function update(this: User, params: UpdateUserParams): Promise<User> {
  return this.settle(commands.updateUser(params as wire.UpdateUserParams));
}

/** Merges a change into `unsafeMetadata`, at any depth. A null deletes its key. */
export function updateMetadata(
  this: User,
  { unsafeMetadata }: { unsafeMetadata: Record<string, unknown> },
): Promise<User> {
  return this.settle(commands.updateUserMetadata(unsafeMetadata as Record<string, wire.Value>));
}

/** Replaces the picture. `null` removes it. At most 10 MB. */
export async function setProfileImage(
  this: User,
  { file }: { file: Blob | File | string | null },
): Promise<Fields<wire.Image>> {
  return fields(await done(this, commands.setProfileImage(await fileOf(file))));
}

/** Deletes the account, which signs out everywhere. Needs the permission `clerk:delete-account`. */
async function remove(this: User): Promise<void> {
  await done(this, commands.deleteUser());
}
export { remove as delete };

/** Sets a password, or another one. */
export function updatePassword(
  this: User,
  params: { newPassword: string; currentPassword?: string; signOutOfOtherSessions?: boolean },
): Promise<User> {
  return this.settle(commands.updatePassword(params));
}

/** Removes the password. */
export function removePassword(this: User, params: { currentPassword?: string } = {}): Promise<User> {
  // Rust names the parameter if it is missing.
  return this.settle(commands.removePassword(params as wire.RemovePasswordParams));
}

/** Adds an e-mail address, which is then to be verified. */
export async function createEmailAddress(this: User, { email }: { email: string }): Promise<EmailAddress> {
  return new EmailAddress(await done(this, commands.createEmailAddress(email)), this.host);
}

/** Adds a phone number in E.164 format, which is then to be verified. */
export async function createPhoneNumber(
  this: User,
  { phoneNumber }: { phoneNumber: string },
): Promise<PhoneNumber> {
  return new PhoneNumber(await done(this, commands.createPhoneNumber(phoneNumber)), this.host);
}

/** Adds the address of a wallet, which is then to be verified. */
export async function createWeb3Wallet(
  this: User,
  { web3Wallet }: { web3Wallet: string },
): Promise<Web3Wallet> {
  return new Web3Wallet(await done(this, commands.createWeb3Wallet(web3Wallet)), this.host);
}

/**
 * Connects an account at a provider, in the system browser. Resolves when the user has returned and the account is connected; on
 * the web, the page would leave for the provider.
 *
 * @throws {@link ClerkRuntimeError} `oauth_access_denied`, `oauth_flow_cancelled`, `oauth_flow_superseded`,
 * `oauth_flow_timed_out`
 */
export async function createExternalAccount(
  this: User,
  params: CreateExternalAccountParams,
): Promise<ExternalAccount> {
  return new ExternalAccount(
    await done(this, commands.connectExternalAccount(connection(params))),
    this.host,
  );
}

/**
 * Registers a passkey, through the app's port for passkeys in Rust or where the webview has WebAuthn.
 *
 * @throws {@link ClerkRuntimeError} `passkey_not_supported`, `passkey_registration_cancelled`, `passkey_registration_failed`
 */
export async function createPasskey(this: User): Promise<Passkey> {
  const native = nativePasskey(() => commands.registerPasskey());
  if (await native) {
    return new Passkey(await done(this, native as Promise<wire.Passkey>), this.host);
  }
  const credential = createCredential();
  const { id, verification } = await commands.createPasskey();
  const attempt = commands.attemptPasskeyVerification(id, await credential(verification?.nonce ?? ''));
  return new Passkey(await done(this, attempt), this.host);
}

/** Creates the secret of an authenticator app. It counts from {@link verifyTOTP} on. */
export async function createTOTP(this: User): Promise<TOTP> {
  return fields(await done(this, commands.createTotp()));
}

/**
 * Verifies a code of the authenticator app, which makes it a second factor.
 *
 * @throws {@link ClerkAPIResponseError} `form_code_incorrect`
 */
export async function verifyTOTP(this: User, { code }: { code: string }): Promise<TOTP> {
  return fields(await done(this, commands.verifyTotp(code)));
}

/** Removes the authenticator app. */
export function disableTOTP(this: User): Promise<wire.DeletedObject> {
  return done(this, commands.disableTotp());
}

/** Creates backup codes in place of those that the user has. */
export async function createBackupCode(this: User): Promise<BackupCode> {
  return fields(await done(this, commands.createBackupCodes()));
}

/** Reads the active sessions of the user on all devices. */
export async function getSessions(this: User): Promise<SessionWithActivities[]> {
  return (await commands.userSessions()).map((one) => new SessionWithActivities(one, this.host));
}

/** Reads the memberships of organizations, with their pages. */
export async function getOrganizationMemberships(
  this: User,
  params: PaginationParams = {},
): Promise<ClerkPaginatedResponse<OrganizationMembership>> {
  const memberships = await commands.organizationMemberships(params);
  return page(memberships, (one) => new OrganizationMembership(one, this.host));
}

/** Reads the invitations to organizations. */
export async function getOrganizationInvitations(
  this: User,
  params: PaginationParams & { status?: string | string[] } = {},
): Promise<ClerkPaginatedResponse<UserOrganizationInvitation>> {
  const invitations = await commands.organizationInvitationsOfUser(listParams(params));
  return page(invitations, (one) => new UserOrganizationInvitation(one, this.host));
}

/** Reads the organizations that the user may ask to join. */
export async function getOrganizationSuggestions(
  this: User,
  params: PaginationParams & { status?: string | string[] } = {},
): Promise<ClerkPaginatedResponse<OrganizationSuggestion>> {
  const suggestions = await commands.organizationSuggestions(listParams(params));
  return page(suggestions, (one) => new OrganizationSuggestion(one, this.host));
}

/** Leaves an organization. */
export function leaveOrganization(this: User, organizationId: string): Promise<wire.DeletedObject> {
  return done(this, commands.leaveOrganization(organizationId));
}
