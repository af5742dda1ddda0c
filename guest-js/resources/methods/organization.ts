import type * as wire from '../../bindings';
import * as commands from '../../on-demand-commands';
import type { Context } from '../../class/context';
import { type Fields, fields, resourceOf } from '../fields';
import { fileOf } from '../files';
import { Organization, OrganizationMembership } from '../organization';
import { type ClerkPaginatedResponse, listParams, page, type PaginationParams } from './pages';
import { done } from './shared';

/** An invitation to an organization. */
class OrganizationInvitation extends resourceOf<wire.OrganizationInvitation, 'organizationId'>() {
  declare readonly organizationId: string;

  /** Revokes the invitation. */
  revoke(): Promise<this> {
    return this.settle(commands.revokeOrganizationInvitation(this.organizationId, this.id));
  }
}

/** A user's request to become a member. */
class OrganizationMembershipRequest extends resourceOf<wire.OrganizationMembershipRequest>() {
  accept(): Promise<this> {
    return this.settle(commands.acceptOrganizationMembershipRequest(this.organizationId, this.id));
  }

  reject(): Promise<this> {
    return this.settle(commands.rejectOrganizationMembershipRequest(this.organizationId, this.id));
  }
}

/** The verification of a domain. */
export type DomainVerification = Omit<Fields<wire.DomainVerification>, 'expireAt'> & {
  expiresAt: Date | null;
};

function verificationOf(data: wire.DomainVerification | null): DomainVerification | null {
  if (!data) {
    return null;
  }
  const { expireAt: expiresAt, ...verification } = fields(data);
  return { ...verification, expiresAt };
}

/** A domain of an organization, whose users may be invited to it. */
class OrganizationDomain extends resourceOf<
  wire.OrganizationDomain,
  'affiliationVerification' | 'ownershipVerification'
>() {
  /** The verification by a code to an address of the domain. */
  declare readonly affiliationVerification: DomainVerification | null;
  /** The verification by a DNS record. */
  declare readonly ownershipVerification: DomainVerification | null;

  /** @internal */
  override take(data: wire.OrganizationDomain): void {
    super.take(data);
    Object.assign(this, {
      affiliationVerification: verificationOf(data.affiliationVerification),
      ownershipVerification: verificationOf(data.ownershipVerification),
    });
  }

  /** The same as {@link affiliationVerification}. */
  get verification(): DomainVerification | null {
    return this.affiliationVerification;
  }

  /** Sends a code to an address of the domain. */
  prepareAffiliationVerification(params: { affiliationEmailAddress: string }): Promise<this> {
    const { affiliationEmailAddress: address } = params;
    return this.settle(commands.prepareOrganizationDomainVerification(this.organizationId, this.id, address));
  }

  /** Verifies the domain with the code that was sent. */
  attemptAffiliationVerification({ code }: { code: string }): Promise<this> {
    return this.settle(commands.attemptOrganizationDomainVerification(this.organizationId, this.id, code));
  }

  /** Changes what happens to users with an address of the domain. */
  updateEnrollmentMode(params: { enrollmentMode: string; deletePending?: boolean }): Promise<this> {
    return this.settle(commands.updateOrganizationEnrollmentMode(this.organizationId, this.id, params));
  }

  /** Removes the domain. */
  async delete(): Promise<void> {
    await done(this, commands.deleteOrganizationDomain(this.organizationId, this.id));
  }

  /** Reads the domain again. */
  reload(): Promise<this> {
    return this.settle(commands.organizationDomain(this.organizationId, this.id));
  }
}

// The methods are exported, so these are types only.
export type { OrganizationDomain, OrganizationInvitation, OrganizationMembershipRequest };

/** A role in an organization. */
export type Role = Omit<Fields<wire.Role>, 'permissions'> & { permissions: Permission[] };

/** A permission in an organization. */
export type Permission = Fields<wire.Permission>;

/** Reads the organization again. */
export function reload(this: Organization): Promise<Organization> {
  return this.settle(commands.getOrganization(this.id));
}

/** Changes the name, or the name in URLs. */
export function update(this: Organization, params: { name?: string; slug?: string }): Promise<Organization> {
  return this.settle(commands.updateOrganization(this.id, params));
}

/** Replaces the logo. `null` removes it. At most 10 MB. */
export async function setLogo(
  this: Organization,
  { file }: { file: Blob | File | string | null },
): Promise<Organization> {
  const logo = await fileOf(file);
  if (logo) {
    return await this.settle(commands.setOrganizationLogo(this.id, logo));
  }
  await commands.deleteOrganizationLogo(this.id);
  return await this.settle(commands.getOrganization(this.id));
}

