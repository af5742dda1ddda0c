/** The one place that calls a command of the plugin; the functions of `bindings.ts` are built on it. */
import { invoke as tauriInvoke, type InvokeArgs } from '@tauri-apps/api/core';
import { reviveError } from './errors';

/**
 * Calls a command of the plugin.
 *
 * @throws an error of this library; see {@link reviveError}.
 */
export async function invoke<T>(command: string, args?: InvokeArgs): Promise<T> {
  try {
    return await tauriInvoke<T>(`plugin:clerk|${command}`, args);
  } catch (rejection) {
    throw reviveError(rejection, command);
  }
}
