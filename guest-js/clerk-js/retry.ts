/** The pause after a failure, which doubles with each further one. */
const DELAY = 1000;
const MAX_DELAY = 60_000;

/** Repeats what failed until it succeeds. */
export class Retry {
  readonly #again: () => void;
  readonly #message: string;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param message - is logged with the first error of several. */
  constructor(again: () => void, message: string) {
    this.#again = again;
    this.#message = message;
  }

  /** Runs `action`. After an error, `again` is called later. */
  async attempt(action: () => Promise<void>): Promise<void> {
    clearTimeout(this.#timer);
    try {
      await action();
      this.#failures = 0;
    } catch (error) {
      if (this.#failures === 0) {
        console.error(this.#message, error);
      }
      clearTimeout(this.#timer);
      this.#timer = setTimeout(this.#again, Math.min(DELAY * 2 ** this.#failures, MAX_DELAY));
      this.#failures += 1;
    }
  }
}
