/** Commands that change something have an id, so that Rust recognises one that Tauri sends twice. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import * as commands from '../bindings';
import { invoke } from '../invoke';
import { getOrganization, reloadSignIn } from '../on-demand-commands';

const PAGE = Symbol.for('tauri-plugin-clerk.page');
const tauriInvoke = vi.fn((..._args: unknown[]) => Promise.resolve(null));

beforeEach(() => {
  tauriInvoke.mockClear();
  vi.stubGlobal('__TAURI_INTERNALS__', { invoke: tauriInvoke });
});

afterEach(() => {
  vi.unstubAllGlobals();
  Reflect.deleteProperty(document, PAGE);
});

function requestId(call: number): string | undefined {
  const options = tauriInvoke.mock.calls[call]?.[2] as { headers?: Record<string, string> } | undefined;
  return options?.headers?.['clerk-request'];
}

describe('invoke', () => {
  it('invoke() gives each command an id of its own, and all of a page the same name', async () => {
    await invoke('create_sign_in', { params: {} });
    await invoke('create_sign_in', { params: {} });
    expect(tauriInvoke.mock.calls[0]?.slice(0, 2)).toEqual(['plugin:clerk|create_sign_in', { params: {} }]);
    const [one, other] = [requestId(0) ?? '', requestId(1) ?? ''];
    expect(one).toMatch(/^[a-z0-9]{16,40}\.[a-z0-9]{16,40}$/);
    expect(other).not.toBe(one);
    expect(other.split('.')[0]).toBe(one.split('.')[0]);
  });

  it('invoke() passes ids as data: none becomes part of the URL of a command', async () => {
    const id = '../sign_out?x=1#y|z\r\nclerk-request: other';
    await getOrganization(id);
    await reloadSignIn(id, null);
    await commands.getToken({ sessionId: id });
    expect(tauriInvoke.mock.calls.map((call) => call.slice(0, 2))).toEqual([
      ['plugin:clerk|get_organization', { id }],
      ['plugin:clerk|reload_sign_in', { signInId: id, rotatingTokenNonce: null }],
      ['plugin:clerk|get_token', { params: { sessionId: id } }],
    ]);
    expect(requestId(1)).toMatch(/^[a-z0-9.]+$/);
  });

  it('invoke() of a reloaded page has another name, and another copy of the library on the same page has not', async () => {
    await invoke('load', { options: {} });
    vi.resetModules();
    const copy = await import('../invoke');
    await copy.invoke('load', { options: {} });
    Reflect.deleteProperty(document, PAGE);
    await invoke('load', { options: {} });
    const pages = [0, 1, 2].map((call) => requestId(call)?.split('.')[0]);
    expect(pages[1]).toBe(pages[0]);
    expect(pages[2]).not.toBe(pages[0]);
  });

  it('invoke() says in the name of a page whether it is in a frame, which gets no updates', async () => {
    await invoke('load', { options: {} });
    Reflect.deleteProperty(document, PAGE);
    vi.stubGlobal('top', {});
    await invoke('load', { options: {} });
    expect([0, 1].map((call) => requestId(call)?.startsWith('frame-'))).toEqual([false, true]);
  });

  it.each(['notices', 'get_token', 'get_organization', 'clerk_js_state'])(
    'invoke() sends no id with %s, which changes nothing',
    async (command) => {
      await invoke(command);
      expect(requestId(0)).toBeUndefined();
    },
  );
});
