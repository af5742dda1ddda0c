/** The instance of clerk-js behind the component methods of the class `Clerk`. */
import type { Context } from '../class/context';
import type { ClerkOptions } from '../options';
import { createClerkJs, preload } from './index';
import type { ClerkJsOptions } from './options';
import type { ClerkJs } from './packages';

/** Options that apply to the class `Clerk` itself, not to clerk-js below it. */
const OF_CLASS: readonly string[] = [
  'polling',
  'selectInitialSession',
  'standardBrowser',
  'isSatellite',
  'telemetry',
  'sdkMetadata',
] satisfies (keyof ClerkOptions)[];

/** The options of `Clerk.load`, for the components that the class shows. */
function optionsOfClass(given: ClerkOptions): ClerkJsOptions {
  const options = Object.entries(given).filter(([name]) => !OF_CLASS.includes(name));
  // The class touches the session when the window gets the focus.
  return { ...(Object.fromEntries(options) as ClerkJsOptions), touchSession: false };
}

/** Makes the instance when the class has loaded. */
export async function createForClass(context: Context): Promise<ClerkJs> {
  // The packages are imported while Rust loads.
  await Promise.all([preload(), context.whenLoaded()]);
  return await createClerkJs(optionsOfClass(context.given()));
}
