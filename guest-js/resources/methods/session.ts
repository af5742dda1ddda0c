import type * as wire from '../../bindings';
import * as commands from '../../on-demand-commands';
import { type Fields, fields } from '../fields';
import { verifySessionWithPasskey } from '../../passkey';
import type { Session } from '../session';
import { done } from './shared';

/** A reverification in progress: the user proves again who they are. */
export type SessionVerification = Omit<Fields<wire.SessionVerification>, 'session'>;

function verification({ session: _, ...data }: wire.SessionVerification): SessionVerification {
  return fields(data);
}

/** Reads the session again. */
export function reload(this: Session): Promise<Session> {
  return this.settle(commands.reloadSession(this.id));
}

/**
 * Reports that the session is in use. It does not become the active one; use `clerk.setActive()` for that. `intent` is ignored: the
 * class itself reports when a window gets the focus.
 */
export function touch(this: Session, _params: { intent?: string } = {}): Promise<Session> {
  return this.settle(commands.touchSession(this.id));
}

/** Signs out of the session, without a navigation. */
export async function end(this: Session): Promise<Session> {
  await done(this, commands.endSession(this.id));
  return this;
}

/** Signs out of the session, without a navigation. */
export async function remove(this: Session): Promise<Session> {
  await done(this, commands.removeSession(this.id));
  return this;
}

/** Begins to verify the user again. `level` is `first_factor`, `second_factor` or `multi_factor`. */
export async function startVerification(
  this: Session,
  { level }: { level: string },
): Promise<SessionVerification> {
  return verification(await done(this, commands.startSessionVerification(this.id, level)));
}

/** Sends a code for the first factor. */
export async function prepareFirstFactorVerification(
  this: Session,
  params: wire.SessionVerifyPrepareFirstFactorParams,
): Promise<SessionVerification> {
  return verification(await done(this, commands.prepareSessionFirstFactor(this.id, params)));
}

/**
 * Verifies the first factor, with a password or a code. Once the verification is complete, the next session token says so.
 *
 * @throws {@link ClerkAPIResponseError} e.g. `form_password_incorrect`, `form_code_incorrect`
 */
export async function attemptFirstFactorVerification(
  this: Session,
  params: wire.SessionVerifyAttemptFirstFactorParams,
): Promise<SessionVerification> {
  return verification(await done(this, commands.attemptSessionFirstFactor(this.id, params)));
}

/** Sends a code for the second factor. */
export async function prepareSecondFactorVerification(
  this: Session,
  params: wire.SessionVerifyPrepareSecondFactorParams,
): Promise<SessionVerification> {
  return verification(await done(this, commands.prepareSessionSecondFactor(this.id, params)));
}

/**
 * Verifies the second factor, with a code of the authenticator app, one that was sent, or a backup code.
 *
 * @throws {@link ClerkAPIResponseError} e.g. `form_code_incorrect`
 */
export async function attemptSecondFactorVerification(
  this: Session,
  params: wire.SessionVerifyAttemptSecondFactorParams,
): Promise<SessionVerification> {
  return verification(await done(this, commands.attemptSessionSecondFactor(this.id, params)));
}

/**
 * Verifies the first factor with a passkey, if the webview supports them.
 *
 * @throws {@link ClerkRuntimeError} `passkey_not_supported`, `passkey_retrieval_cancelled`, `passkey_retrieval_failed`
 */
export async function verifyWithPasskey(this: Session): Promise<SessionVerification> {
  return verification(await done(this, verifySessionWithPasskey(this.id)));
}
