// @vitest-environment node
/** Requests to the app's own backend. The classes of requests and responses are those of Node, which jsdom does not have. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { FetchHead, WindowFetch } from '../bindings';
import type { clerkFetch as original } from '../fetch';
import { Fake } from './fake';

const URL_OF_NOTES = 'https://api.example.com/v1/notes';

let rust: Fake;
let clerkFetch: typeof original;
/** The parts of the bodies, by the id of the request. */
let parts: Map<string, unknown[]>;

function head(changes: Partial<FetchHead> = {}): FetchHead {
  return { status: 200, headers: [], url: URL_OF_NOTES, redirected: false, hasBody: true, ...changes };
}

const bytes = (text: string) => new TextEncoder().encode(text).buffer;

/** Lets Rust respond with this head, and with a body of these parts. */
function respond(changes: Partial<FetchHead>, ...body: unknown[]): void {
  rust.on('fetch', ({ request }) => {
    parts.set((request as WindowFetch).id, [...body]);
    return head(changes);
  });
}

beforeEach(async () => {
  vi.stubGlobal('window', globalThis);
  vi.stubGlobal('document', { baseURI: 'tauri://localhost/' });
  vi.resetModules();
  ({ clerkFetch } = await import('../fetch'));
  rust = new Fake();
  parts = new Map();
  rust.on('fetch_read', ({ id }) => {
    const part = parts.get(id as string)?.shift();
    if (part instanceof Error) {
      throw part;
    }
    return part ?? new ArrayBuffer(0);
  });
  rust.on('fetch_cancel', () => null);
  respond({});
});

afterEach(() => {
  rust.stop();
  vi.unstubAllGlobals();
});

function sent(): WindowFetch[] {
  return rust.calls
    .filter(({ command }) => command === 'fetch')
    .map(({ args }) => args['request'] as WindowFetch);
}

/** The ids that were cancelled. */
function cancelled(): unknown[] {
  return rust.calls.filter(({ command }) => command === 'fetch_cancel').map(({ args }) => args['id']);
}

