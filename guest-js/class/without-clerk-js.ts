/** Takes the place of `import-clerk-js.ts` in `api-iife.js`: an app without a bundler has no packages to import. */
import { ClerkRuntimeError } from '../errors';
import type { importClerkJs as original } from './import-clerk-js';

export const importClerkJs: typeof original = () =>
  Promise.reject(
    new ClerkRuntimeError(
      "Clerk's components need the packages @clerk/clerk-js and @clerk/ui, which an app without a bundler cannot import",
      { code: 'components_unavailable' },
    ),
  );
