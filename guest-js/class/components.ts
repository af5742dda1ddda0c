/**
 * The prebuilt components. They are Clerk's own, run by Clerk's `clerk-js` on this plugin: both are imported when a component is
 * used first. As in Clerk's own SDKs, the methods return nothing; a failure is reported as an uncaught error. In development,
 * clerk-js throws when a component makes no sense, e.g. `openSignIn()` when a user is signed in to an instance with one
 * session; so do the methods once the packages are there. In production they do nothing then.
 */
import { ComponentCalls } from './component-calls';
import { Instance } from './instance';

/**
 * Methods of the prebuilt components; see Clerk's documentation for their parameters. They need the packages `@clerk/clerk-js`
 * and `@clerk/ui` (otherwise `components_unavailable` is reported) and the permission `clerk:components`. A component that is
 * mounted or opened before `load()` has finished is shown afterwards, unless it was unmounted or closed meanwhile.
 */
export abstract class Components extends Instance {
  readonly #calls = new ComponentCalls(() => this.context);

  mountSignIn(node: HTMLDivElement, props?: object): void {
    this.#calls.mount('SignIn', node, props);
  }
  unmountSignIn(node: HTMLDivElement): void {
    this.#calls.unmount('SignIn', node);
  }
  openSignIn(props?: object): void {
    this.#calls.open('SignIn', props);
  }
  closeSignIn(): void {
    this.#calls.close('SignIn');
  }

  mountSignUp(node: HTMLDivElement, props?: object): void {
    this.#calls.mount('SignUp', node, props);
  }
  unmountSignUp(node: HTMLDivElement): void {
    this.#calls.unmount('SignUp', node);
  }
  openSignUp(props?: object): void {
    this.#calls.open('SignUp', props);
  }
  closeSignUp(): void {
    this.#calls.close('SignUp');
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
    this.#calls.mount('UserButton', node, props);
  }
  unmountUserButton(node: HTMLDivElement): void {
    this.#calls.unmount('UserButton', node);
  }

  mountUserProfile(node: HTMLDivElement, props?: object): void {
    this.#calls.mount('UserProfile', node, props);
  }
  unmountUserProfile(node: HTMLDivElement): void {
    this.#calls.unmount('UserProfile', node);
  }
  openUserProfile(props?: object): void {
    this.#calls.open('UserProfile', props);
  }
  closeUserProfile(): void {
    this.#calls.close('UserProfile');
  }

  mountOrganizationProfile(node: HTMLDivElement, props?: object): void {
    this.#calls.mount('OrganizationProfile', node, props);
  }
  unmountOrganizationProfile(node: HTMLDivElement): void {
    this.#calls.unmount('OrganizationProfile', node);
  }
  openOrganizationProfile(props?: object): void {
    this.#calls.open('OrganizationProfile', props);
  }
  closeOrganizationProfile(): void {
    this.#calls.close('OrganizationProfile');
  }

  mountOrganizationSwitcher(node: HTMLDivElement, props?: object): void {
    this.#calls.mount('OrganizationSwitcher', node, props);
  }
  unmountOrganizationSwitcher(node: HTMLDivElement): void {
    this.#calls.unmount('OrganizationSwitcher', node);
  }

  mountCreateOrganization(node: HTMLDivElement, props?: object): void {
    this.#calls.mount('CreateOrganization', node, props);
  }
  unmountCreateOrganization(node: HTMLDivElement): void {
    this.#calls.unmount('CreateOrganization', node);
  }
  openCreateOrganization(props?: object): void {
    this.#calls.open('CreateOrganization', props);
  }
  closeCreateOrganization(): void {
    this.#calls.close('CreateOrganization');
  }

  mountOrganizationList(node: HTMLDivElement, props?: object): void {
    this.#calls.mount('OrganizationList', node, props);
  }
  unmountOrganizationList(node: HTMLDivElement): void {
    this.#calls.unmount('OrganizationList', node);
  }

  mountWaitlist(node: HTMLDivElement, props?: object): void {
    this.#calls.mount('Waitlist', node, props);
  }
  unmountWaitlist(node: HTMLDivElement): void {
    this.#calls.unmount('Waitlist', node);
  }
  openWaitlist(props?: object): void {
    this.#calls.open('Waitlist', props);
  }
  closeWaitlist(): void {
    this.#calls.close('Waitlist');
  }
  // Not documented with the class, but in Clerk's SDKs.

  mountTaskChooseOrganization(node: HTMLDivElement, props?: object): void {
    this.#calls.mount('TaskChooseOrganization', node, props);
  }
  unmountTaskChooseOrganization(node: HTMLDivElement): void {
    this.#calls.unmount('TaskChooseOrganization', node);
  }

  mountTaskSetupMFA(node: HTMLDivElement, props?: object): void {
    this.#calls.mount('TaskSetupMFA', node, props);
  }
  unmountTaskSetupMFA(node: HTMLDivElement): void {
    this.#calls.unmount('TaskSetupMFA', node);
  }

  mountTaskResetPassword(node: HTMLDivElement, props?: object): void {
    this.#calls.mount('TaskResetPassword', node, props);
  }
  unmountTaskResetPassword(node: HTMLDivElement): void {
    this.#calls.unmount('TaskResetPassword', node);
  }

  mountUserAvatar(node: HTMLDivElement, props?: object): void {
    this.#calls.mount('UserAvatar', node, props);
  }
  unmountUserAvatar(node: HTMLDivElement): void {
    this.#calls.unmount('UserAvatar', node);
  }

  mountAPIKeys(node: HTMLDivElement, props?: object): void {
    this.#calls.mount('APIKeys', node, props);
  }
  unmountAPIKeys(node: HTMLDivElement): void {
    this.#calls.unmount('APIKeys', node);
  }

  mountPricingTable(node: HTMLDivElement, props?: object): void {
    this.#calls.mount('PricingTable', node, props);
  }
  unmountPricingTable(node: HTMLDivElement): void {
    this.#calls.unmount('PricingTable', node);
  }

  mountOAuthConsent(node: HTMLDivElement, props?: object): void {
    this.#calls.mount('OAuthConsent', node, props);
  }
  unmountOAuthConsent(node: HTMLDivElement): void {
    this.#calls.unmount('OAuthConsent', node);
  }

  openInviteMembers(props?: object): void {
    this.#calls.open('InviteMembers', props);
  }
  closeInviteMembers(): void {
    this.#calls.close('InviteMembers');
  }
}
