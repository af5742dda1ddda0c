import * as commands from '../../on-demand-commands';
import type { EmailAddress } from '../identifications';
import { done, reloadFrom } from './shared';

/** Parameters of `EmailAddress.prepareVerification`. */
export interface PrepareEmailAddressVerificationParams {
  /** `email_code`. A link is sent by `EmailAddress.createEmailLinkFlow`. */
  strategy: string;
  /** Accepted for code that was written for the web, and ignored: a link leads to the app's callback URL. */
  redirectUrl?: string;
}

/** Sends a code to the address. */
export function prepareVerification(
  this: EmailAddress,
  { strategy }: PrepareEmailAddressVerificationParams,
): Promise<EmailAddress> {
  return this.settle(commands.prepareEmailAddressVerification(this.id, { strategy }));
}

/**
 * Verifies the address with the code that was sent to it.
 *
 * @throws {@link ClerkAPIResponseError} `form_code_incorrect`
 */
export function attemptVerification(this: EmailAddress, { code }: { code: string }): Promise<EmailAddress> {
  return this.settle(commands.attemptEmailAddressVerification(this.id, code));
}

/**
 * Sends a link to the address, and resolves when it was opened, on any device.
 *
 * @throws {@link EmailLinkError} `expired`, `failed`
 * @throws {@link ClerkRuntimeError} `oauth_flow_cancelled`, `oauth_flow_superseded`, `oauth_flow_timed_out`
 */
export function verifyWithLink(this: EmailAddress): Promise<EmailAddress> {
  return this.settle(commands.verifyEmailAddressWithLink(this.id));
}

/** Removes the address from the account. */
export async function destroy(this: EmailAddress): Promise<void> {
  await done(this, commands.deleteEmailAddress(this.id));
}

/** Reads the address again. */
export function reload(this: EmailAddress): Promise<EmailAddress> {
  return reloadFrom(this, 'emailAddresses');
}
