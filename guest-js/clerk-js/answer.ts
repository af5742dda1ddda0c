/** Responses as clerk-js reads them. */
import { ClerkOfflineError, isClerkAPIResponseError, isClerkRuntimeError } from '../errors';
import type { ClerkJs } from './packages';

type Payload = Awaited<ReturnType<ReturnType<ClerkJs['getFapiClient']>['request']>>['payload'];

export interface Answer {
  status: number;
  body: unknown;
  retryAfter?: number | null;
}

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
  return Object.assign(new Response(null, { status, headers }), { payload: (body ?? null) as Payload });
}

/** The errors that clerk-js shows as those of the Frontend API. An unreachable network is thrown, as `fetch` does. */
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
  if (isClerkRuntimeError(error) && error.code !== 'network_error' && error.code !== ClerkOfflineError.code) {
    return { status: 400, body: errors(error.code, error.message) };
  }
  throw error;
}
