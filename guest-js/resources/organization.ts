import type * as wire from '../bindings';
import { date, Resource } from './base';

/** An organization. */
export class Organization extends Resource<wire.Organization> {
  get id(): string {
    return this.data.id;
  }
  get name(): string {
    return this.data.name;
  }
  get slug(): string | null {
    return this.data.slug;
  }
  get imageUrl(): string {
    return this.data.imageUrl;
  }
  get hasImage(): boolean {
    return this.data.hasImage;
  }
  get membersCount(): number {
    return this.data.membersCount;
  }
  get pendingInvitationsCount(): number {
    return this.data.pendingInvitationsCount;
  }
  get maxAllowedMemberships(): number {
    return this.data.maxAllowedMemberships;
  }
  get adminDeleteEnabled(): boolean {
    return this.data.adminDeleteEnabled;
  }
  get publicMetadata(): unknown {
    return this.data.publicMetadata;
  }
  get createdAt(): Date {
    return date(this.data.createdAt);
  }
  get updatedAt(): Date {
    return date(this.data.updatedAt);
  }
}
