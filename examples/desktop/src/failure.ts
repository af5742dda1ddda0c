/** Errors, as the cards show them. */
import { isClerkAPIResponseError, isClerkRuntimeError } from 'tauri-plugin-clerk-api';

import { element } from './dom';

/** An error, as displayed. */
export interface Failure {
  code: string;
  message: string;
}

/** Returns what is displayed of an error. */
export function failureOf(error: unknown): Failure {
  if (isClerkAPIResponseError(error)) {
    const first = error.errors[0];
    return { code: first?.code ?? error.code, message: first?.longMessage ?? error.message };
  }
  if (isClerkRuntimeError(error)) {
    return { code: error.code, message: error.message };
  }
  return { code: 'unknown', message: String(error) };
}

/** Creates the box that displays an error. */
export function failureBox({ code, message }: Failure): HTMLElement {
  return element(
    'div',
    { class: 'error' },
    element('span', { testId: 'error-message' }, message),
    element('code', { testId: 'error-code' }, code),
  );
}
