import type * as wire from '../bindings';

/** An organization. */
export class Organization {
  readonly id: string;
  readonly name: string;
  readonly slug: string | null;
  readonly imageUrl: string;
  readonly hasImage: boolean;
  readonly membersCount: number;
  readonly pendingInvitationsCount: number;
  readonly maxAllowedMemberships: number;
  readonly adminDeleteEnabled: boolean;
  readonly publicMetadata: unknown;
  readonly createdAt: Date;
  readonly updatedAt: Date;

  constructor(data: wire.Organization) {
    this.id = data.id;
    this.name = data.name;
    this.slug = data.slug;
    this.imageUrl = data.imageUrl;
    this.hasImage = data.hasImage;
    this.membersCount = data.membersCount;
    this.pendingInvitationsCount = data.pendingInvitationsCount;
    this.maxAllowedMemberships = data.maxAllowedMemberships;
    this.adminDeleteEnabled = data.adminDeleteEnabled;
    this.publicMetadata = data.publicMetadata;
    this.createdAt = new Date(data.createdAt);
    this.updatedAt = new Date(data.updatedAt);
  }
}
