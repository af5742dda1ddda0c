/** The one place that calls a command of the plugin; the functions of `bindings.ts` are built on it. */
import { invoke as tauriInvoke, type InvokeArgs } from '@tauri-apps/api/core';
import { reviveError } from './revive';

/** Commands that change nothing that matters, however often they run, and that do not depend on the page. */
const READS = ['notices', 'auth_events', 'get_token', 'get_organization', 'clerk_js_state'];

/**
 * Identifies the document. All copies of this library in it use the same name, so that Rust can tell a reloaded page from
 * another part of the same one.
 */
const PAGE = Symbol.for('tauri-plugin-clerk.page');

function randomText(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('');
}

function pageName(): string {
  const known = Reflect.get(document, PAGE) as string | undefined;
  if (known !== undefined) {
    return known;
  }
  // Rust sends updates to the main document of a webview only.
  const name = (window.top === window ? '' : 'frame-') + randomText();
  Reflect.set(document, PAGE, name);
  return name;
}

/**
 * Calls a command of the plugin. A command that changes something or makes the page follow the state has an id: when a page is
 * reloaded, Tauri may send it twice, and Rust then runs it once.
 *
 * @param permission - what a window needs to call the command, unless `refusal.ts` knows.
 * @throws an error of this library; see {@link reviveError}.
 */
export async function invoke<T>(command: string, args?: InvokeArgs, permission?: string): Promise<T> {
  try {
    if (READS.includes(command)) {
      return await tauriInvoke<T>(`plugin:clerk|${command}`, args);
    }
    const headers = { 'clerk-request': `${pageName()}.${randomText()}` };
    return await tauriInvoke<T>(`plugin:clerk|${command}`, args, { headers });
  } catch (rejection) {
    throw await reviveError(rejection, command, permission);
  }
}
