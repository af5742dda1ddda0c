/**
 * The objects of `tauri-plugin-clerk-api/future` are those of Clerk's own types, and the older ones have their members. `npm run check` compiles this file; each
 * difference is named here, with its reason.
 */
import type {
  SignInErrors,
  SignInFutureResource,
  SignInResource,
  SignUpErrors,
  SignUpFutureResource,
  SignUpResource,
  VerificationResource,
} from '@clerk/shared/types';

import type { Result, SignInFuture, SignUpFuture } from '../future';
import type { Errors, SignInField, SignUpFormField } from '../future/types';
import type { SignIn, SignUp } from '../index';

/** What verifications leave out. They are data here, and requests are made by the attempt that they belong to. */
type OfRequests = 'id' | 'pathRoot' | 'reload' | '__internal_toSnapshot';

/**
 * What is compared of a value of Clerk's types.
 *
 * - Results have the errors of this package. They have no `toString` of their own, and their `cause` may be anything.
 * - Verifications are compared without {@link OfRequests}.
 * - What may be absent may be undefined, as `exactOptionalPropertyTypes` alone tells apart.
 */
type Compared<T> = T extends (...params: infer Params) => Promise<{ error: unknown }>
  ? (...params: Params) => Promise<Result>
  : T extends VerificationResource
    ? Omit<T, OfRequests>
    : T extends Date | URL | readonly unknown[] | string | number | boolean
      ? T
      : T extends object
        ? { [Name in keyof T]: Compared<T[Name]> | (object extends Pick<T, Name> ? undefined : never) }
        : T;

/** `finalize` passes a `Session` of this package to `navigate`, which is compared below without it. */
type Later = 'finalize';

export function signInIsClerks(signIn: SignInFuture): Compared<Omit<SignInFutureResource, Later>> {
  return signIn;
}

export function signUpIsClerks(signUp: SignUpFuture): Compared<Omit<SignUpFutureResource, Later>> {
  return signUp;
}

export function finalizeIsClerks(
  future: SignInFuture | SignUpFuture,
): (params?: {
  navigate?: (params: { decorateUrl: (url: string) => string }) => unknown;
}) => Promise<Result> {
  return (params) => future.finalize(params);
}

/** `global` has the errors themselves, without the methods `isClerkAPIResponseError()` and `isClerkRuntimeError()`. */
type ComparedErrors<T extends SignInErrors | SignUpErrors> = Omit<T, 'global'> & { global: Error[] | null };

export function signInErrorsAreClerks(errors: Errors<SignInField>): ComparedErrors<SignInErrors> {
  return errors;
}

export function signUpErrorsAreClerks(errors: Errors<SignUpFormField>): ComparedErrors<SignUpErrors> {
  return errors;
}

/** Members of Clerk's older classes that those of this package do not have. */
export const LEFT_OUT: {
  signIn: Record<Exclude<keyof SignInResource, keyof SignIn>, string>;
  signUp: Record<Exclude<keyof SignUpResource, keyof SignUp>, string>;
} = {
  signIn: {
    pathRoot: 'Rust makes the requests',
    validatePassword:
      'a check of the form, which needs a dictionary of 400 kB; Clerk checks passwords when they are sent',
    __internal_toSnapshot: 'internal',
    __internal_future: 'internal: createFuture() returns it',
  },
  signUp: {
    pathRoot: 'Rust makes the requests',
    validatePassword: 'as above',
    __internal_toSnapshot: 'internal',
    __internal_future: 'internal: createFuture() returns it',
    __experimental_getEnterpriseConnections: 'experimental',
  },
};
