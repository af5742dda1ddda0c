/** The card of a signed-in user. */
import { invoke } from '@tauri-apps/api/core';
import { type Clerk, isClerkRuntimeError, type User } from 'tauri-plugin-clerk-api';

import { element } from './dom';

/** Returns the claims of a JWT, for display only: nothing is verified here. */
function claimsOf(jwt: string): unknown {
  const payload = jwt.split('.')[1] ?? '';
  const base64 = payload.replaceAll('-', '+').replaceAll('_', '/');
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** Creates the card of the signed-in user. */
export function signedIn(clerk: Clerk, user: User, isSecondWindow: boolean): HTMLElement {
  const claims = element('pre', { testId: 'claims', hidden: true });
  const greeting = element('p', { class: 'quiet', testId: 'greeting' });
  void invoke<string>('greeting').then((text) => {
    greeting.textContent = text;
  });
  const showClaims = async () => {
    claims.hidden = false;
    try {
      const token = await clerk.session?.getToken();
      claims.textContent = token ? JSON.stringify(claimsOf(token), null, 2) : 'no token';
    } catch (error) {
      claims.textContent = isClerkRuntimeError(error) ? `${error.code}: ${error.message}` : String(error);
    }
  };
  return element(
    'section',
    { class: 'card wide' },
    element(
      'div',
      { class: 'person' },
      element('img', { src: user.imageUrl, alt: '' }),
      element(
        'div',
        {},
        element(
          'strong',
          { testId: 'user-name' },
          user.fullName ?? user.primaryEmailAddress?.emailAddress ?? user.id,
        ),
        element(
          'span',
          { class: 'quiet', testId: 'user-email' },
          user.primaryEmailAddress?.emailAddress ?? '',
        ),
      ),
    ),
    element(
      'dl',
      {},
      element('dt', {}, 'Session'),
      element('dd', {}, element('code', { testId: 'session-id' }, clerk.session?.id ?? '')),
      element('dt', {}, 'Signed in with'),
      element('dd', {}, clerk.client?.lastAuthenticationStrategy ?? '—'),
      element('dt', {}, 'Connected'),
      element('dd', {}, user.externalAccounts.map((account) => account.provider).join(', ') || '—'),
    ),
    greeting,
    element(
      'div',
      { class: 'row' },
      ...(isSecondWindow
        ? []
        : [
            element(
              'button',
              { testId: 'show-claims', onClick: () => void showClaims() },
              'Show session token claims',
            ),
            element(
              'button',
              { testId: 'open-second-window', onClick: () => void invoke('open_second_window') },
              'Open second window',
            ),
          ]),
      element('button', { testId: 'sign-out', onClick: () => void clerk.signOut() }, 'Sign out'),
    ),
    claims,
  );
}
