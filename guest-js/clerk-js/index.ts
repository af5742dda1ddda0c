/** Clerk's own `clerk-js` on the plugin: every request goes through Rust, and no credential is in the window. */
export {};
