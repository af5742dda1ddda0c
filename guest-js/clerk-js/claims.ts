/**
 * Sessions of which Rust has no session token: after a start without a network, and in windows that may not have one.
 *
 * `useAuth()` and `<Show>` of `@clerk/react` throw for a signed-in session without the claims of a token.
 */

interface Session {
  id?: unknown;
  last_active_token?: unknown;
  user?: { id?: unknown } | null;
}

/**
 * Gives the sessions of a client that have no token one that says whose session it is, and nothing else. It is not signed, so no
 * server accepts it, and has no lifetime, so `getToken()` does not return it.
 */
export function withClaims(client: unknown): unknown {
  const { sessions } = (client ?? {}) as { sessions?: Session[] };
  if (!Array.isArray(sessions) || sessions.every((session) => session.last_active_token)) {
    return client;
  }
  return {
    ...(client as object),
    sessions: sessions.map((session) =>
      session.last_active_token
        ? session
        : { ...session, last_active_token: { object: 'token', jwt: unsigned(session) } },
    ),
  };
}

function unsigned({ id, user }: Session): string {
  const claims = { sid: id, sub: user?.id, iss: '', iat: 0, nbf: 0, exp: 0 };
  // The signature must not be empty.
  return [{ alg: 'none', typ: 'JWT' }, claims, 'unsigned'].map(encode).join('.');
}

function encode(value: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}
