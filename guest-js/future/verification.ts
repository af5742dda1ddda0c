import type * as wire from '../bindings';
import { ClerkAPIError } from '../errors';
import type { PhoneCodeChannel, VerificationStatus } from './types';

/** An error of a verification. */
export interface VerificationError {
  code: string;
  message: string;
  /** For users. */
  longMessage?: string;
  meta?: { paramName?: string; sessionId?: string };
}

/** The state of a verification. Before there is one, every field is null. */
export class Verification {
  readonly status: VerificationStatus | null;
  /** E.g. `email_code`. */
  readonly strategy: string | null;
  /** How often it was attempted. */
  readonly attempts: number | null;
  readonly expireAt: Date | null;
  /** Why it failed, or must be transferred. */
  readonly error: VerificationError | null;
  /** Of passkeys the options, of wallets the nonce. */
  readonly nonce: string | null;
  /** What a wallet signs. */
  readonly message: string | null;
  /** The provider's page, which `sso()` opens in the system browser. */
  readonly externalVerificationRedirectURL: URL | null;
  /** The id of the client that opened an e-mail link. */
  readonly verifiedAtClient: string | null;
  /** How a code was sent to a phone. */
  declare readonly channel?: PhoneCodeChannel;
  readonly #clientId: string | undefined;

  constructor(data: wire.Verification | null, clientId: string | undefined) {
    this.status = (data?.status ?? null) as VerificationStatus | null;
    this.strategy = data?.strategy ?? null;
    this.attempts = data?.attempts ?? null;
    this.expireAt = data?.expireAt == null ? null : new Date(data.expireAt);
    this.error = data?.error ? (new ClerkAPIError(data.error) as VerificationError) : null;
    this.nonce = data?.nonce ?? null;
    this.message = data?.message ?? null;
    const url = data?.externalVerificationRedirectUrl;
    this.externalVerificationRedirectURL = url && URL.canParse(url) ? new URL(url) : null;
    this.verifiedAtClient = data?.verifiedAtClient ?? null;
    if (data?.channel) {
      this.channel = data.channel as PhoneCodeChannel;
    }
    this.#clientId = clientId;
  }

  /** Whether an e-mail link was opened on this device. */
  verifiedFromTheSameClient(): boolean {
    return this.verifiedAtClient !== null && this.verifiedAtClient === this.#clientId;
  }
}

/** The verification of an identifier of a sign-up. */
export class SignUpVerification extends Verification {
  /** `needs_prepare`, `needs_attempt`, or empty if nothing is left to do. */
  readonly nextAction: string;
  readonly supportedStrategies: string[];

  constructor(data: wire.SignUpVerification | null, clientId: string | undefined) {
    super(data, clientId);
    this.nextAction = data?.nextAction ?? '';
    this.supportedStrategies = data?.supportedStrategies ?? [];
  }
}
