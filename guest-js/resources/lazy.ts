/** Methods whose code is loaded with the first call of one of them, because an app that only signs in does not need them. */

type Methods = typeof import('./methods');

/** The resources that have such methods. */
export type Kind = keyof Methods;

/** The methods of a resource. */
export type MethodsOf<Name extends Kind> = {
  [Method in keyof Methods[Name]]: Methods[Name][Method] extends (
    this: infer _This,
    ...args: infer Args
  ) => infer Result
    ? (...args: Args) => Result
    : never;
};

/** Adds the methods of a resource, by their names, separated by spaces. */
export function addMethods(prototype: object, kind: Kind, names: string): void {
  for (const name of names.split(' ')) {
    const call = async function (this: unknown, ...args: unknown[]): Promise<unknown> {
      const methods = await import('./methods');
      return await (methods[kind] as unknown as Record<string, typeof call>)[name]?.apply(this, args);
    };
    Object.defineProperty(prototype, name, { value: call, configurable: true, writable: true });
  }
}
