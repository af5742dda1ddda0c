/** Waiting for a page in the system browser. */
import { cancelAuthentication, type OpenAndWaitOutcome } from '../bindings';
import { clerkJsState, openAndWait } from '../on-demand-commands';
import { ClerkRuntimeError, isClerkRuntimeError } from '../errors';
import type { ClerkJs } from './packages';

/** What people read when a flow ends without an outcome. Keys of the option `localization.unstable__errors` replace them. */
const MESSAGES: Record<string, string> = {
  oauth_flow_cancelled: 'You cancelled this in the app.',
  oauth_flow_superseded: 'This was replaced by a newer attempt.',
  oauth_flow_timed_out: 'This was not finished in the browser in time. Try again.',
};

/** A click that brings the window to the front has hardly any time between the two. */
const CLICK_AFTER_FOCUS = 500;

/**
 * Opens a page of a provider in the system browser and waits until the user comes back. While it waits, the component is dimmed,
 * so Escape or a click on it cancels the wait.
 *
 * @throws {@link ClerkRuntimeError} `oauth_flow_cancelled`, `oauth_flow_superseded`, `oauth_flow_timed_out`, `url_not_allowed`,
 * `browser_unavailable`
 */
export async function openInBrowser(url: string): Promise<OpenAndWaitOutcome> {
  const stop = offerCancelling();
  try {
    return await openAndWait(url);
  } catch (error) {
    const message = isClerkRuntimeError(error) ? MESSAGES[error.code] : undefined;
    if (isClerkRuntimeError(error) && message !== undefined) {
      throw new ClerkRuntimeError(message, { code: error.code, longMessage: message, cause: error });
    }
    throw error;
  } finally {
    stop();
  }
}

/** An attempt as the Frontend API sends it. */
interface RawAttempt {
  id?: string;
  first_factor_verification?: RawVerification | null;
  verifications?: { external_account?: RawVerification | null } | null;
}

interface RawVerification {
  error?: { code?: string } | null;
}

/**
 * Like {@link openInBrowser}, for the page of an attempt to sign in or up. If the provider refused, the callback URL says so, as
 * the Frontend API's does: clerk-js then throws, which frees the component and shows the error on it.
 */
export async function openVerification(clerk: ClerkJs, url: string): Promise<OpenAndWaitOutcome> {
  const attempt = attemptOf(clerk, url);
  const outcome = await openInBrowser(url);
  const client = (await clerkJsState()).client as Partial<
    Record<'sign_in' | 'sign_up', RawAttempt | null>
  > | null;
  const raw = [client?.sign_in, client?.sign_up].find((one) => one?.id !== undefined && one.id === attempt);
  const error = (raw?.verifications?.external_account ?? raw?.first_factor_verification)?.error;
  if (!error?.code) {
    return outcome;
  }
  const callbackUrl = new URL(outcome.callbackUrl);
  callbackUrl.searchParams.set('__clerk_status', 'failed');
  callbackUrl.searchParams.set('__clerk_error_code', error.code);
  return { callbackUrl: callbackUrl.href };
}

/** The ID of the attempt that a provider's page belongs to. */
function attemptOf({ client }: ClerkJs, url: string): string | undefined {
  const attempts = [
    { id: client?.signIn.id, verification: client?.signIn.firstFactorVerification },
    { id: client?.signUp.id, verification: client?.signUp.verifications.externalAccount },
  ];
  return attempts.find(({ verification }) => verification?.externalVerificationRedirectURL?.href === url)?.id;
}

function offerCancelling(): () => void {
  const cancel = () => {
    cancelAuthentication().catch((error: unknown) => {
      console.error('[clerk] the flow in the system browser could not be cancelled', error);
    });
  };
  let focused = performance.now();
  let leftOnce = false;
  const controller = new AbortController();
  const options = { signal: controller.signal, capture: true };
  window.addEventListener(
    'keydown',
    ({ key }) => {
      if (key === 'Escape') {
        cancel();
      }
    },
    options,
  );
  window.addEventListener(
    'blur',
    () => {
      leftOnce = true;
    },
    options,
  );
  window.addEventListener(
    'focus',
    () => {
      focused = performance.now();
    },
    options,
  );
  // The buttons are disabled, so the card hears of a press but not of a click.
  window.addEventListener(
    'pointerdown',
    ({ target }) => {
      const card = target instanceof Element && target.closest('.cl-cardBox, .cl-card');
      if (card && leftOnce && performance.now() - focused > CLICK_AFTER_FOCUS) {
        cancel();
      }
    },
    options,
  );
  return () => {
    controller.abort();
  };
}