/** A promise that the test resolves. */
function deferred<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe('clerkFetch', () => {
  it('clerkFetch() returns a response whose body arrives in parts', async () => {
    respond(
      { status: 201, headers: [['x-made', 'yes']], url: `${URL_OF_NOTES}/1`, redirected: true },
      bytes('ha'),
      [...new Uint8Array(bytes('ppy'))],
    );
    const response = await clerkFetch(URL_OF_NOTES);
    expect(response).toBeInstanceOf(Response);
    expect([response.status, response.ok, response.headers.get('x-made')]).toEqual([201, true, 'yes']);
    expect([response.url, response.redirected]).toEqual([`${URL_OF_NOTES}/1`, true]);
    expect(await response.text()).toBe('happy');
    const id = sent()[0]?.id;
    const reads = rust.calls.filter(({ command }) => command === 'fetch_read');
    expect(reads.map(({ args }) => args)).toEqual([0, 2, 5].map((offset) => ({ id, offset })));
    expect(sent()).toEqual([{ id, url: URL_OF_NOTES, method: 'GET', headers: [], followRedirects: true }]);
    await clerkFetch(new URL(URL_OF_NOTES));
    expect(sent()[1]?.id).not.toBe(id);
  });

  it('clerkFetch() resolves before the body has arrived', async () => {
    const late = deferred<ArrayBuffer>();
    respond({}, bytes('one'), late.promise);
    const reader = (await clerkFetch(URL_OF_NOTES)).body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('one');
    late.resolve(bytes('two'));
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('two');
    expect((await reader.read()).done).toBe(true);
  });

  it.each([204, 205, 304])('clerkFetch() has no body with status %s', async (status) => {
    respond({ status, hasBody: false });
    const response = await clerkFetch(URL_OF_NOTES, { method: 'POST' });
    expect([response.status, response.body]).toEqual([status, null]);
    expect(rust.count('fetch_read')).toBe(0);
  });

  const form = new FormData();
  form.set('name', 'Ada');
  it.each([
    ['text', 'häppy', { text: 'häppy' }, 'text/plain;charset=UTF-8'],
    ['an empty text', '', { text: '' }, 'text/plain;charset=UTF-8'],
    [
      'URLSearchParams',
      new URLSearchParams({ a: '1 2' }),
      { text: 'a=1+2' },
      'application/x-www-form-urlencoded;charset=UTF-8',
    ],
    ['bytes', new Uint8Array([0, 255]), { base64: 'AP8=' }, undefined],
    ['a part of a buffer', new Uint8Array([1, 0, 255]).subarray(1), { base64: 'AP8=' }, undefined],
    ['a Blob', new Blob(['abc'], { type: 'image/png' }), { base64: btoa('abc') }, 'image/png'],
    ['a stream', new Blob(['abc']).stream(), { base64: btoa('abc') }, undefined],
  ])('clerkFetch() sends %s', async (_, body, expected, type) => {
    await clerkFetch(URL_OF_NOTES, { method: 'POST', body });
    expect(sent()[0]?.body).toEqual(expected);
    expect(sent()[0]?.headers).toEqual(type === undefined ? [] : [['content-type', type]]);
  });

  it('clerkFetch() sends the type that the caller gives, and resolves the URL against the page', async () => {
    const headers = { 'Content-Type': 'application/json' };
    await clerkFetch('/v1/notes', { method: 'POST', body: '{}', headers });
    expect(sent()[0]).toMatchObject({
      url: 'tauri://localhost/v1/notes',
      headers: [['content-type', 'application/json']],
    });
    await expect(clerkFetch('https://[')).rejects.toThrow(TypeError);
  });

  it('clerkFetch() sends FormData with its boundary, and long bodies', async () => {
    await clerkFetch(URL_OF_NOTES, { method: 'POST', body: form });
    const [{ body, headers }] = sent() as [WindowFetch];
    const [[name, type]] = headers as [[string, string]];
    expect(name).toBe('content-type');
    const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(type)?.[1];
    expect(atob(body?.base64 ?? '')).toContain(`--${boundary}`);
    const long = new Uint8Array(70_000).map((_, at) => at % 251);
    await clerkFetch(URL_OF_NOTES, { method: 'POST', body: long });
    const received = Uint8Array.from(atob(sent()[1]?.body?.base64 ?? ''), (one) => one.charCodeAt(0));
    expect(received).toEqual(long);
  });

  it('clerkFetch() takes a Request, and what is given beside it counts', async () => {
    const request = new Request(URL_OF_NOTES, {
      method: 'PUT',
      body: 'text',
      headers: { 'x-id': '7' },
      redirect: 'manual',
    });
    await clerkFetch(request.clone());
    expect(sent()[0]).toMatchObject({
      url: URL_OF_NOTES,
      method: 'PUT',
      body: { base64: btoa('text') },
      headers: [
        ['content-type', 'text/plain;charset=UTF-8'],
        ['x-id', '7'],
      ],
      followRedirects: false,
    });
    await clerkFetch(request, {
      method: 'patch',
      body: 'other',
      headers: { 'x-id': '8' },
      redirect: 'follow',
    });
    expect(sent()[1]).toMatchObject({
      method: 'PATCH',
      body: { text: 'other' },
      headers: [
        ['content-type', 'text/plain;charset=UTF-8'],
        ['x-id', '8'],
      ],
      followRedirects: true,
    });
  });

  it('clerkFetch() leaves it to Rust to refuse headers', async () => {
    rust.on('fetch', () => {
      throw { kind: 'runtime', code: 'option_invalid', message: 'authorization' };
    });
    const headers = { Authorization: 'x', Cookie: 'y', Host: 'z' };
    await expect(clerkFetch(URL_OF_NOTES, { headers })).rejects.toMatchObject({ code: 'option_invalid' });
    expect(sent()[0]?.headers.map(([name]) => name)).toEqual(['authorization', 'cookie', 'host']);
  });

  it('clerkFetch() passes on the organization, the template and the timeout', async () => {
    await clerkFetch(URL_OF_NOTES, { organizationId: null, template: 'api', idleTimeoutMs: 5000 });
    expect(sent()[0]).toMatchObject({ organizationId: null, template: 'api', idleTimeoutMs: 5000 });
    await clerkFetch(URL_OF_NOTES, { organizationId: 'org_1' });
    expect(sent()[1]).toMatchObject({ organizationId: 'org_1' });
  });

  it('clerkFetch() with the option redirect "error" rejects a redirect, and "manual" returns it', async () => {
    respond({ status: 302, headers: [['location', '/x']] });
    await expect(clerkFetch(URL_OF_NOTES, { redirect: 'error' })).rejects.toMatchObject({
      code: 'fetch_redirect_refused',
    });
    expect(cancelled()).toEqual([sent()[0]?.id]);
    const response = await clerkFetch(URL_OF_NOTES, { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([302, '/x']);
    respond({ status: 304, hasBody: false });
    expect((await clerkFetch(URL_OF_NOTES, { redirect: 'error' })).status).toBe(304);
  });

  it('clerkFetch() rejects with the errors of Rust, also in the body', async () => {
    const failure = (code: string) => Object.assign(new Error(code), { kind: 'runtime', code });
    respond({}, bytes('one'), failure('network_error'));
    const response = await clerkFetch(URL_OF_NOTES);
    const error: unknown = await response.text().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ clerkRuntimeError: true, code: 'network_error' });
    rust.on('fetch', () => {
      throw failure('no_active_session');
    });
    await expect(clerkFetch(URL_OF_NOTES)).rejects.toMatchObject({ code: 'no_active_session' });
    rust.on('fetch', () => {
      throw 'not allowed';
    });
    await expect(clerkFetch(URL_OF_NOTES)).rejects.toThrow('clerk:fetch');
  });

  it('clerkFetch() reads short bodies to their end, and a part of long ones', async () => {
    respond({}, bytes('short'));
    await clerkFetch(URL_OF_NOTES);
    await vi.waitFor(() => {
      expect(rust.count('fetch_read')).toBe(2);
    });
    respond({}, ...Array.from({ length: 100 }, () => new ArrayBuffer(64 * 1024)));
    const long = await clerkFetch(URL_OF_NOTES);
    await vi.waitFor(() => {
      expect(rust.count('fetch_read')).toBe(2 + 4);
    });
    expect((await long.arrayBuffer()).byteLength).toBe(100 * 64 * 1024);
  });

  it('clerkFetch() ends a request whose body is cancelled', async () => {
    respond({}, bytes('one'), new Promise(() => undefined));
    const response = await clerkFetch(URL_OF_NOTES);
    await response.body?.cancel();
    expect(cancelled()).toEqual([sent()[0]?.id]);
  });
});

