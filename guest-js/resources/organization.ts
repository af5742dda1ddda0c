import type * as wire from '../bindings';
import { lazyResourceOf } from './fields';

/** An organization. The methods need the permission `clerk:manage-organizations`. */
export class Organization extends lazyResourceOf<'organization', wire.Organization>(
  'organization',
  'reload update setLogo destroy getMemberships addMember updateMember removeMember inviteMember inviteMembers getInvitations getMembershipRequests getRoles getDomains getDomain createDomain',
) {}

/** A membership of an organization. */
export class OrganizationMembership extends lazyResourceOf<
  'organizationMembership',
  wire.OrganizationMembership,
  'organization'
>('organizationMembership', 'update destroy') {
  declare readonly organization: Organization;

  /** @internal */
  override take(data: wire.OrganizationMembership): void {
    super.take(data);
    Object.assign(this, { organization: new Organization(data.organization, this.host) });
  }
}
