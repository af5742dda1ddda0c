/** What identifies a user: e-mail addresses, phone numbers, wallets, accounts at providers; and passkeys. */
import type * as wire from '../bindings';
import { type EmailLinkFlow, emailLinkFlow, lazyResourceOf } from './fields';

/** An e-mail address of a user. */
export class EmailAddress extends lazyResourceOf<'emailAddress', wire.EmailAddress>(
  'emailAddress',
  'prepareVerification attemptVerification verifyWithLink destroy reload',
) {
  /**
   * Creates a flow that verifies the address with a link. `startEmailLinkFlow` sends it and resolves when it was opened, on any
   * device; after `cancelEmailLinkFlow` it rejects with `oauth_flow_cancelled`.
   *
   * @throws {@link EmailLinkError} `expired`, `failed`
   */
  createEmailLinkFlow(): EmailLinkFlow<EmailAddress, { redirectUrl?: string }> {
    return emailLinkFlow(() => this.verifyWithLink());
  }

  override toString(): string {
    return this.emailAddress;
  }
}

/** A phone number of a user. */
export class PhoneNumber extends lazyResourceOf<'phoneNumber', wire.PhoneNumber>(
  'phoneNumber',
  'prepareVerification attemptVerification setReservedForSecondFactor makeDefaultSecondFactor destroy reload',
) {
  override toString(): string {
    return this.phoneNumber;
  }
}

/** A wallet of a user. */
export class Web3Wallet extends lazyResourceOf<'web3Wallet', wire.Web3Wallet>(
  'web3Wallet',
  'prepareVerification attemptVerification destroy reload',
) {
  override toString(): string {
    return this.web3Wallet;
  }
}

/** An account at an OAuth provider that is connected to a user. */
export class ExternalAccount extends lazyResourceOf<'externalAccount', wire.ExternalAccount>(
  'externalAccount',
  'reauthorize destroy reload',
) {
  /** @internal Some instances send the strategy in place of the provider. */
  override take(data: wire.ExternalAccount): void {
    super.take({ ...data, provider: data.provider.replace(/^oauth_/, '') });
  }

  /** The provider, e.g. `google`. */
  providerSlug(): string {
    return this.provider;
  }

  /** A title for the account, e.g. `Google Account`. */
  providerTitle(): string {
    return `${this.provider.charAt(0).toUpperCase()}${this.provider.slice(1)} Account`;
  }

  /** What identifies the account at the provider, to be shown to the user. */
  accountIdentifier(): string {
    return this.username || this.emailAddress || this.label || '';
  }
}

/** An account at an enterprise connection, by which a user signs in. */
export class EnterpriseAccount extends lazyResourceOf<'enterpriseAccount', wire.EnterpriseAccount>(
  'enterpriseAccount',
  'destroy reload',
) {}

/** A passkey of a user. */
export class Passkey extends lazyResourceOf<'passkey', wire.Passkey>('passkey', 'update delete reload') {}
