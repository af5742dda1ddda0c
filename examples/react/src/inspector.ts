/** The inspector: a window with the thin class, which shows Rust's state, can sign out, and may do little else. */
import { Clerk } from 'tauri-plugin-clerk-api';

import { byId } from './dom';
import { applyTheme, onSystemChange, storedTheme } from './theme';

const clerk = new Clerk();
// Available in the developer console, as on the web.
Object.assign(window, { clerk });

function show(id: string, text: string | undefined): void {
  byId(id).textContent = text ?? '—';
}

function render(): void {
  const { user, session, organization, client } = clerk;
  show('user', user?.primaryEmailAddress?.emailAddress ?? user?.id);
  show('session', session?.id);
  show('sessions', client?.sessions.map(({ id, status }) => `${id} (${status})`).join(', ') || undefined);
  show('organization', organization?.name);
  show('revision', String(clerk.revision));
  (byId('sign-out') as HTMLButtonElement).disabled = !session;
}

function showStatus(): void {
  const badge = byId('status');
  badge.textContent = clerk.status;
  badge.className = `badge ${clerk.status}`;
}

function showError(error: unknown): void {
  const alert = byId('error');
  alert.hidden = false;
  alert.textContent = error instanceof Error ? error.message : String(error);
}

const follow = () => {
  applyTheme(storedTheme());
};
follow();
onSystemChange(follow);
// The choice in another window of the app.
window.addEventListener('storage', follow);

byId('sign-out').addEventListener('click', () => {
  // This window stays where it is. The default is to navigate to the app's start page.
  clerk.signOut(() => undefined).catch(showError);
});
clerk.on('status', showStatus);
clerk.addListener(render);
clerk.load().then(() => {
  showStatus();
  render();
}, showError);
