/** Requests to the app's own backend, in which Rust adds the session token: the page needs none. */
import type { FetchHead, WindowBody, WindowFetch } from './bindings';
import { ClerkRuntimeError } from './errors';
import * as commands from './on-demand-commands';

/** Options of {@link clerkFetch}: those of `fetch`, and Clerk's. */
export interface ClerkFetchInit extends RequestInit {
  /** The organization that the session token is for. Default: the active one; null is the personal account. */
  organizationId?: string | null;
  /** The name of a JWT template. */
  template?: string;
  /** How long to wait for the response, and for each part of its body: 1,000 to 600,000 ms. Default: 60,000. */
  idleTimeoutMs?: number;
}

/** How many requests of a page wait for a response at the same time. Others wait for their turn. */
const MOST_WAITING = 32;

/** How much of a body is read ahead, in bytes. Shorter bodies are read to their end, also if nobody asks for them. */
const READ_AHEAD = 256 * 1024;

let waiting = 0;
const queue: (() => void)[] = [];

/**
 * Sends a request to the app's own backend as the signed-in user, and returns the response as `fetch` does. Rust adds the
 * session token, so the page needs no permission to get one. The window needs `clerk:fetch`, and the app's configuration names
 * the backends (`plugins.clerk.backends`).
 *
 * Redirects are followed within the origin and what is configured. `credentials`, `mode`, `cache`, `integrity` and the other
 * options that only concern browsers have no effect.
 *
 * @throws {@link ClerkRuntimeError} `fetch_not_allowed`, `fetch_redirect_refused`, `no_active_session`, `network_error`,
 * `option_invalid`, e.g. for a header that the SDK sets; the reason of the signal if it is aborted.
 *
 * @example
 * ```ts
 * const response = await clerkFetch('https://api.example.com/v1/notes');
 * const notes = await response.json();
 * ```
 */
export async function clerkFetch(input: RequestInfo | URL, init: ClerkFetchInit = {}): Promise<Response> {
  const given = typeof input === 'object' && 'url' in input ? input : undefined;
  const signal = (init.signal === undefined ? given?.signal : init.signal) ?? undefined;
  signal?.throwIfAborted();
  const method = (init.method ?? given?.method ?? 'GET').toUpperCase();
  // The guard of a `Request` would drop headers silently that Rust refuses by name.
  const headers = new Headers(init.headers ?? given?.headers);
  const request: WindowFetch = {
    id: crypto.getRandomValues(new Uint32Array(4)).join('-'),
    url: given?.url ?? new URL(input as string | URL, document.baseURI).href,
    method,
    headers: [],
    followRedirects: (init.redirect ?? given?.redirect ?? 'follow') === 'follow',
    ...(init.organizationId !== undefined && { organizationId: init.organizationId }),
    ...(init.template !== undefined && { template: init.template }),
    ...(init.idleTimeoutMs !== undefined && { idleTimeoutMs: init.idleTimeoutMs }),
  };
  const body = await unlessAborted(signal, readBody(method, init, given, headers));
  if (body) {
    request.body = body;
  }
  request.headers = [...headers];
  const head = await inTurn(signal, () => send(request, signal));
  if (
    (init.redirect ?? given?.redirect) === 'error' &&
    head.status >= 300 &&
    head.status < 400 &&
    head.status !== 304
  ) {
    cancel(request.id);
    throw new ClerkRuntimeError('the backend redirects the request, whose option redirect is "error"', {
      code: 'fetch_redirect_refused',
    });
  }
  const response = new Response(head.hasBody ? bodyOf(request.id, signal) : null, head);
  Object.defineProperties(response, {
    url: { value: head.url },
    redirected: { value: head.redirected },
  });
  return response;
}

/** Sends a request, and ends it when the signal is aborted. */
async function send(request: WindowFetch, signal: AbortSignal | undefined): Promise<FetchHead> {
  const sent = commands.fetch(request);
  try {
    return await unlessAborted(signal, sent);
  } catch (error) {
    if (signal?.aborted) {
      cancel(request.id);
      // Rust may have received the first one before the request.
      sent.then(
        () => {
          cancel(request.id);
        },
        () => undefined,
      );
    }
    throw error;
  }
}

/** The rest of a body, part by part. */
function bodyOf(id: string, signal: AbortSignal | undefined): ReadableStream<Uint8Array> {
  let offset = 0;
  let onAbort: () => void = () => undefined;
  const stop = () => signal?.removeEventListener('abort', onAbort);
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        onAbort = () => {
          stop();
          cancel(id);
          controller.error(signal?.reason);
        };
        signal?.addEventListener('abort', onAbort);
        if (signal?.aborted) {
          onAbort();
        }
      },
      async pull(controller) {
        try {
          // Without Tauri's custom protocol, bytes arrive as a list of numbers.
          const part = new Uint8Array(await commands.fetchRead(id, offset));
          offset += part.length;
          if (part.length > 0) {
            controller.enqueue(part);
          } else {
            stop();
            controller.close();
          }
        } catch (error) {
          stop();
          controller.error(error);
        }
      },
      cancel() {
        stop();
        cancel(id);
      },
    },
    { highWaterMark: READ_AHEAD, size: (part) => part.length },
  );
}

/** Ends a request in Rust. Nobody waits for it. */
function cancel(id: string): void {
  commands.fetchCancel(id).catch((error: unknown) => {
    console.debug('[clerk] a request could not be cancelled', error);
  });
}

/** Reads the body of a request, and sets its type. */
async function readBody(
  method: string,
  init: RequestInit,
  given: Request | undefined,
  headers: Headers,
): Promise<WindowBody | undefined> {
  let body = init.body;
  if (body === undefined && given && method !== 'GET' && method !== 'HEAD') {
    // WebKit has no `Request.body`.
    const bytes = await given.arrayBuffer();
    body = bytes.byteLength > 0 ? bytes : null;
  }
  if (body === undefined || body === null) {
    return undefined;
  }
  // Knows every kind of body, and its type. Requests with streams are not known everywhere.
  const read = new Response(body);
  const type = read.headers.get('content-type');
  if (type !== null && !headers.has('content-type')) {
    headers.set('content-type', type);
  }
  return typeof body === 'string' || body instanceof URLSearchParams
    ? { text: await read.text() }
    : { base64: base64(new Uint8Array(await read.arrayBuffer())) };
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(text);
}

/** Waits until few enough requests of the page wait for a response. */
async function inTurn<T>(signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
  if (waiting >= MOST_WAITING) {
    let turn: () => void = () => undefined;
    const mine = new Promise<void>((resolve) => {
      turn = resolve;
    });
    queue.push(turn);
    try {
      await unlessAborted(signal, mine);
    } catch (error) {
      const place = queue.indexOf(turn);
      if (place >= 0) {
        queue.splice(place, 1);
      } else {
        // It was given the turn at the same moment.
        pass();
      }
      throw error;
    }
  } else {
    waiting += 1;
  }
  try {
    return await run();
  } finally {
    pass();
  }
}

/** Passes the turn on. */
function pass(): void {
  const next = queue.shift();
  if (next) {
    next();
  } else {
    waiting -= 1;
  }
}

/** Rejects with the reason of the signal as soon as it is aborted. */
async function unlessAborted<T>(signal: AbortSignal | undefined, action: Promise<T>): Promise<T> {
  if (!signal) {
    return await action;
  }
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) {
      onAbort();
    }
  });
  try {
    return await Promise.race([action, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
