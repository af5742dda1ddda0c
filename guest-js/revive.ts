/** Errors of this library for the rejections of Tauri's `invoke`. */
import type { ErrorPayload } from './bindings';
import { ClerkAPIResponseError, ClerkOfflineError, ClerkRuntimeError, EmailLinkError } from './errors';

function isPayload(value: unknown): value is ErrorPayload {
  return (
    typeof value === 'object' && value !== null && 'kind' in value && 'code' in value && 'message' in value
  );
}

/**
 * Returns an error of this library for a rejection.
 *
 * Tauri's own errors (unknown command, bad argument, missing permission) are strings; see `refusal.ts`.
 *
 * @param permission - what a window needs to call the command.
 */
export async function reviveError(rejection: unknown, command: string, permission?: string): Promise<Error> {
  if (isPayload(rejection)) {
    if (rejection.kind === 'email_link') {
      return new EmailLinkError(rejection.code, rejection.message);
    }
    if (rejection.kind === 'api') {
      return new ClerkAPIResponseError(rejection);
    }
    const Runtime = rejection.code === ClerkOfflineError.code ? ClerkOfflineError : ClerkRuntimeError;
    return new Runtime(rejection.message, rejection);
  }
  try {
    const { refusal } = await import('./refusal');
    return refusal(rejection, command, permission);
  } catch (cause) {
    // A page of a server that is gone by now.
    return new ClerkRuntimeError(`the command ${command} failed: ${String(rejection)}`, {
      code: 'invoke_failed',
      cause,
    });
  }
}
