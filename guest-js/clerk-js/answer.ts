/** Responses as clerk-js reads them. */
import { ClerkOfflineError, isClerkAPIResponseError, isClerkRuntimeError, isEmailLinkError } from '../errors';
import type { ClerkJs } from './packages';

type Payload = Awaited<ReturnType<ReturnType<ClerkJs['getFapiClient']>['request']>>['payload'];

export interface Answer {
  status: number;
  body: unknown;
  retryAfter?: number | null;
}

const UNREACHABLE: string[] = ['network_error', ClerkOfflineError.code];

/** The body of a response with one error. */
export function errors(code: string, message: string) {
  return { errors: [{ code, message, long_message: message, meta: {} }] };
}

/** The object that clerk-js gets for a response. */
export function response({ status, body, retryAfter }: Answer): Response & { payload: Payload } {
  const headers = new Headers();
  if (retryAfter !== null && retryAfter !== undefined) {
    headers.set('retry-after', String(retryAfter));
  }
  // An object for others cannot be made.
  const isPossible = status >= 200 && status <= 599;
  return Object.assign(new Response(null, { status: isPossible ? status : 500, headers }), {
    payload: (body ?? null) as Payload,
  });
}

/**
 * The response for an error. Only that the network is unreachable is thrown, as `fetch` does: clerk-js takes whatever is thrown
 * for it.
 */
export function refusal(error: unknown): Answer {
  if (isClerkAPIResponseError(error)) {
    const items = error.errors.map(({ code, message, longMessage, meta }) => ({
      code,
      message,
      long_message: longMessage,
      meta: Object.fromEntries(
        Object.entries(meta).map(([key, value]) => [
          key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`),
          value,
        ]),
      ),
    }));
    const body = { errors: items, clerk_trace_id: error.clerkTraceId };
    return { status: error.status, body, retryAfter: error.retryAfter ?? null };
  }
  if (isClerkRuntimeError(error) && UNREACHABLE.includes(error.code)) {
    throw error;
  }
  const code = isClerkRuntimeError(error) || isEmailLinkError(error) ? error.code : 'request_failed';
  return { status: 400, body: errors(code, error instanceof Error ? error.message : String(error)) };
}
