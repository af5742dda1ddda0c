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
      if (revision > (this.#snapshot?.revision ?? -1)) {
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
    let answered;
    do {
      answered = this.#requests;
      this.take(await readSnapshot());
      // Who asked meanwhile may have missed what was just read.
    } while (answered !== this.#requests);
  }

  /** Takes a state over, unless it is known already. */
  take(snapshot: Snapshot): void {
    if (this.#snapshot && snapshot.revision <= this.#snapshot.revision) {
      return;
    }
    this.#snapshot = snapshot;
    this.#onChange(snapshot);
  }
}