describe('clerkFetch with a signal', () => {
  const reason = new Error('enough');

  it('clerkFetch() sends nothing with a signal that is aborted already', async () => {
    await expect(clerkFetch(URL_OF_NOTES, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const request = new Request(URL_OF_NOTES, { signal: AbortSignal.abort(reason) });
    await expect(clerkFetch(request)).rejects.toBe(reason);
    expect(rust.calls).toEqual([]);
    await clerkFetch(request, { signal: null });
    expect(sent()).toHaveLength(1);
    const named: unknown = await clerkFetch(URL_OF_NOTES, { signal: AbortSignal.abort() }).catch(
      (error: unknown) => error,
    );
    expect(named).toMatchObject({ name: 'AbortError' });
  });

  it('clerkFetch() ends the request that waits for a response', async () => {
    const late = deferred<FetchHead>();
    rust.on('fetch', () => late.promise);
    const controller = new AbortController();
    const response = clerkFetch(URL_OF_NOTES, { signal: controller.signal });
    await vi.waitFor(() => {
      expect(sent()).toHaveLength(1);
    });
    controller.abort(reason);
    await expect(response).rejects.toBe(reason);
    const id = sent()[0]?.id;
    expect(cancelled()).toEqual([id]);
    // Rust did not know the request yet when it was to be cancelled.
    late.resolve(head());
    await vi.waitFor(() => {
      expect(cancelled()).toEqual([id, id]);
    });
    expect(rust.count('fetch_read')).toBe(0);
  });

  it('clerkFetch() ends the body that is being read', async () => {
    respond({}, bytes('one'), new Promise(() => undefined));
    const controller = new AbortController();
    const response = await clerkFetch(URL_OF_NOTES, { signal: controller.signal });
    const reader = response.body!.getReader();
    await reader.read();
    const next = reader.read();
    controller.abort(reason);
    await expect(next).rejects.toBe(reason);
    expect(cancelled()).toEqual([sent()[0]?.id]);
  });

  it('clerkFetch() ignores a signal when the body has ended', async () => {
    respond({}, bytes('one'));
    const controller = new AbortController();
    const response = await clerkFetch(URL_OF_NOTES, { signal: controller.signal });
    expect(await response.text()).toBe('one');
    controller.abort(reason);
    expect(cancelled()).toEqual([]);
  });

  it('clerkFetch() sends nothing when it is aborted while it reads the body of the request', async () => {
    const controller = new AbortController();
    const body = new ReadableStream<Uint8Array>();
    const response = clerkFetch(URL_OF_NOTES, { method: 'POST', body, signal: controller.signal });
    controller.abort(reason);
    await expect(response).rejects.toBe(reason);
    expect(sent()).toEqual([]);
  });
});

describe('clerkFetch of many', () => {
  it('clerkFetch() lets 32 requests wait for a response, and the others for their turn', async () => {
    const late = deferred<FetchHead>();
    rust.on('fetch', () => late.promise);
    const controller = new AbortController();
    const all = Array.from({ length: 70 }, () => clerkFetch(URL_OF_NOTES));
    const aborted = clerkFetch(URL_OF_NOTES, { signal: controller.signal });
    const last = clerkFetch(URL_OF_NOTES);
    await vi.waitFor(() => {
      expect(sent()).toHaveLength(32);
    });
    controller.abort('enough');
    await expect(aborted).rejects.toBe('enough');
    late.resolve(head({ hasBody: false }));
    const responses = await Promise.all([...all, last]);
    expect(responses.every(({ ok }) => ok)).toBe(true);
    expect(sent()).toHaveLength(71);
    // Every turn was given back.
    const again = deferred<FetchHead>();
    rust.on('fetch', () => again.promise);
    const more = Array.from({ length: 40 }, () => clerkFetch(URL_OF_NOTES));
    await vi.waitFor(() => {
      expect(sent()).toHaveLength(71 + 32);
    });
    again.resolve(head({ hasBody: false }));
    await Promise.all(more);
    expect(sent()).toHaveLength(71 + 40);
  });
});
