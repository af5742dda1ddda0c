/** The card for signing in and signing up. */
import { type Clerk, isClerkRuntimeError } from 'tauri-plugin-clerk-api';

import { element, field } from './dom';
import { type Failure, failureBox, failureOf } from './failure';

type Mode = 'sign-in' | 'sign-up' | 'sign-in-code' | 'sign-up-code' | 'waiting';

/** The sign-in card, shown while signed out. */
export class SignedOut {
  readonly #clerk: Clerk;
  readonly root = element('section', { class: 'card' });
  readonly #alert = element('div', { role: 'alert' });
  #mode: Mode = 'sign-in';
  #failure: Failure | null = null;
  #busy = false;
  #sentTo = '';
  #provider = '';

  constructor(clerk: Clerk) {
    this.#clerk = clerk;
    this.render();
  }

  render(): void {
    const content = {
      'sign-in': () => this.#signIn(),
      'sign-up': () => this.#signUp(),
      'sign-in-code': () => this.#code((code) => this.#verifySignIn(code)),
      'sign-up-code': () => this.#code((code) => this.#verifySignUp(code)),
      waiting: () => this.#waiting(),
    }[this.#mode]();
    this.root.replaceChildren(...content, this.#alert);
    this.#refresh();
  }

  /** Updates the error and the buttons without rebuilding the form, which would lose the user's input. */
  #refresh(): void {
    this.#alert.replaceChildren(...(this.#failure ? [failureBox(this.#failure)] : []));
    for (const button of this.root.querySelectorAll('button')) {
      button.disabled = this.#busy && button.dataset.testid !== 'cancel-browser';
    }
  }

  #show(mode: Mode): void {
    this.#mode = mode;
    this.#failure = null;
    this.render();
  }

