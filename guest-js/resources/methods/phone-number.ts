import * as commands from '../../on-demand-commands';
import type { PhoneNumber } from '../identifications';
import { done, reloadFrom } from './shared';

/** Sends a code to the number, by `channel` `sms` (the default) or `whatsapp`. */
export function prepareVerification(
  this: PhoneNumber,
  params: { strategy?: string; channel?: string } = {},
): Promise<PhoneNumber> {
  return this.settle(commands.preparePhoneNumberVerification(this.id, { strategy: 'phone_code', ...params }));
}

/**
 * Verifies the number with the code that was sent to it.
 *
 * @throws {@link ClerkAPIResponseError} `form_code_incorrect`
 */
export function attemptVerification(this: PhoneNumber, { code }: { code: string }): Promise<PhoneNumber> {
  return this.settle(commands.attemptPhoneNumberVerification(this.id, code));
}

/** Makes the number a second factor, or not. */
export function setReservedForSecondFactor(
  this: PhoneNumber,
  { reserved }: { reserved: boolean },
): Promise<PhoneNumber> {
  return this.settle(commands.updatePhoneNumber(this.id, { reservedForSecondFactor: reserved }));
}

/** Makes the number the preferred second factor. */
export function makeDefaultSecondFactor(this: PhoneNumber): Promise<PhoneNumber> {
  return this.settle(commands.updatePhoneNumber(this.id, { defaultSecondFactor: true }));
}

/** Removes the number from the account. */
export async function destroy(this: PhoneNumber): Promise<void> {
  await done(this, commands.deletePhoneNumber(this.id));
}

/** Reads the number again. */
export function reload(this: PhoneNumber): Promise<PhoneNumber> {
  return reloadFrom(this, 'phoneNumbers');
}
