/** What the groups of the documented class, and resources, need from the class itself. */
import type * as wire from '../bindings';
import type { Session } from '../resources/session';
import type { ClerkOptions } from '../options';
import type { Urls } from '../urls';

export interface Context {
  /** The newest state that is known here. */
  snapshot(): wire.Snapshot | undefined;
  /** The options that hold for this window. */
  options(): wire.ClerkOptions;
  /** The URL builders for the present page and state. */
  urls(): Urls;
  /** The active session, as the app sees it. */
  session(): Session | null | undefined;
  /** Brings the mirrored state up to date. */
  sync(): Promise<void>;
  navigate(to: string | null | undefined): Promise<unknown>;
  /** Whether `load()` has finished. */
  loaded(): boolean;
  /** Resolves when `load()` has succeeded. */
  whenLoaded(): Promise<void>;
  /** The options that this window gave. */
  given(): ClerkOptions;
  /** Returns what the session token of a session grants by now, as far as Rust has one. */
  entitlements(sessionId: string): wire.Entitlements | undefined;
}

/** A group of the documented class. Each group extends the one before it; `Clerk` is the last. */
export abstract class Group {
  /** @internal */
  abstract get context(): Context;
}

/** Whether `load()` has finished. If not, warns that `method` does nothing; Clerk's own SDKs are silent then. */
export function isReadyFor(context: Context, method: string): boolean {
  if (!context.loaded()) {
    console.warn(`[clerk] ${method}() does nothing before load() has finished: await load() first`);
  }
  return context.loaded();
}
