/** Links back from the browser that the operating system can't pass to the app. */
import { handleCallbackLink as handle } from './bindings';
import type { LinkOutcome } from './bindings';

/**
 * Handles a link that the user copied from the browser: where the browser can't reach the app, e.g. because it runs on another
 * computer, or after a restart of the app. The flow that is waiting, e.g. `authenticateWithRedirect`, ends as if the link had been opened.
 *
 * A link counts only if Clerk confirms that it belongs to a flow of this app.
 *
 * @returns `delivered` if a flow was waiting for it, `resumed` if it finished a flow that nobody was waiting for any more, `refused` if
 * it proved nothing, `notOurs` if it does not begin with the app's callback URL.
 * @throws {@link ClerkRuntimeError} `option_invalid` if the text is no link.
 *
 * @example
 * ```ts
 * if ((await handleCallbackLink(input.value)) === 'refused') hint.textContent = 'Start the sign-in again.';
 * ```
 */
export async function handleCallbackLink(link: string): Promise<LinkOutcome> {
  return handle(link);
}

export type { LinkOutcome };
