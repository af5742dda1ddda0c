import type * as wire from '../bindings';
import { Organization } from './organization';

/** A point in time; FAPI sends milliseconds. */
export function date(ms: number): Date {
  return new Date(ms);
}

function optionalDate(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}

/** A membership of an organization. */
export class OrganizationMembership {
  readonly id: string;
  /** The role's key, e.g. `org:admin`. */
  readonly role: string;
  readonly roleName: string;
  readonly permissions: string[];
  readonly publicMetadata: unknown;
  readonly organization: Organization;
  readonly createdAt: Date;
  readonly updatedAt: Date;

  constructor(data: wire.OrganizationMembership) {
    this.id = data.id;
    this.role = data.role;
    this.roleName = data.roleName;
    this.permissions = data.permissions;
    this.publicMetadata = data.publicMetadata;
    this.organization = new Organization(data.organization);
    this.createdAt = date(data.createdAt);
    this.updatedAt = date(data.updatedAt);
  }
}

/** A user of the application. */
export class User {
  readonly id: string;
  readonly externalId: string | null;
  readonly username: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly imageUrl: string;
  readonly hasImage: boolean;
  readonly primaryEmailAddressId: string | null;
  readonly primaryPhoneNumberId: string | null;
  readonly primaryWeb3WalletId: string | null;
  readonly passwordEnabled: boolean;
  readonly twoFactorEnabled: boolean;
  readonly totpEnabled: boolean;
  readonly backupCodeEnabled: boolean;
  readonly emailAddresses: wire.EmailAddress[];
  readonly phoneNumbers: wire.PhoneNumber[];
  readonly web3Wallets: wire.Web3Wallet[];
  readonly passkeys: wire.Passkey[];
  readonly externalAccounts: wire.ExternalAccount[];
  readonly organizationMemberships: OrganizationMembership[];
  readonly publicMetadata: unknown;
  readonly unsafeMetadata: unknown;
  readonly lastSignInAt: Date | null;
  readonly legalAcceptedAt: Date | null;
  readonly createOrganizationEnabled: boolean;
  readonly createOrganizationsLimit: number | null;
  readonly deleteSelfEnabled: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;

  constructor(data: wire.User) {
    this.id = data.id;
    this.externalId = data.externalId;
    this.username = data.username;
    this.firstName = data.firstName;
    this.lastName = data.lastName;
    this.imageUrl = data.imageUrl;
    this.hasImage = data.hasImage;
    this.primaryEmailAddressId = data.primaryEmailAddressId;
    this.primaryPhoneNumberId = data.primaryPhoneNumberId;
    this.primaryWeb3WalletId = data.primaryWeb3WalletId;
    this.passwordEnabled = data.passwordEnabled;
    this.twoFactorEnabled = data.twoFactorEnabled;
    this.totpEnabled = data.totpEnabled;
    this.backupCodeEnabled = data.backupCodeEnabled;
    this.emailAddresses = data.emailAddresses;
    this.phoneNumbers = data.phoneNumbers;
    this.web3Wallets = data.web3Wallets;
    this.passkeys = data.passkeys;
    this.externalAccounts = data.externalAccounts;
    this.organizationMemberships = data.organizationMemberships.map((one) => new OrganizationMembership(one));
    this.publicMetadata = data.publicMetadata;
    this.unsafeMetadata = data.unsafeMetadata;
    this.lastSignInAt = optionalDate(data.lastSignInAt);
    this.legalAcceptedAt = optionalDate(data.legalAcceptedAt);
    this.createOrganizationEnabled = data.createOrganizationEnabled;
    this.createOrganizationsLimit = data.createOrganizationsLimit;
    this.deleteSelfEnabled = data.deleteSelfEnabled;
    this.createdAt = date(data.createdAt);
    this.updatedAt = date(data.updatedAt);
  }

  /** First and last name, as far as they are known. */
  get fullName(): string | null {
    return [this.firstName, this.lastName].filter(Boolean).join(' ') || null;
  }

  /** The primary e-mail address. */
  get primaryEmailAddress(): wire.EmailAddress | null {
    return this.emailAddresses.find((address) => address.id === this.primaryEmailAddressId) ?? null;
  }
}
