import type * as wire from '../bindings';
import { date, optionalDate, Resource } from './base';
import { Organization } from './organization';

/** A membership of an organization. */
export class OrganizationMembership extends Resource<wire.OrganizationMembership> {
  readonly #organization: Organization;

  constructor(data: wire.OrganizationMembership) {
    super(data);
    this.#organization = new Organization(data.organization);
  }

  get id(): string {
    return this.data.id;
  }
  /** The role's key, e.g. `org:admin`. */
  get role(): string {
    return this.data.role;
  }
  get roleName(): string {
    return this.data.roleName;
  }
  get permissions(): string[] {
    return this.data.permissions;
  }
  get publicMetadata(): unknown {
    return this.data.publicMetadata;
  }
  get organization(): Organization {
    return this.#organization;
  }
  get createdAt(): Date {
    return date(this.data.createdAt);
  }
  get updatedAt(): Date {
    return date(this.data.updatedAt);
  }
}

/** A user of the application. */
export class User extends Resource<wire.User> {
  readonly #organizationMemberships: OrganizationMembership[];

  constructor(data: wire.User) {
    super(data);
    this.#organizationMemberships = data.organizationMemberships.map(
      (one) => new OrganizationMembership(one),
    );
  }

  get id(): string {
    return this.data.id;
  }
  get externalId(): string | null {
    return this.data.externalId;
  }
  get username(): string | null {
    return this.data.username;
  }
  get firstName(): string | null {
    return this.data.firstName;
  }
  get lastName(): string | null {
    return this.data.lastName;
  }
  /** First and last name, as far as they are known. */
  get fullName(): string | null {
    return [this.firstName, this.lastName].filter(Boolean).join(' ') || null;
  }
  get imageUrl(): string {
    return this.data.imageUrl;
  }
  get hasImage(): boolean {
    return this.data.hasImage;
  }
  get primaryEmailAddressId(): string | null {
    return this.data.primaryEmailAddressId;
  }
  /** The primary e-mail address. */
  get primaryEmailAddress(): wire.EmailAddress | null {
    return this.emailAddresses.find((address) => address.id === this.primaryEmailAddressId) ?? null;
  }
  get primaryPhoneNumberId(): string | null {
    return this.data.primaryPhoneNumberId;
  }
  get primaryWeb3WalletId(): string | null {
    return this.data.primaryWeb3WalletId;
  }
  get passwordEnabled(): boolean {
    return this.data.passwordEnabled;
  }
  get twoFactorEnabled(): boolean {
    return this.data.twoFactorEnabled;
  }
  get totpEnabled(): boolean {
    return this.data.totpEnabled;
  }
  get backupCodeEnabled(): boolean {
    return this.data.backupCodeEnabled;
  }
  get emailAddresses(): wire.EmailAddress[] {
    return this.data.emailAddresses;
  }
  get phoneNumbers(): wire.PhoneNumber[] {
    return this.data.phoneNumbers;
  }
  get web3Wallets(): wire.Web3Wallet[] {
    return this.data.web3Wallets;
  }
  get passkeys(): wire.Passkey[] {
    return this.data.passkeys;
  }
  get externalAccounts(): wire.ExternalAccount[] {
    return this.data.externalAccounts;
  }
  get organizationMemberships(): OrganizationMembership[] {
    return this.#organizationMemberships;
  }
  get publicMetadata(): unknown {
    return this.data.publicMetadata;
  }
  get unsafeMetadata(): unknown {
    return this.data.unsafeMetadata;
  }
  get lastSignInAt(): Date | null {
    return optionalDate(this.data.lastSignInAt);
  }
  get legalAcceptedAt(): Date | null {
    return optionalDate(this.data.legalAcceptedAt);
  }
  get createOrganizationEnabled(): boolean {
    return this.data.createOrganizationEnabled;
  }
  get createOrganizationsLimit(): number | null {
    return this.data.createOrganizationsLimit;
  }
  get deleteSelfEnabled(): boolean {
    return this.data.deleteSelfEnabled;
  }
  get createdAt(): Date {
    return date(this.data.createdAt);
  }
  get updatedAt(): Date {
    return date(this.data.updatedAt);
  }
}
