/** Methods whose code is loaded with the first call of one of them, because an app that only signs in does not need them. */

type Methods = typeof import('./methods');

/** The resources that have such methods. */
export type Kind = keyof Methods;

/** The functions of a module, as methods of the object that they get as `this`. */
export type Bound<Module> = {
  [Method in keyof Module]: Module[Method] extends (this: infer _This, ...args: infer Args) => infer Result
    ? (...args: Args) => Result
    : never;
};

/** The methods of a resource. */
export type MethodsOf<Name extends Kind> = Bound<Methods[Name]>;

/** Imports the methods of a resource. */
export const methodsOf = (kind: Kind) => async (): Promise<object> => (await import('./methods'))[kind];

/** Adds methods to a class, by their names, separated by spaces. The first call of one of them imports all. */
export function addMethods(prototype: object, importMethods: () => Promise<object>, names: string): void {
  for (const name of names.split(' ')) {
    const call = async function (this: unknown, ...args: unknown[]): Promise<unknown> {
      const methods = (await importMethods()) as Record<string, typeof call>;
      return await methods[name]?.apply(this, args);
    };
    Object.defineProperty(prototype, name, { value: call, configurable: true, writable: true });
  }
}
