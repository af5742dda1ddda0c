/** The requests of clerk-js, which Rust sends: the credential is there, and a window has no part in it. */
import { getToken } from '../bindings';
import { frontendApi } from '../on-demand-commands';
import { type Answer, errors, refusal, response } from './answer';
import { encodeBody, encodeQuery } from './encode';
import type { Follower } from './follow';
import type { ClerkJs } from './packages';
import { type Selections, selectionOf } from './select';
import type { VerificationPages } from './verification';

type FapiClient = ReturnType<ClerkJs['getFapiClient']>;
type RequestInit = Parameters<FapiClient['request']>[0];

const TOKENS = /^\/client\/sessions\/([^/]+)\/tokens(?:\/([^/]+))?$/;

/** Parts of Clerk that are not behind the path `/v1`, so Rust does not send their requests. */
const OTHER_PATHS = {
  status: 400,
  body: errors('request_not_allowed', "this part of Clerk's API is not available in desktop apps"),
};

/** What the requests need from the instance. */
export interface Bridge {
  clerk: ClerkJs;
  follower: Follower;
  pages: VerificationPages;
  selections: Selections;
  /** Whether clerk-js is loading. It gets what Rust has, without a request. */
  loading: boolean;
}

/** Returns the client for the Frontend API that clerk-js uses instead of its own. */
export function fapiClient(inner: FapiClient, bridge: Bridge): FapiClient {
  const request = async (init: RequestInit) => {
    const answer = await unlessAborted(init.signal, () => send(init, bridge).catch(refusal));
    return response(answer);
  };
  return { ...inner, request: request as FapiClient['request'] };
}

/** Rejects as soon as the signal aborts. Rust completes the request all the same. */
async function unlessAborted(
  signal: AbortSignal | null | undefined,
  run: () => Promise<Answer>,
): Promise<Answer> {
  if (!signal) {
    return await run();
  }
  signal.throwIfAborted();
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([run(), aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function send(init: RequestInit, bridge: Bridge): Promise<Answer> {
  const { follower, loading } = bridge;
  const method = init.method ?? 'GET';
  // Some resources of clerk-js, e.g. new e-mail addresses, end their path with a slash, which Rust does not take.
  const path = (init.path ?? '').replace(/\/+$/, '');
  const known: Record<string, unknown> = {
    '/client': follower.client,
    '/environment': follower.state.environment,
  };
  if (loading && method === 'GET' && path in known) {
    return { status: 200, body: { response: known[path], client: null } };
  }
  if (init.pathPrefix !== undefined && init.pathPrefix !== 'v1') {
    return OTHER_PATHS;
  }
  const [, sessionId, template] = (method === 'POST' && TOKENS.exec(path)) || [];
  if (sessionId !== undefined) {
    return await mint(decodeURIComponent(sessionId), template, init);
  }
  return await pass(init, method, path, bridge);
}

async function pass(init: RequestInit, method: string, path: string, bridge: Bridge): Promise<Answer> {
  const { clerk, follower, pages, selections } = bridge;
  const query = encodeQuery(init.search);
  if (init.rotatingTokenNonce) {
    query.push(['rotating_token_nonce', init.rotatingTokenNonce]);
  }
  const body = await encodeBody(init.body, new Headers(init.headers));
  const selection = selectionOf(method, path, query, body.form);
  const received = await follower.track(
    frontendApi({ method, path, query, ...body, sessionId: init.sessionId ?? clerk.session?.id ?? null }),
  );
  pages.note(received.body, body.form);
  const answer = { ...received, body: follower.answered(received) };
  return selection ? selections.settle(selection, received, answer) : answer;
}

/** A session token from Rust, which all windows and Rust's own callers share. */
async function mint(sessionId: string, template: string | undefined, init: RequestInit): Promise<Answer> {
  const { organizationId } = (init.body ?? {}) as { organizationId?: string | null };
  const jwt = await getToken({
    sessionId,
    ...(template !== undefined
      ? { template: decodeURIComponent(template) }
      : organizationId !== undefined && { organizationId }),
    skipCache: new Map(encodeQuery(init.search)).get('debug') === 'skip_cache',
  });
  return jwt === null
    ? { status: 404, body: errors('resource_not_found', 'there is no such session') }
    : { status: 200, body: { object: 'token', jwt } };
}
