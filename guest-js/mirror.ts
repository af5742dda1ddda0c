/**
 * A copy of the auth state, which Rust owns.
 *
 * A page that has read the state gets an update with each change. An update for another state than the one that is known here makes
 * the page read what has changed. Listeners are notified of each revision once, in order.
 */
import { elapsed, type Moment, now } from './aging';
import { type Entitlements, snapshot as readSnapshot, type WindowSnapshot } from './bindings';
import { coalesce } from './coalesce';
import { patched, type Patch } from './patch';
import { UPDATE, type Update } from './updates';

export class Mirror {
  /** As Rust sent it. The app gets a copy, which it may change: the next patch is for this. */
  #known: WindowSnapshot | undefined;
  #snapshot: WindowSnapshot | undefined;
  #received: Moment = now();
  readonly #onChange: (snapshot: WindowSnapshot) => void;

  constructor(onChange: (snapshot: WindowSnapshot) => void) {
    this.#onChange = onChange;
  }

  /** The newest state that is known here. */
  get snapshot(): WindowSnapshot | undefined {
    return this.#snapshot;
  }

  /** Returns what the session token of a session grants by now, as far as Rust has one. */
  entitlements(sessionId: string): Entitlements | undefined {
    const granted = this.#snapshot?.entitlements[sessionId];
    return granted && elapsed(this.#received) < granted.remainingMs ? granted : undefined;
  }

  /**
   * Reads the state, and follows it from now on.
   *
   * @throws `invoke_failed` when the window has no permission to read it.
   */
  start(): Promise<void> {
    // Once, however often it is called. A page to which the user goes back has missed what happened meanwhile.
    window.addEventListener(UPDATE, this.#follow);
    window.addEventListener('pageshow', this.#follow);
    return this.sync();
  }

  /** Takes an update, or reads the state of a page that is shown again. */
  readonly #follow = ({
    detail,
    persisted = true,
  }: Partial<CustomEvent<Update> & PageTransitionEvent>): void => {
    if (detail?.changes && detail.since === this.handle) {
      this.take(patched(this.#known, detail.changes) as WindowSnapshot);
    } else if (persisted) {
      this.sync().catch((error: unknown) => {
        console.error('[clerk] the state could not be read', error);
      });
    }
  };

  /**
   * Reads the state. Resolves when the copy is at least as new as the call, however many updates come meanwhile.
   *
   * @throws `invoke_failed` when the window has no permission to read it.
   */
  readonly sync = coalesce(() => this.#read());

  async #read(): Promise<void> {
    const known = this.#known;
    const state = await readSnapshot(this.handle);
    if (state) {
      if (!('sent' in state)) {
        this.take('changes' in state ? (patched(known, state.changes as Patch) as WindowSnapshot) : state);
      } else if (this.handle !== state.sent) {
        // That update may be lost.
        await this.#read();
      }
    }
  }

  /** Names the state that is known here, for Rust; 0 for none. */
  get handle(): number {
    return this.#known?.handle ?? 0;
  }

  get #revision(): number {
    return this.#snapshot?.revision ?? -1;
  }

  /**
   * Takes a state over, unless a newer one is known. At the same revision only the options of this window can differ, and what
   * changes by time, so listeners are not notified.
   */
  take(snapshot: WindowSnapshot): void {
    const known = this.#revision;
    if (snapshot.revision >= known) {
      this.#known = snapshot;
      this.#snapshot = JSON.parse(JSON.stringify(snapshot)) as WindowSnapshot;
      this.#received = now();
      if (snapshot.revision > known) {
        this.#onChange(this.#snapshot);
      }
    }
  }
}
