/** Imports what runs only after the user has done something, so that the page does not load it at once. */
export const importOnDemand = () => import('./on-demand');
