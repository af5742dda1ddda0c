import type * as wire from '../bindings';
import { lazyResourceOf } from './fields';
import {
  EmailAddress,
  EnterpriseAccount,
  ExternalAccount,
  Passkey,
  PhoneNumber,
  Web3Wallet,
} from './identifications';
import { OrganizationMembership } from './organization';

/** Members that are resources themselves. */
type Nested =
  | 'emailAddresses'
  | 'phoneNumbers'
  | 'web3Wallets'
  | 'externalAccounts'
  | 'enterpriseAccounts'
  | 'passkeys'
  | 'organizationMemberships';

const isVerified = ({ verification }: { verification: { status: string | null } | null }) =>
  verification?.status === 'verified';

/**
 * A user of the application. Changes need a permission: `clerk:account` for the profile, `clerk:security` for passwords, second
 * factors, passkeys and devices, `clerk:organizations` for memberships, `clerk:delete-account` for `delete`.
 *
 * Methods that change the user throw {@link ClerkAPIResponseError}, e.g. with `session_reverification_required` if the user must
 * be verified again.
 */
export class User extends lazyResourceOf<'user', wire.User, Nested>(
  'user',
  'reload update updateMetadata setProfileImage delete updatePassword removePassword createEmailAddress createPhoneNumber createWeb3Wallet createExternalAccount createPasskey createTOTP verifyTOTP disableTOTP createBackupCode getSessions getOrganizationMemberships getOrganizationInvitations getOrganizationSuggestions leaveOrganization',
) {
  declare readonly emailAddresses: EmailAddress[];
  declare readonly phoneNumbers: PhoneNumber[];
  declare readonly web3Wallets: Web3Wallet[];
  declare readonly externalAccounts: ExternalAccount[];
  declare readonly enterpriseAccounts: EnterpriseAccount[];
  declare readonly passkeys: Passkey[];
  declare readonly organizationMemberships: OrganizationMembership[];

  /** @internal */
  override take(data: wire.User): void {
    super.take(data);
    const { host } = this;
    Object.assign(this, {
      emailAddresses: data.emailAddresses.map((one) => new EmailAddress(one, host)),
      phoneNumbers: data.phoneNumbers.map((one) => new PhoneNumber(one, host)),
      web3Wallets: data.web3Wallets.map((one) => new Web3Wallet(one, host)),
      externalAccounts: data.externalAccounts.map((one) => new ExternalAccount(one, host)),
      enterpriseAccounts: data.enterpriseAccounts.map((one) => new EnterpriseAccount(one, host)),
      passkeys: data.passkeys.map((one) => new Passkey(one, host)),
      organizationMemberships: data.organizationMemberships.map(
        (one) => new OrganizationMembership(one, host),
      ),
    } satisfies Pick<User, Nested>);
  }

  /** First and last name, as far as they are known. */
  get fullName(): string | null {
    return [this.firstName, this.lastName].filter(Boolean).join(' ') || null;
  }
  get primaryEmailAddress(): EmailAddress | null {
    return this.emailAddresses.find(({ id }) => id === this.primaryEmailAddressId) ?? null;
  }
  get primaryPhoneNumber(): PhoneNumber | null {
    return this.phoneNumbers.find(({ id }) => id === this.primaryPhoneNumberId) ?? null;
  }
  get primaryWeb3Wallet(): Web3Wallet | null {
    return this.web3Wallets.find(({ id }) => id === this.primaryWeb3WalletId) ?? null;
  }
  get verifiedExternalAccounts(): ExternalAccount[] {
    return this.externalAccounts.filter(isVerified);
  }
  get unverifiedExternalAccounts(): ExternalAccount[] {
    return this.externalAccounts.filter((one) => !isVerified(one));
  }
  get verifiedWeb3Wallets(): Web3Wallet[] {
    return this.web3Wallets.filter(isVerified);
  }
  get hasVerifiedEmailAddress(): boolean {
    return this.emailAddresses.some(isVerified);
  }
  get hasVerifiedPhoneNumber(): boolean {
    return this.phoneNumbers.some(isVerified);
  }

  /** Whether an identification is the primary one of its kind. */
  isPrimaryIdentification({ id }: { id: string }): boolean {
    return [this.primaryEmailAddressId, this.primaryPhoneNumberId, this.primaryWeb3WalletId].includes(id);
  }
}
