/**
 * The prebuilt components. They are Clerk's own, run by Clerk's `clerk-js` on this plugin: both are imported when a component is
 * used first. As in Clerk's own SDKs, the methods return nothing; a failure is reported as an uncaught error. In development,
 * clerk-js throws when a component makes no sense, e.g. `openSignIn()` when a user is signed in to an instance with one
 * session; so do the methods once the packages are there. In production they do nothing then.
 */
import type { ComponentCalls } from './component-calls';
import { Instance } from './instance';

/**
 * Methods of the prebuilt components; see Clerk's documentation for their parameters. They need the packages `@clerk/clerk-js`
 * and `@clerk/ui` (otherwise `components_unavailable` is reported) and the permission `clerk:components`. A component that is
 * mounted or opened before `load()` has finished is shown afterwards, unless it was unmounted or closed meanwhile.
 */
export abstract class Components extends Instance {
  #calls: ComponentCalls | undefined;
  #loading: Promise<ComponentCalls> | undefined;

  /** Passes a call on to {@link ComponentCalls}, which an app without components does not load. */
  #call(method: string, ...args: unknown[]): void {
    if (this.#calls) {
      this.#calls.call(method, args);
      return;
    }
    this.#loading ??= import('./component-calls').then(
      (module) => (this.#calls = new module.ComponentCalls(() => this.context)),
    );
    this.#loading.then(
      (calls) => {
        calls.call(method, args);
      },
      (error: unknown) => {
        this.#loading = undefined;
        console.error('[clerk] the code for components could not be loaded', error);
      },
    );
  }

  mountSignIn(node: HTMLDivElement, props?: object): void {
    this.#call('mountSignIn', node, props);
  }
  unmountSignIn(node: HTMLDivElement): void {
    this.#call('unmountSignIn', node);
  }
  openSignIn(props?: object): void {
    this.#call('openSignIn', props);
  }
  closeSignIn(): void {
    this.#call('closeSignIn');
  }

  mountSignUp(node: HTMLDivElement, props?: object): void {
    this.#call('mountSignUp', node, props);
  }
  unmountSignUp(node: HTMLDivElement): void {
    this.#call('unmountSignUp', node);
  }
  openSignUp(props?: object): void {
    this.#call('openSignUp', props);
  }
  closeSignUp(): void {
    this.#call('closeSignUp');
  }
  /** Does nothing but warn: One Tap is a script of Google's for browsers, which refuses apps. */
  openGoogleOneTap(_props?: object): void {
    console.warn(
      '[clerk] openGoogleOneTap() does nothing in a desktop app, because Google offers One Tap to browsers only: sign in with Google through the system browser instead',
    );
  }
  closeGoogleOneTap(): void {
    // It is never open.
  }

  mountUserButton(node: HTMLDivElement, props?: object): void {
    this.#call('mountUserButton', node, props);
  }
  unmountUserButton(node: HTMLDivElement): void {
    this.#call('unmountUserButton', node);
  }

  mountUserProfile(node: HTMLDivElement, props?: object): void {
    this.#call('mountUserProfile', node, props);
  }
  unmountUserProfile(node: HTMLDivElement): void {
    this.#call('unmountUserProfile', node);
  }
  openUserProfile(props?: object): void {
    this.#call('openUserProfile', props);
  }
  closeUserProfile(): void {
    this.#call('closeUserProfile');
  }

  mountOrganizationProfile(node: HTMLDivElement, props?: object): void {
    this.#call('mountOrganizationProfile', node, props);
  }
  unmountOrganizationProfile(node: HTMLDivElement): void {
    this.#call('unmountOrganizationProfile', node);
  }
  openOrganizationProfile(props?: object): void {
    this.#call('openOrganizationProfile', props);
  }
  closeOrganizationProfile(): void {
    this.#call('closeOrganizationProfile');
  }

  mountOrganizationSwitcher(node: HTMLDivElement, props?: object): void {
    this.#call('mountOrganizationSwitcher', node, props);
  }
  unmountOrganizationSwitcher(node: HTMLDivElement): void {
    this.#call('unmountOrganizationSwitcher', node);
  }

  mountCreateOrganization(node: HTMLDivElement, props?: object): void {
    this.#call('mountCreateOrganization', node, props);
  }
  unmountCreateOrganization(node: HTMLDivElement): void {
    this.#call('unmountCreateOrganization', node);
  }
  openCreateOrganization(props?: object): void {
    this.#call('openCreateOrganization', props);
  }
  closeCreateOrganization(): void {
    this.#call('closeCreateOrganization');
  }

  mountOrganizationList(node: HTMLDivElement, props?: object): void {
    this.#call('mountOrganizationList', node, props);
  }
  unmountOrganizationList(node: HTMLDivElement): void {
    this.#call('unmountOrganizationList', node);
  }

  mountWaitlist(node: HTMLDivElement, props?: object): void {
    this.#call('mountWaitlist', node, props);
  }
  unmountWaitlist(node: HTMLDivElement): void {
    this.#call('unmountWaitlist', node);
  }
  openWaitlist(props?: object): void {
    this.#call('openWaitlist', props);
  }
  closeWaitlist(): void {
    this.#call('closeWaitlist');
  }
  // Not documented with the class, but in Clerk's SDKs.

  mountTaskChooseOrganization(node: HTMLDivElement, props?: object): void {
    this.#call('mountTaskChooseOrganization', node, props);
  }
  unmountTaskChooseOrganization(node: HTMLDivElement): void {
    this.#call('unmountTaskChooseOrganization', node);
  }

  mountTaskSetupMFA(node: HTMLDivElement, props?: object): void {
    this.#call('mountTaskSetupMFA', node, props);
  }
  unmountTaskSetupMFA(node: HTMLDivElement): void {
    this.#call('unmountTaskSetupMFA', node);
  }

  mountTaskResetPassword(node: HTMLDivElement, props?: object): void {
    this.#call('mountTaskResetPassword', node, props);
  }
  unmountTaskResetPassword(node: HTMLDivElement): void {
    this.#call('unmountTaskResetPassword', node);
  }

  mountUserAvatar(node: HTMLDivElement, props?: object): void {
    this.#call('mountUserAvatar', node, props);
  }
  unmountUserAvatar(node: HTMLDivElement): void {
    this.#call('unmountUserAvatar', node);
  }

  mountAPIKeys(node: HTMLDivElement, props?: object): void {
    this.#call('mountAPIKeys', node, props);
  }
  unmountAPIKeys(node: HTMLDivElement): void {
    this.#call('unmountAPIKeys', node);
  }

  mountPricingTable(node: HTMLDivElement, props?: object): void {
    this.#call('mountPricingTable', node, props);
  }
  unmountPricingTable(node: HTMLDivElement): void {
    this.#call('unmountPricingTable', node);
  }

  mountOAuthConsent(node: HTMLDivElement, props?: object): void {
    this.#call('mountOAuthConsent', node, props);
  }
  unmountOAuthConsent(node: HTMLDivElement): void {
    this.#call('unmountOAuthConsent', node);
  }

  openInviteMembers(props?: object): void {
    this.#call('openInviteMembers', props);
  }
  closeInviteMembers(): void {
    this.#call('closeInviteMembers');
  }
}
