/** Repeating a call after the user was verified again. */
import type { Clerk } from './clerk';
import { ClerkRuntimeError, isClerkAPIResponseError } from './errors';
import type { ReverificationConfig } from './resources/authorization';

/** What Clerk itself requires for its sensitive requests. */
const STRICT = 'strict';

/** Which verification is required. */
export interface RequiredReverification {
  /** For `session.startVerification()`: `first_factor`, `second_factor` or `multi_factor`. */
  level: string;
  /** The requirement as Clerk or the backend put it. */
  reverification: ReverificationConfig;
}

function required(value: unknown): RequiredReverification {
  if (typeof value === 'string') {
    // An unknown preset needs the second factor, as in Clerk's components.
    return { level: value === 'strict_mfa' ? 'multi_factor' : 'second_factor', reverification: value };
  }
  const { level, afterMinutes, after_minutes } = (value ?? {}) as Record<string, unknown>;
  const minutes = afterMinutes ?? after_minutes;
  return typeof level === 'string' && typeof minutes === 'number' && minutes > 0
    ? { level, reverification: { level, afterMinutes: minutes } }
    : required(STRICT);
}

/**
 * Returns which verification an error requires before the call is accepted: a refusal by Clerk with
 * `session_reverification_required`. Undefined for any other error.
 */
export function requiredReverification(error: unknown): RequiredReverification | undefined {
  const refusals = isClerkAPIResponseError(error) ? error.errors : [];
  const refusal = refusals.find(({ code }) => code === 'session_reverification_required');
  return refusal && required(refusal.meta['reverification']);
}

/**
 * Returns which verification a backend requires that refuses a request with the hint of Clerk's backend SDKs, `body` being the
 * JSON of its response. Undefined for any other JSON.
 */
export function reverificationHint(body: unknown): RequiredReverification | undefined {
  const hint = (body as { clerk_error?: { type?: unknown; reason?: unknown; metadata?: unknown } } | null)
    ?.clerk_error;
  const isHint = hint?.type === 'forbidden' && hint.reason === 'reverification-error';
  return isHint
    ? required((hint.metadata as { reverification?: unknown } | null | undefined)?.reverification)
    : undefined;
}

/** Returns the JSON of a refusal, whose body stays readable. */
async function jsonOf(response: Response): Promise<unknown> {
  return response.status === 403
    ? await response
        .clone()
        .json()
        .catch(() => undefined)
    : undefined;
}

/**
 * Makes a call that Clerk, or the app's backend, may refuse until the user is verified again. Then it calls `verify`, which shows a
 * dialog, say, and returns whether the user is verified; and it repeats the call, once. What the repeated call returns is the
 * result. A session token from before the verification is not used for it.
 *
 * A backend's refusal is recognised if `call` returns its response, e.g. that of `clerk.fetch()`, or the JSON of it.
 *
 * @throws those of `call` and `verify`; {@link ClerkRuntimeError} `reverification_cancelled` if `verify` returns false,
 * `no_active_session` if another session, or none, is active after the verification
 *
 * @example
 * ```ts
 * await withReverification(
 *   clerk,
 *   () => clerk.user!.createEmailAddress({ email }),
 *   async ({ level }) => {
 *     await clerk.session!.startVerification({ level });
 *     const password = await askForPassword();
 *     const attempt = { strategy: 'password', password };
 *     const { status } = await clerk.session!.attemptFirstFactorVerification(attempt);
 *     return status === 'complete';
 *   },
 * );
 * ```
 */
export async function withReverification<T>(
  clerk: Pick<Clerk, 'session'>,
  call: () => Promise<T>,
  verify: (required: RequiredReverification) => Promise<boolean>,
): Promise<T> {
  const session = clerk.session?.id;
  let requirement: RequiredReverification | undefined;
  try {
    const result = await call();
    requirement = reverificationHint(result instanceof Response ? await jsonOf(result) : result);
    if (!requirement) {
      return result;
    }
  } catch (error) {
    requirement = requiredReverification(error);
    if (!requirement) {
      throw error;
    }
  }
  if (!(await verify(requirement))) {
    throw new ClerkRuntimeError('the user was not verified again, so the request was not repeated', {
      code: 'reverification_cancelled',
    });
  }
  if (clerk.session?.id !== session) {
    throw new ClerkRuntimeError(
      'another session became active during the verification, so the request was not repeated',
      { code: 'no_active_session' },
    );
  }
  return await call();
}
