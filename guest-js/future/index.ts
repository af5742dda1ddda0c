/**
 * The current sign-in API of Clerk's documentation, `SignInFuture` and `SignUpFuture`, for the class `Clerk`. An app that does
 * not import this entry point does not contain it.
 */
import type { Clerk } from '../clerk';
import { SignInFuture } from './sign-in';
import { SignUpFuture } from './sign-up';

/** The sign-in and the sign-up of a {@link Clerk}. */
export interface ClerkFuture {
  readonly signIn: SignInFuture;
  readonly signUp: SignUpFuture;
}

const futures = new WeakMap<Clerk, ClerkFuture>();

/**
 * Returns the sign-in and the sign-up of `clerk`: always the same objects, so that all parts of a page share their state.
 *
 * @example
 * ```ts
 * const { signIn } = createFuture(clerk);
 * const { error } = await signIn.password({ emailAddress, password });
 * if (!error && signIn.status === 'complete') await signIn.finalize();
 * ```
 */
export function createFuture(clerk: Clerk): ClerkFuture {
  const known = futures.get(clerk);
  if (known) {
    return known;
  }
  const future = { signIn: new SignInFuture(clerk), signUp: new SignUpFuture(clerk) };
  futures.set(clerk, future);
  return future;
}

export type { FinalizeParams } from './base';
export { SignInFuture } from './sign-in';
export type {
  SignInEmailCodeParams,
  SignInEmailLinkParams,
  SignInPasswordParams,
  SignInPhoneCodeParams,
  SignInSnapshot,
  SignInSSOParams,
  SignInWeb3Params,
  SubmitPasswordParams,
} from './sign-in';
export { SignUpFuture } from './sign-up';
export type {
  SignUpAdditionalParams,
  SignUpFutureParams,
  SignUpPasswordParams,
  SignUpSnapshot,
  SignUpSSOParams,
  SignUpWeb3Params,
} from './sign-up';
export type * from './types';
export { SignUpVerification, Verification } from './verification';
export type { VerificationError } from './verification';
