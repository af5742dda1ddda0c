/**
 * A copy of the auth state, which Rust owns.
 *
 * Events say only that there is a new revision; the state is read by a command. Subscribing comes before the first
 * reading, so that nothing is missed, and a revision is never taken twice nor an older one after a newer one.
 */
import { snapshot as readSnapshot, type Snapshot } from './bindings';
import { onStateChanged } from './ipc';

export class Mirror {
  #snapshot: Snapshot | undefined;
  #reading: Promise<void> | undefined;
  #requests = 0;
  #subscribed: Promise<void> | undefined;
  readonly #onChange: (snapshot: Snapshot) => void;

  constructor(onChange: (snapshot: Snapshot) => void) {
    this.#onChange = onChange;
  }

  /** The newest state that is known here. */
  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  /** Begins to follow the state. Calling it again does nothing. */
  start(): Promise<void> {
    this.#subscribed ??= onStateChanged((revision) => {
      if (revision > this.#revision) {
        this.sync().catch((error: unknown) => {
          console.error('[clerk] the state could not be read', error);
        });
      }
    }).then(
      () => undefined,
      (error: unknown) => {
        this.#subscribed = undefined;
        throw error;
      },
    );
    return this.#subscribed;
  }

  /**
   * Reads the state. Resolves when what it shows is at least as new as the call.
   *
   * @throws `invoke_failed` when the window may not read it.
   */
  sync(): Promise<void> {
    this.#requests += 1;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    let served;
    do {
      served = this.#requests;
      const snapshot = await readSnapshot();
      if (snapshot.revision > this.#revision) {
        this.take(snapshot);
      }
      // A caller that came meanwhile may have missed what was just read.
    } while (served !== this.#requests);
  }

  get #revision(): number {
    return this.#snapshot?.revision ?? -1;
  }

  /**
   * Takes a state over, unless a newer one is known. A state of the known revision may bring other options along, which
   * hold for this window alone; listeners are not notified of it.
   */
  take(snapshot: Snapshot): void {
    const known = this.#revision;
    if (snapshot.revision >= known) {
      this.#snapshot = snapshot;
    }
    if (snapshot.revision > known) {
      this.#onChange(snapshot);
    }
  }
}