/** Deletes the organization. */
export async function destroy(this: Organization): Promise<void> {
  await done(this, commands.deleteOrganization(this.id));
}

/** The membership that a call returns. */
async function membership(
  organization: { host: Context },
  call: Promise<wire.OrganizationMembership>,
): Promise<OrganizationMembership> {
  return new OrganizationMembership(await done(organization, call), organization.host);
}

/** Reads the members, or those with a role or whose name or identification contains a text. */
export async function getMemberships(
  this: Organization,
  params: PaginationParams & { role?: string[]; query?: string } = {},
): Promise<ClerkPaginatedResponse<OrganizationMembership>> {
  const members = await commands.organizationMembers(this.id, params);
  return page(members, (one) => new OrganizationMembership(one, this.host));
}

/** Makes a user a member. */
export function addMember(
  this: Organization,
  { userId, role }: { userId: string; role: string },
): Promise<OrganizationMembership> {
  return membership(this, commands.addOrganizationMember(this.id, userId, role));
}

/** Changes the role of a member. */
export function updateMember(
  this: Organization,
  { userId, role }: { userId: string; role: string },
): Promise<OrganizationMembership> {
  return membership(this, commands.updateOrganizationMember(this.id, userId, role));
}

/** Removes a member. Resolves with the membership that ended. */
export function removeMember(this: Organization, userId: string): Promise<OrganizationMembership> {
  return membership(this, commands.removeOrganizationMember(this.id, userId));
}

/** Invites somebody by e-mail. */
export async function inviteMember(
  this: Organization,
  params: { emailAddress: string; role: string },
): Promise<OrganizationInvitation> {
  const invitation = await done(this, commands.inviteOrganizationMember(this.id, params));
  return new OrganizationInvitation(invitation, this.host);
}

/** Invites several people by e-mail: all, or none if one can't be invited. */
export async function inviteMembers(
  this: Organization,
  { emailAddresses, role }: { emailAddresses: string[]; role: string },
): Promise<OrganizationInvitation[]> {
  const { data } = await done(this, commands.inviteOrganizationMembers(this.id, emailAddresses, role));
  return data.map((one) => new OrganizationInvitation(one, this.host));
}

/** Reads the invitations. */
export async function getInvitations(
  this: Organization,
  params: PaginationParams & { status?: string | string[] } = {},
): Promise<ClerkPaginatedResponse<OrganizationInvitation>> {
  const invitations = await commands.organizationInvitations(this.id, listParams(params));
  return page(invitations, (one) => new OrganizationInvitation(one, this.host));
}

/** Reads the requests for membership. */
export async function getMembershipRequests(
  this: Organization,
  params: PaginationParams & { status?: string | string[] } = {},
): Promise<ClerkPaginatedResponse<OrganizationMembershipRequest>> {
  const requests = await commands.organizationMembershipRequests(this.id, listParams(params));
  return page(requests, (one) => new OrganizationMembershipRequest(one, this.host));
}

/** Reads the roles, each with its permissions. */
export async function getRoles(
  this: Organization,
  params: PaginationParams = {},
): Promise<ClerkPaginatedResponse<Role>> {
  const role = (data: wire.Role) => ({ ...fields(data), permissions: data.permissions.map(fields) });
  return page(await commands.organizationRoles(this.id, params), role);
}

/** Reads the domains. */
export async function getDomains(
  this: Organization,
  params: PaginationParams & { enrollmentMode?: string } = {},
): Promise<ClerkPaginatedResponse<OrganizationDomain>> {
  const domains = await commands.organizationDomains(this.id, params);
  return page(domains, (one) => new OrganizationDomain(one, this.host));
}

/** Reads a domain. */
export async function getDomain(
  this: Organization,
  { domainId }: { domainId: string },
): Promise<OrganizationDomain> {
  return new OrganizationDomain(await commands.organizationDomain(this.id, domainId), this.host);
}

/** Adds a domain, which is then to be verified. */
export async function createDomain(
  this: Organization,
  name: string,
  { enrollmentMode }: { enrollmentMode?: string } = {},
): Promise<OrganizationDomain> {
  const domain = await done(this, commands.createOrganizationDomain(this.id, name, enrollmentMode ?? null));
  return new OrganizationDomain(domain, this.host);
}
