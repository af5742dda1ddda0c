/** Clerk's React components and hooks on the plugin. */
export {};
