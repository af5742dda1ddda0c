/** Calls to the prebuilt components, some of which arrive before the packages that show them. */
import type { ClerkJs } from '../clerk-js/packages';
import type { Context } from './context';
import { importClerkJs } from './import-clerk-js';

/** A component that is to be shown. */
interface Pending {
  method: string;
  args: unknown[];
  /** The node of a component that is mounted; the name of one that is opened. */
  place: unknown;
}

export class ComponentCalls {
  readonly #context: () => Context;
  #clerkJs: ClerkJs | undefined;
  #loading: Promise<void> | undefined;
  /** What is shown when the packages are there, in order. */
  #pending: Pending[] = [];

  constructor(context: () => Context) {
    this.#context = context;
  }

  mount(component: string, args: unknown[]): void {
    this.#show({ method: `mount${component}`, args, place: args[0] });
  }

  unmount(component: string, args: unknown[]): void {
    this.#hide(`unmount${component}`, args, args[0]);
  }

  open(component: string, args: unknown[]): void {
    this.#show({ method: `open${component}`, args, place: component });
  }

  close(component: string, args: unknown[]): void {
    this.#hide(`close${component}`, args, component);
  }

  #show(pending: Pending): void {
    if (this.#clerkJs) {
      call(this.#clerkJs, pending.method, pending.args);
      return;
    }
    this.#pending.push(pending);
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined;
      this.#pending = [];
      report(error);
    });
  }

  #hide(method: string, args: unknown[], place: unknown): void {
    if (this.#clerkJs) {
      call(this.#clerkJs, method, args);
    } else {
      // Nothing is shown yet, and this will not be.
      this.#pending = this.#pending.filter((pending) => pending.place !== place);
    }
  }

  async #load(): Promise<void> {
    const { createForClass } = await importClerkJs();
    this.#clerkJs = await createForClass(this.#context());
    const pending = this.#pending;
    this.#pending = [];
    for (const { method, args } of pending) {
      try {
        call(this.#clerkJs, method, args);
      } catch (error) {
        // The others are shown all the same.
        report(error);
      }
    }
  }
}

function call(clerkJs: ClerkJs, method: string, args: unknown[]): void {
  (clerkJs as unknown as Record<string, (...args: unknown[]) => void>)[method]?.(...args);
}

/** Reports an error that no caller can catch. */
export function report(error: unknown): void {
  if (typeof reportError === 'function') {
    reportError(error);
  } else {
    console.error('[clerk] a component could not be shown', error);
  }
}
