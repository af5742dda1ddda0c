/** The client that comes with a response of FAPI. */

/** A response, or the part of it that has a client. */
export interface Envelope {
  client?: unknown;
  meta?: { client?: unknown };
  response?: { object?: unknown } | null;
}

export function clientOf(body: unknown): unknown {
  const envelope = body as Envelope | null;
  return envelope?.client ?? envelope?.meta?.client;
}

/** Returns a response whose client is what `take` returns when it is read. */
export function withClient(envelope: Envelope, take: () => unknown): Envelope {
  const client = { get: take, enumerable: true };
  if (!envelope.client) {
    return { ...envelope, meta: Object.defineProperty({ ...envelope.meta }, 'client', client) };
  }
  const isWhatWasAskedFor = envelope.response?.object === 'client';
  return Object.defineProperties({ ...envelope }, { client, ...(isWhatWasAskedFor && { response: client }) });
}

/** Whether two clients are the same but for session tokens, which are no part of a revision. */
export function isSameClient(one: unknown, other: unknown): boolean {
  const text = (client: unknown) =>
    JSON.stringify(client, (key, value: unknown) => (key === 'last_active_token' ? null : value));
  return text(one) === text(other);
}