  /** Runs an action and shows its error if it fails. */
  async #try(action: () => Promise<void>): Promise<void> {
    this.#busy = true;
    this.#failure = null;
    this.#refresh();
    try {
      await action();
    } catch (error) {
      this.#failure = failureOf(error);
    } finally {
      this.#busy = false;
      this.#refresh();
    }
  }

  #value(name: string): string {
    return this.root.querySelector<HTMLInputElement>(`input[name="${name}"]`)?.value.trim() ?? '';
  }

  #form(submit: () => Promise<void>, ...children: HTMLElement[]): HTMLElement {
    const form = element('form', {}, ...children);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#try(submit);
    });
    return form;
  }

  #providers(): HTMLElement[] {
    const social = Object.values(this.#clerk.environment?.userSettings.social ?? {});
    const enabled = social.filter((provider) => provider.enabled && provider.authenticatable);
    return enabled.map((provider) =>
      element(
        'button',
        {
          type: 'button',
          testId: `sign-in-${provider.strategy}`,
          onClick: () => void this.#throughBrowser(provider.strategy, provider.name ?? provider.strategy),
        },
        `Continue with ${provider.name ?? provider.strategy}`,
      ),
    );
  }

  #signIn(): HTMLElement[] {
    const usesPassword = this.#clerk.environment?.userSettings.attributes.password?.enabled ?? true;
    return [
      element('h2', {}, 'Sign in'),
      element('div', { class: 'stack' }, ...this.#providers()),
      element('div', { class: 'divider' }, 'or'),
      this.#form(
        () => this.#withPassword(),
        field('email', 'E-mail address', { type: 'email', autocomplete: 'username', required: true }),
        ...(usesPassword
          ? [field('password', 'Password', { type: 'password', autocomplete: 'current-password' })]
          : []),
        element(
          'div',
          { class: 'row' },
          element('button', { class: 'primary', testId: 'continue-password' }, 'Sign in'),
          element(
            'button',
            {
              type: 'button',
              testId: 'continue-email-code',
              onClick: () => void this.#try(() => this.#sendCode()),
            },
            'E-mail me a code',
          ),
        ),
      ),
      element(
        'p',
        { class: 'quiet' },
        'New here? ',
        element(
          'button',
          {
            class: 'link',
            testId: 'mode-sign-up',
            onClick: () => {
              this.#show('sign-up');
            },
          },
          'Create an account',
        ),
      ),
    ];
  }

  #signUp(): HTMLElement[] {
    return [
      element('h2', {}, 'Create an account'),
      this.#form(
        () => this.#createAccount(),
        element(
          'div',
          { class: 'pair' },
          field('first-name', 'First name', { autocomplete: 'given-name' }),
          field('last-name', 'Last name', { autocomplete: 'family-name' }),
        ),
        field('email', 'E-mail address', { type: 'email', autocomplete: 'username', required: true }),
        field('password', 'Password', { type: 'password', autocomplete: 'new-password', required: true }),
        element(
          'div',
          { class: 'row' },
          element('button', { class: 'primary', testId: 'sign-up-submit' }, 'Continue'),
        ),
      ),
      this.#back(),
    ];
  }

  #code(verify: (code: string) => Promise<void>): HTMLElement[] {
    return [
      element('h2', {}, 'Check your e-mail'),
      element('p', { class: 'quiet' }, `We sent a code to ${this.#sentTo}.`),
      this.#form(
        () => verify(this.#value('code')),
        field('code', 'Code', { inputmode: 'numeric', autocomplete: 'one-time-code', required: true }),
        element(
          'div',
          { class: 'row' },
          element('button', { class: 'primary', testId: 'submit-code' }, 'Verify'),
        ),
      ),
      this.#back(),
    ];
  }

  #waiting(): HTMLElement[] {
    return [
      element('h2', { testId: 'waiting' }, 'Continue in your browser'),
      element(
        'p',
        { class: 'quiet' },
        `Sign in with ${this.#provider} there. This window continues automatically.`,
      ),
      element(
        'div',
        { class: 'row' },
        element(
          'button',
          { testId: 'cancel-browser', onClick: () => void this.#clerk.cancelAuthentication() },
          'Cancel',
        ),
      ),
      element('p', { class: 'quiet' }, 'Closed the tab?'),
      element('div', { class: 'stack' }, ...this.#providers()),
    ];
  }

  #back(): HTMLElement {
    return element(
      'p',
      { class: 'quiet' },
      element(
        'button',
        {
          class: 'link',
          testId: 'mode-sign-in',
          onClick: () => {
            this.#show('sign-in');
          },
        },
        'Back to sign-in',
      ),
    );
  }

  get #attempts() {
    const client = this.#clerk.client;
    if (!client) {
      throw new Error('Clerk is not loaded');
    }
    return client;
  }

  async #withPassword(): Promise<void> {
    const signIn = await this.#attempts.signIn.create({
      identifier: this.#value('email'),
      password: this.#value('password'),
    });
    if (signIn.status === 'complete') {
      await this.#clerk.setActive({ session: signIn.createdSessionId });
    }
  }

  async #sendCode(): Promise<void> {
    this.#sentTo = this.#value('email');
    await this.#attempts.signIn.create({ identifier: this.#sentTo, strategy: 'email_code' });
    this.#show('sign-in-code');
  }

  async #verifySignIn(code: string): Promise<void> {
    const signIn = await this.#attempts.signIn.attemptFirstFactor({ strategy: 'email_code', code });
    if (signIn.status === 'complete') {
      await this.#clerk.setActive({ session: signIn.createdSessionId });
    }
  }

  async #createAccount(): Promise<void> {
    this.#sentTo = this.#value('email');
    const signUp = await this.#attempts.signUp.create({
      emailAddress: this.#sentTo,
      password: this.#value('password'),
      firstName: this.#value('first-name') || null,
      lastName: this.#value('last-name') || null,
    });
    if (signUp.status === 'complete') {
      await this.#clerk.setActive({ session: signUp.createdSessionId });
      return;
    }
    await signUp.prepareEmailAddressVerification();
    this.#show('sign-up-code');
  }

  async #verifySignUp(code: string): Promise<void> {
    const signUp = await this.#attempts.signUp.attemptEmailAddressVerification({ code });
    if (signUp.status === 'complete') {
      await this.#clerk.setActive({ session: signUp.createdSessionId });
    }
  }

  async #throughBrowser(strategy: string, name: string): Promise<void> {
    this.#provider = name;
    this.#show('waiting');
    try {
      await this.#attempts.signIn.authenticateWithRedirect({ strategy });
      this.#show('sign-in');
    } catch (error) {
      if (isClerkRuntimeError(error) && error.code === 'oauth_flow_superseded') {
        // A newer attempt shows its own waiting state.
        return;
      }
      this.#show('sign-in');
      if (!(isClerkRuntimeError(error) && error.code === 'oauth_flow_cancelled')) {
        this.#failure = failureOf(error);
        this.#refresh();
      }
    }
  }
}
