/**
 * Listeners for the events that Rust emits. Every window with `core:default` may emit them too, with any payload, so an event only
 * says when to ask Rust.
 */
import { type EventCallback, listen as listenTo } from '@tauri-apps/api/event';

import { authEvents, events, notices, type NumberedAuthEvent } from './bindings';
import { notify } from './listeners';
import { reviveError } from './revive';

/** Listens to an event of Rust. */
export async function listen(event: string, callback: EventCallback<unknown>): Promise<() => void> {
  try {
    return await listenTo(event, callback);
  } catch (rejection) {
    throw await reviveError(rejection, 'event.listen');
  }
}

/** Listens, and reads what has happened before. Ends listening if that fails. */
async function listenAndRead(event: string, read: () => Promise<void>): Promise<() => void> {
  const unlisten = await listen(event, () => {
    // It is read again with the next event.
    read().catch(() => undefined);
  });
  try {
    await read();
  } catch (error) {
    unlisten();
    throw error;
  }
  return unlisten;
}

/** Calls `callback` when a browser flow has finished and no window was waiting for it. */
export function onRedirectFinished(callback: () => void): Promise<() => void> {
  return listen(events.redirectFinished, () => {
    callback();
  });
}

/** A non-fatal diagnostic. */
export interface Notice {
  /** A stable code, e.g. `storage_unavailable`. */
  code: string;
  /** What happened and what to do. */
  message: string;
}

/**
 * Calls `callback` with each notice once, e.g. that no keyring is available. Notices from before the window was opened
 * come first. Needs the permission `clerk:read-state`.
 *
 * @returns a function that removes the listener.
 */
export async function onNotice(callback: (notice: Notice) => void): Promise<() => void> {
  const seen = new Set<string>();
  const read = async () => {
    for (const { code, message } of await notices()) {
      if (!seen.has(`${code} ${message}`)) {
        seen.add(`${code} ${message}`);
        notify(callback, { code, message });
      }
    }
  };
  return await listenAndRead(events.notice, read);
}

/** The events of {@link onAuthEvent}, by name. */
export type AuthEvents = {
  [Type in NumberedAuthEvent['type']]: Extract<NumberedAuthEvent, { type: Type }>;
};

/**
 * Calls `callback` with each event of this type: `signedIn`, `signedOut` with its reason, `sessionChanged`, `accountDeleted` or
 * `tokenRefreshed`. Every window can listen; events are reported from the moment when the returned promise resolves. Needs the
 * permission `clerk:read-state`. No event contains a token.
 *
 * @param options.past - whether to report earlier events of this run of the app first, out of the last 32 of all types. Default:
 *   false.
 * @returns a function that removes the listener.
 *
 * @example
 * ```ts
 * await onAuthEvent('signedOut', ({ reason }) => {
 *   if (reason !== 'signed_out') showMessage('Your session has ended. Please sign in again.');
 * });
 * ```
 */
export async function onAuthEvent<Type extends keyof AuthEvents>(
  type: Type,
  callback: (event: AuthEvents[Type]) => void,
  options: { past?: boolean } = {},
): Promise<() => void> {
  const isOfType = (event: NumberedAuthEvent): event is AuthEvents[Type] => event.type === type;
  let last = 0;
  let calls = !!options.past;
  let hasEnded = false;
  const read = async () => {
    for (const event of await authEvents()) {
      if (event.sequence > last) {
        last = event.sequence;
        if (calls && !hasEnded && isOfType(event)) {
          notify(callback, event);
        }
      }
    }
    calls = true;
  };
  const unlisten = await listenAndRead(events.authEvent, read);
  return () => {
    hasEnded = true;
    unlisten();
  };
}
