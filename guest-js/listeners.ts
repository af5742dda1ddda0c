/** Listeners that cannot keep each other from being called. */
export class Listeners<Value> {
  #entries: { call: (value: Value) => unknown }[] = [];

  /** Adds a listener, which may be there already. Returns a function that removes it. */
  add(call: (value: Value) => unknown): () => void {
    const entry = { call };
    this.#entries.push(entry);
    return () => {
      this.#entries = this.#entries.filter((one) => one !== entry);
    };
  }

  /** Removes a listener, the one that was added first; all of them without an argument. */
  remove(call?: (value: Value) => unknown): void {
    const first = this.#entries.findIndex((entry) => entry.call === call);
    this.#entries = call ? this.#entries.filter((_, index) => index !== first) : [];
  }

  notify(value: Value): void {
    // A copy: a listener may add others, which have seen this value.
    for (const { call } of [...this.#entries]) {
      notify(call, value);
    }
  }
}

/** Calls one listener. An error is logged, so that the others are still called. */
export function notify<Value>(call: (value: Value) => unknown, value: Value): void {
  try {
    call(value);
  } catch (error) {
    console.error('[clerk] a listener failed', error);
  }
}
