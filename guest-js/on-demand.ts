/** What the class imports on first use. */
export { authenticate, flows } from './class/browser-flows';
export { attemptPasskey, signInWithPasskey } from './passkey';
