/** The example app: a window that shows the signed-in user and a list of events. */
import { Clerk, isClerkAPIResponseError, isClerkRuntimeError, onNotice } from 'tauri-plugin-clerk-api';

import { byId, element } from './dom';
import { note } from './events';
import { signedIn } from './signed-in';
import { SignedOut } from './signed-out';
import { task } from './task';

const isSecondWindow = new URLSearchParams(window.location.search).get('window') === 'second';
document.body.classList.toggle('second', isSecondWindow);

const clerk = new Clerk();
// Available in the developer console, as on the web.
Object.assign(window, { clerk });
let card: SignedOut | null = null;
let shown = '';

function render(): void {
  const { user, session } = clerk;
  // Rebuild the card only when something that it shows has changed.
  const { id, currentTask } = session ?? {};
  // Its own steps change the user, and the card stays until the task is done.
  const ofTask = session?.status === 'pending' && !isSecondWindow ? [id, currentTask?.key] : undefined;
  const now = user ? JSON.stringify(ofTask ?? [id, user.updatedAt, user.imageUrl]) : 'signed out';
  if (now === shown) {
    return;
  }
  shown = now;
  if (user && session && ofTask) {
    card = null;
    byId('main').replaceChildren(task(clerk, session, user));
  } else if (user) {
    card = null;
    byId('main').replaceChildren(signedIn(clerk, user, isSecondWindow));
  } else if (isSecondWindow) {
    byId('main').replaceChildren(
      element(
        'section',
        { class: 'card', 'data-testid': 'signed-out' },
        element('h2', {}, 'Signed out'),
        'Sign in in the main window.',
      ),
    );
  } else {
    card = new SignedOut(clerk);
    byId('main').replaceChildren(card.root);
  }
}

function showStatus(): void {
  const badge = byId('status');
  badge.textContent = clerk.status;
  badge.className = `status ${clerk.status}`;
}

function showLoadError(error: unknown): void {
  const code = isClerkAPIResponseError(error)
    ? error.errors[0]?.code
    : isClerkRuntimeError(error)
      ? error.code
      : 'unknown';
  const message = error instanceof Error ? error.message : String(error);
  byId('main').replaceChildren(
    element(
      'section',
      { class: 'card' },
      element('h2', {}, 'Clerk could not be loaded'),
      element(
        'div',
        { class: 'error', role: 'alert' },
        element('span', { 'data-testid': 'error-message' }, message),
        element('code', { 'data-testid': 'error-code' }, code ?? ''),
      ),
      element(
        'div',
        { class: 'row' },
        element(
          'button',
          { class: 'primary', 'data-testid': 'retry', onClick: () => void load() },
          'Try again',
        ),
      ),
    ),
  );
}

async function load(): Promise<void> {
  shown = '';
  try {
    await clerk.load({
      routerPush: (to) => {
        note(`navigate to ${to}`);
      },
    });
    byId('app-name').textContent =
      clerk.environment?.displayConfig.applicationName ?? 'Clerk Desktop Example';
    render();
  } catch (error) {
    showLoadError(error);
  }
}

clerk.on('status', (status) => {
  showStatus();
  note(`status: ${status}`);
});
clerk.addListener(() => {
  note(`revision ${clerk.revision}: ${clerk.user ? 'signed in' : 'signed out'}`);
  if (clerk.loaded) {
    render();
  }
});
void onNotice(({ code, message }) => {
  note(`${code}: ${message}`);
});
void load();
