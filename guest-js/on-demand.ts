/** What the class imports on first use. */
export * as methods from './class/methods';
export { navigate } from './navigation';
export { openExternal } from './on-demand-commands';
export { attemptPasskey, signInWithPasskey } from './passkey';
