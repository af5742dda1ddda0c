/**
 * Returns a function that runs `read`, once at a time. Its promise resolves when a run that began after the call has ended,
 * however many calls come meanwhile.
 */
export function coalesce(read: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  /** The run that follows the present one. */
  let next: Promise<void> | undefined;
  const run = (): Promise<void> => {
    if (!running) {
      running = read().finally(() => {
        running = undefined;
      });
      return running;
    }
    // What is being read may be older than the call.
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return run();
      });
    return next;
  };
  return run;
}
