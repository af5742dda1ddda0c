import { ClerkRuntimeError } from '../../errors';
import * as commands from '../../on-demand-commands';
import type { OrganizationMembership } from '../organization';

/** Changes the role. Needs the permission `clerk:manage-organizations`. */
export async function update(
  this: OrganizationMembership,
  { role }: { role: string },
): Promise<OrganizationMembership> {
  return await this.settle(commands.updateOrganizationMember(this.organization.id, userOf(this), role));
}

/** Removes the member. Needs the permission `clerk:manage-organizations`. */
export async function destroy(this: OrganizationMembership): Promise<OrganizationMembership> {
  return await this.settle(commands.removeOrganizationMember(this.organization.id, userOf(this)));
}

function userOf({ id, publicUserData }: OrganizationMembership): string {
  if (!publicUserData?.userId) {
    throw new ClerkRuntimeError(
      `Clerk did not say whose membership ${id} is: read it with organization.getMemberships()`,
      { code: 'option_invalid' },
    );
  }
  return publicUserData.userId;
}
