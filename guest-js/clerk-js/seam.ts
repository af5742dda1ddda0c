/**
 * What this package relies on in Clerk's. Some of it is typed but not documented, so a new version may lack it; then one error
 * says so, instead of a component that fails later.
 */
import { ClerkRuntimeError } from '../errors';
import type { ClerkJs, ClerkJsModule, UiModule } from './packages';

function versionOf(holder: unknown): string {
  const version = (holder as { version?: unknown } | undefined)?.version;
  return typeof version === 'string' ? version : 'of an unknown version';
}

function check(name: string, version: string, parts: Record<string, boolean>): void {
  const missing = Object.keys(parts).filter((part) => !parts[part]);
  if (missing.length > 0) {
    throw new ClerkRuntimeError(
      `${name} ${version} does not fit this version of tauri-plugin-clerk-api, because it lacks ${missing.join(', ')}. Install a version that this package's peerDependencies name.`,
      { code: 'clerk_js_incompatible' },
    );
  }
}

/** Whether an object has a method of its own that can be replaced. */
function replaceable(object: object, name: string): boolean {
  const property = Object.getOwnPropertyDescriptor(object, name);
  return typeof property?.value === 'function' && property.writable === true;
}

const isMethod = (object: unknown, name: string) =>
  typeof (object as Record<string, unknown> | undefined)?.[name] === 'function';

/** @throws {@link ClerkRuntimeError} `clerk_js_incompatible` */
export function checkModules(clerkJs: ClerkJsModule, ui: unknown): asserts ui is UiModule['ui'] {
  check('@clerk/clerk-js', versionOf(clerkJs.Clerk), { Clerk: isMethod(clerkJs, 'Clerk') });
  check('@clerk/ui', versionOf(ui), { 'ui.ClerkUI': isMethod(ui, 'ClerkUI') });
}

/** Checks an instance that is not loaded yet. @throws {@link ClerkRuntimeError} `clerk_js_incompatible` */
export function checkInstance(clerk: ClerkJs): void {
  const methods = [
    'getFapiClient',
    'setActive',
    'signOut',
    'handleUnauthenticated',
    '__internal_windowNavigate',
  ];
  check('@clerk/clerk-js', versionOf(clerk), {
    ...Object.fromEntries(methods.map((name) => [name, replaceable(clerk, name)])),
    updateClient: isMethod(clerk, 'updateClient'),
    updateEnvironment: isMethod(clerk, 'updateEnvironment'),
    'getFapiClient().request':
      !isMethod(clerk, 'getFapiClient') || isMethod(clerk.getFapiClient(), 'request'),
  });
}

/** A resource of clerk-js that can be filled from JSON, which its published types do not say. */
interface FromJson {
  fromJSON(json: unknown): unknown;
}

/** Checks an instance that has loaded. @throws {@link ClerkRuntimeError} `clerk_js_incompatible` */
export function checkLoaded(clerk: ClerkJs): void {
  check('@clerk/clerk-js', versionOf(clerk), {
    'client.fromJSON': isMethod(clerk.client, 'fromJSON'),
    'environment.fromJSON': isMethod(clerk.__internal_environment, 'fromJSON'),
  });
}

/** Fills a resource of a loaded instance. */
export function fill(resource: unknown, json: unknown): void {
  (resource as FromJson).fromJSON(json);
}
