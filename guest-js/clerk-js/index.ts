/**
 * Clerk's own `clerk-js` on the plugin: every request goes through Rust, and the credential of the device is never in the window.
 *
 * It needs the packages `@clerk/clerk-js` and `@clerk/ui`, and the permission `clerk:components`.
 */
import { create } from './create';
import type { ClerkJsOptions } from './options';
import { type ClerkJs, importClerkJs, importUi } from './packages';

export { cancelAuthentication } from '../bindings';
export { ClerkRuntimeError, isClerkRuntimeError } from '../errors';
export type { ClerkJsOptions } from './options';
export type { ClerkJs } from './packages';

/**
 * Imports Clerk's packages ahead of their use, e.g. while the app is idle.
 *
 * @throws {@link ClerkRuntimeError} `components_unavailable`
 */
export async function preload(): Promise<void> {
  await Promise.all([importClerkJs(), importUi()]);
}

/** The instance of the document. All copies of this library in it use the same name. */
const INSTANCE = Symbol.for('tauri-plugin-clerk.clerk-js');

/**
 * Returns the instance of clerk-js of this page, loaded. The first call makes it; later ones join, and their options have no
 * effect. After an error it can be called again. `routerPush` and `routerReplace` may be replaced in the object of the options:
 * they are read at each navigation.
 *
 * @example
 * ```ts
 * const clerk = await createClerkJs();
 * clerk.mountSignIn(document.querySelector('#sign-in'));
 * ```
 *
 * @throws {@link ClerkRuntimeError} `components_unavailable` without the packages, `clerk_js_incompatible` with versions that do
 * not fit, and those of `Clerk.load`
 */
export function createClerkJs(options: ClerkJsOptions = {}): Promise<ClerkJs> {
  const known = Reflect.get(document, INSTANCE) as Promise<ClerkJs> | undefined;
  if (known) {
    return known;
  }
  const instance = create(options).catch((error: unknown) => {
    Reflect.deleteProperty(document, INSTANCE);
    throw error;
  });
  Reflect.set(document, INSTANCE, instance);
  return instance;
}
