/**
 * The way to Rust. The only file that knows the generated bindings at run time.
 */
import { commands as generated, events } from './bindings';
import { reviveError } from './errors';

type Commands = typeof generated;

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function reviving<Arguments extends unknown[], Result>(
  name: string,
  command: (...args: Arguments) => Promise<Result>,
): (...args: Arguments) => Promise<Result> {
  return async (...args) => {
    try {
      return await command(...args);
    } catch (rejection) {
      throw reviveError(rejection, snakeCase(name));
    }
  };
}

/** The commands of the plugin; what they are rejected with is an error of this library. */
export const commands = Object.fromEntries(
  Object.entries(generated).map(([name, command]) => [
    name,
    reviving(name, command as (...args: unknown[]) => Promise<unknown>),
  ]),
) as unknown as Commands;

/** Hears of new revisions of the state. */
export function onStateChanged(callback: (revision: number) => void): Promise<() => void> {
  return events.stateChanged.listen((event) => {
    callback(event.payload.revision);
  });
}

/** Hears that a browser flow finished with no window waiting for it. */
export function onRedirectFinished(callback: () => void): Promise<() => void> {
  return events.redirectFinished.listen(() => {
    callback();
  });
}

/** Something that a developer should know of. */
export interface Notice {
  /** A stable code, e.g. `storage_unavailable`. */
  code: string;
  /** What happened and what to do. */
  message: string;
}

/**
 * Hears of things that stop nothing and still ought to be known, e.g. that there is no keyring. What came before the window
 * was opened is told at once.
 *
 * @returns a function that ends it.
 */
export async function onNotice(callback: (notice: Notice) => void): Promise<() => void> {
  const told = new Set<string>();
  const tell = ({ code, message }: Notice) => {
    if (!told.has(`${code} ${message}`)) {
      told.add(`${code} ${message}`);
      callback({ code, message });
    }
  };
  const end = await events.notice.listen((event) => {
    tell(event.payload);
  });
  (await commands.notices()).forEach(tell);
  return end;
}
