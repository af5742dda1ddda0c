/**
 * Updates: what has changed, which Rust sends to pages that have read the state (`src/commands/updates.rs`). No other page sees them:
 * an event would be heard by windows that may not read the state.
 */
import type { Patch } from './patch';

/** A change of the state. */
export interface Update {
  /** The handle of the state that `changes` are relative to. */
  since: number;
  /** What has changed; absent if it is too large to be sent. */
  changes?: Patch;
}

/** The name of the event of the page. */
export const UPDATE = 'tauri-plugin-clerk.update';
