/**
 * clerk-js shares session tokens with the other tabs of a browser by a `BroadcastChannel`, which it opens while its module is
 * evaluated. All windows of an app have the same origin, so a window without the permission to get session tokens would hear
 * them. While the module is evaluated, it gets a channel that is connected to nothing, and it keeps that one.
 */

/** A channel without other ends. */
class MutedChannel extends EventTarget {
  onmessage = null;
  onmessageerror = null;

  constructor(readonly name: string) {
    super();
  }

  postMessage(): void {
    // Nobody hears it.
  }

  close(): void {
    // Nothing is open.
  }
}

/** How many imports are under way. */
let importing = 0;
let original: typeof BroadcastChannel | undefined;
let muted: typeof BroadcastChannel | undefined;

/**
 * Mutes the channels that clerk-js opens from now on.
 *
 * @returns a function that ends this.
 */
export function mute(): () => void {
  importing += 1;
  if (importing === 1 && typeof BroadcastChannel !== 'undefined') {
    original = globalThis.BroadcastChannel;
    // Channels of the app, which may be opened while the module is being fetched, work as always.
    muted = new Proxy(original, {
      construct: (target, args: unknown[], newTarget) =>
        String(args[0]).startsWith('clerk')
          ? new MutedChannel(String(args[0]))
          : (Reflect.construct(target, args, newTarget === muted ? target : newTarget) as BroadcastChannel),
    });
    globalThis.BroadcastChannel = muted;
  }
  return unmute;
}

function unmute(): void {
  importing -= 1;
  if (importing > 0 || !original) {
    return;
  }
  if (globalThis.BroadcastChannel === muted) {
    globalThis.BroadcastChannel = original;
  }
  original = muted = undefined;
}
