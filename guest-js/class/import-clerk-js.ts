/** Imports clerk-js on first use, so that apps without Clerk's components do not contain it. */
export const importClerkJs = () => import('../clerk-js/for-class');
