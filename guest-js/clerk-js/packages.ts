/** Clerk's packages, which are optional peers of this one. */
import { ClerkRuntimeError } from '../errors';
import { mute } from './mute';

export type ClerkJsModule = typeof import('@clerk/clerk-js/no-rhc');
export type UiModule = typeof import('@clerk/ui/no-rhc');
/** An instance of clerk-js. */
export type ClerkJs = InstanceType<ClerkJsModule['Clerk']>;

function unavailable(name: string, cause: unknown): ClerkRuntimeError {
  return new ClerkRuntimeError(
    `Clerk's components need the packages @clerk/clerk-js and @clerk/ui, and ${name} could not be loaded. Install both: npm install @clerk/clerk-js @clerk/ui`,
    { code: 'components_unavailable', cause },
  );
}

// Bundlers accept that a package is absent only if its import is directly inside a `try`.

/** @throws {@link ClerkRuntimeError} `components_unavailable` */
export async function importClerkJs(): Promise<ClerkJsModule> {
  const unmute = mute();
  try {
    return await import('@clerk/clerk-js/no-rhc');
  } catch (error) {
    throw unavailable('@clerk/clerk-js', error);
  } finally {
    unmute();
  }
}

/** @throws {@link ClerkRuntimeError} `components_unavailable` */
export async function importUi(): Promise<UiModule> {
  try {
    return await import('@clerk/ui/no-rhc');
  } catch (error) {
    throw unavailable('@clerk/ui', error);
  }
}
