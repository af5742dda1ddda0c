/**
 * Listeners for the events that Rust emits. Every window with `core:default` may emit them too, with any payload, so an event only
 * says when to ask Rust.
 */
import { endedSessions, events, notices, type SessionEnded } from './bindings';

/** Calls `callback` with each new revision of the state. */
export function onStateChanged(callback: (revision: number) => void): Promise<() => void> {
  return events.stateChanged.listen((event) => {
    const payload = event.payload as { revision?: unknown } | null;
    if (typeof payload?.revision === 'number') {
      callback(payload.revision);
    }
  });
}

/** Calls `callback` when a browser flow has finished and no window was waiting for it. */
export function onRedirectFinished(callback: () => void): Promise<() => void> {
  return events.redirectFinished.listen(() => {
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
        callback({ code, message });
      }
    }
  };
  const unlisten = await events.notice.listen(() => {
    // They are read again with the next event.
    read().catch(() => undefined);
  });
  await read();
  return unlisten;
}

/**
 * Calls `callback` with each session that ends although the user did not end it on this device, e.g. because it expired or was
 * revoked. A session that ended before the window was opened, in this run of the app, comes first. Needs the permission
 * `clerk:read-state`; the event itself says nothing.
 *
 * @returns a function that removes the listener.
 */
export async function onSessionEnded(callback: (ended: SessionEnded) => void): Promise<() => void> {
  let last = 0;
  const read = async () => {
    for (const ended of await endedSessions()) {
      if (ended.sequence > last) {
        last = ended.sequence;
        callback(ended);
      }
    }
  };
  const unlisten = await events.sessionEnded.listen(() => {
    // It is read again with the next event.
    read().catch(() => undefined);
  });
  await read();
  return unlisten;
}
