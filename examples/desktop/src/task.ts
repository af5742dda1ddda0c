/**
 * The card for what is left to do before a session becomes active: its task. Needs the permissions `clerk:security` and
 * `clerk:organizations`.
 */
import type { Clerk, Session, User } from 'tauri-plugin-clerk-api';

import { element, field } from './dom';
import { failureBox, failureOf } from './failure';

/** Reads the only field of a form. */
const valueOf = (form: HTMLFormElement) => new FormData(form).values().next().value as string;

/** Creates the card of the present task. */
export function task(clerk: Clerk, session: Session, user: User): HTMLElement {
  const alert = element('div', { role: 'alert' });
  /** Runs a step; afterwards the session is active, or has another task. */
  const run = async (step: () => Promise<unknown>) => {
    alert.replaceChildren();
    try {
      await step();
    } catch (error) {
      alert.replaceChildren(failureBox(failureOf(error)));
    }
  };
  const form = (input: HTMLElement, label: string, submit: (value: string) => Promise<unknown>) => {
    const button = element('button', { class: 'primary', testId: 'submit', type: 'submit' }, label);
    const result = element('form', {}, input, element('div', { class: 'row' }, button));
    result.addEventListener('submit', (event) => {
      event.preventDefault();
      button.disabled = true;
      void run(() => submit(valueOf(result))).finally(() => {
        button.disabled = false;
      });
    });
    return result;
  };
  const activate = (organization?: string) =>
    clerk.setActive({ session: session.id, ...(organization !== undefined && { organization }) });

  const hasSome = user.organizationMemberships.length > 0;
  let created: string | undefined;
  const chooseOrganization = () => [
    element('h2', {}, hasSome ? 'Choose an organization' : 'Create an organization'),
    ...user.organizationMemberships.map(({ organization }) =>
      element(
        'button',
        {
          testId: `choose-${organization.slug ?? organization.id}`,
          onClick: () => void run(() => activate(organization.id)),
        },
        organization.name,
      ),
    ),
    form(
      field('organization-name', hasSome ? 'Or create one' : 'Its name', { required: true }),
      'Create',
      async (name) => {
        // Not a second one if only the activation failed.
        created ??= (await clerk.createOrganization({ name })).id;
        await activate(created);
      },
    ),
  ];
  const setUpMfa = () => {
    const secret = element('code', { testId: 'totp-secret' });
    const showKey = () =>
      run(async () => {
        secret.textContent = (await user.createTOTP()).secret;
      });
    void showKey();
    return [
      element('h2', {}, 'Set up two-step verification'),
      element('p', { class: 'quiet' }, 'Enter this key into an authenticator app, and then its code below.'),
      secret,
      element('button', { class: 'link', onClick: () => void showKey() }, 'Another key'),
      form(
        field('code', 'Code', { inputmode: 'numeric', autocomplete: 'one-time-code', required: true }),
        'Continue',
        async (code) => {
          // An app whose instance has backup codes shows those of the result, once.
          await user.verifyTOTP({ code });
          await activate();
        },
      ),
    ];
  };
  const resetPassword = () => [
    element('h2', {}, 'Set a new password'),
    element('p', { class: 'quiet' }, 'The old one is not safe any more.'),
    form(
      field('new-password', 'New password', {
        type: 'password',
        autocomplete: 'new-password',
        required: true,
      }),
      'Save',
      async (newPassword) => {
        await user.updatePassword({ newPassword, signOutOfOtherSessions: true });
        await activate();
      },
    ),
  ];
  // Clerk may add tasks.
  const other = () => [
    element('h2', {}, 'One more step'),
    `This app has no page for it: ${session.currentTask?.key}`,
  ];

  const tasks: Record<string, () => (HTMLElement | string)[]> = {
    'choose-organization': chooseOrganization,
    'setup-mfa': setUpMfa,
    'reset-password': resetPassword,
  };
  const key = session.currentTask?.key ?? '';
  return element(
    'section',
    { class: 'card', testId: `task-${key}` },
    element('div', { class: 'stack' }, ...(tasks[key] ?? other)()),
    alert,
    element(
      'div',
      { class: 'row' },
      element(
        'button',
        { class: 'link', testId: 'sign-out', onClick: () => void clerk.signOut() },
        'Sign out',
      ),
    ),
  );
}
