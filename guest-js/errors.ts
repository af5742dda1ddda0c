/**
 * Errors from Rust, revived into the classes that Clerk's own SDKs throw.
 */
import type { ErrorPayload } from './bindings';

/** One of the errors in a response by Clerk. */
export class ClerkAPIError {
  static readonly kind = 'ClerkAPIError';
  /** Clerk's code, e.g. `form_password_incorrect`. Branch on this. */
  readonly code: string;
  /** For developers. */
  readonly message: string;
  /** For users. */
  readonly longMessage: string | undefined;
  /** Facts about the error, e.g. `paramName`. */
  readonly meta: Record<string, unknown>;

  constructor(item: {
    code: string;
    message: string;
    longMessage: string | null;
    meta: Record<string, unknown> | null;
  }) {
    this.code = item.code;
    this.message = item.message;
    this.longMessage = item.longMessage ?? undefined;
    this.meta = item.meta ?? {};
  }
}

/** An error response by Clerk's Frontend API. `errors` has at least one item. */
export class ClerkAPIResponseError extends Error {
  static readonly kind: string = 'ClerkAPIResponseError';
  override readonly name = 'ClerkAPIResponseError';
  readonly clerkError = true;
  readonly code = 'api_response_error';
  /** HTTP status. */
  readonly status: number;
  readonly errors: ClerkAPIError[];
  /** Identifies the request for Clerk's support. */
  readonly clerkTraceId: string | undefined;
  /** Whole seconds to wait before a retry (status 429). */
  readonly retryAfter: number | undefined;

  constructor(payload: Pick<ErrorPayload, 'message' | 'status' | 'errors' | 'clerkTraceId' | 'retryAfter'>) {
    super(payload.message);
    this.status = payload.status ?? 0;
    this.errors = payload.errors.map((item) => new ClerkAPIError(item));
    this.clerkTraceId = payload.clerkTraceId ?? undefined;
    this.retryAfter = payload.retryAfter ?? undefined;
  }
}

/** An error that does not come from Clerk's Frontend API. The codes are explained in `docs/errors.md`. */
export class ClerkRuntimeError extends Error {
  static readonly kind: string = 'ClerkRuntimeError';
  override readonly name: string = 'ClerkRuntimeError';
  readonly clerkError = true;
  readonly clerkRuntimeError = true;
  /** Stable; branch on this. */
  readonly code: string;
  readonly longMessage: string | undefined;
  readonly docsUrl: string | undefined;

  constructor(
    message: string,
    options: { code: string; longMessage?: string | null; docsUrl?: string | null; cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.longMessage = options.longMessage ?? undefined;
    this.docsUrl = options.docsUrl ?? undefined;
  }
}

/** Clerk cannot be reached, so there is no session token. The session stays signed in. */
export class ClerkOfflineError extends ClerkRuntimeError {
  static readonly code = 'clerk_offline';
  override readonly name: string = 'ClerkOfflineError';
}

function hasKind(error: unknown, kind: string): boolean {
  if (typeof error !== 'object' || error === null) {
    return false;
  }
  // Compares the kind and not the class, which may come from another copy of the library.
  const constructor = (error as { constructor?: { kind?: unknown } }).constructor;
  return constructor?.kind === kind;
}

/** Codes of {@link EmailLinkError}. */
export const EmailLinkErrorCode = {
  Expired: 'expired',
  Failed: 'failed',
  ClientMismatch: 'client_mismatch',
} as const;

/** An e-mail link that could not be verified. */
export class EmailLinkError extends Error {
  static readonly kind: string = 'EmailLinkError';
  override readonly name = 'EmailLinkError';
  readonly clerkError = true;
  /** `expired`, `failed` or `client_mismatch`. */
  readonly code: string;

  constructor(code: string, message: string = code) {
    super(message);
    this.code = code;
  }
}

/** Whether the error is an {@link EmailLinkError}, whose `code` says why the link could not be verified. */
export function isEmailLinkError(error: unknown): error is EmailLinkError {
  return hasKind(error, EmailLinkError.kind);
}

/** Whether the error is a response by Clerk's Frontend API; `error.errors[0].code` says what is wrong. */
export function isClerkAPIResponseError(error: unknown): error is ClerkAPIResponseError {
  return hasKind(error, ClerkAPIResponseError.kind);
}

/** Whether the error is one of this library's own; `error.code` says what happened. */
export function isClerkRuntimeError(error: unknown): error is ClerkRuntimeError {
  return hasKind(error, ClerkRuntimeError.kind);
}
