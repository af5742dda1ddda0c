/** Waiting for a page in the system browser. */
import { cancelAuthentication, openAndWait, type OpenAndWaitOutcome } from '../bindings';
import { ClerkRuntimeError, isClerkRuntimeError } from '../errors';

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
