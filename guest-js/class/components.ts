/**
 * The prebuilt components. They come from Clerk's own packages, which this one does not load yet: mounting or opening one
 * throws. As in Clerk's own SDKs, unmounting and closing a component that is not there does nothing.
 */
import { ClerkRuntimeError } from '../errors';
import { Instance } from './instance';

function unavailable(component: string): never {
  throw new ClerkRuntimeError(
    `<${component}/> is a prebuilt component of Clerk, which needs @clerk/clerk-js and @clerk/ui: install them, and see README for what works today. Until then use client.signIn, client.signUp and the redirect methods.`,
    { code: 'components_unavailable' },
  );
}

/** Methods of the prebuilt components; see Clerk's documentation for their parameters. */
export abstract class Components extends Instance {
  mountSignIn(_node: HTMLDivElement, _props?: object): void {
    unavailable('SignIn');
  }
  unmountSignIn(_node: HTMLDivElement): void {}
  openSignIn(_props?: object): void {
    unavailable('SignIn');
  }
  closeSignIn(): void {}

  mountSignUp(_node: HTMLDivElement, _props?: object): void {
    unavailable('SignUp');
  }
  unmountSignUp(_node: HTMLDivElement): void {}
  openSignUp(_props?: object): void {
    unavailable('SignUp');
  }
  closeSignUp(): void {}

  openGoogleOneTap(_props?: object): void {
    unavailable('GoogleOneTap');
  }
  closeGoogleOneTap(): void {}

  mountUserButton(_node: HTMLDivElement, _props?: object): void {
    unavailable('UserButton');
  }
  unmountUserButton(_node: HTMLDivElement): void {}

  mountUserProfile(_node: HTMLDivElement, _props?: object): void {
    unavailable('UserProfile');
  }
  unmountUserProfile(_node: HTMLDivElement): void {}
  openUserProfile(_props?: object): void {
    unavailable('UserProfile');
  }
  closeUserProfile(): void {}

  mountOrganizationProfile(_node: HTMLDivElement, _props?: object): void {
    unavailable('OrganizationProfile');
  }
  unmountOrganizationProfile(_node: HTMLDivElement): void {}
  openOrganizationProfile(_props?: object): void {
    unavailable('OrganizationProfile');
  }
  closeOrganizationProfile(): void {}

  mountOrganizationSwitcher(_node: HTMLDivElement, _props?: object): void {
    unavailable('OrganizationSwitcher');
  }
  unmountOrganizationSwitcher(_node: HTMLDivElement): void {}

  mountCreateOrganization(_node: HTMLDivElement, _props?: object): void {
    unavailable('CreateOrganization');
  }
  unmountCreateOrganization(_node: HTMLDivElement): void {}
  openCreateOrganization(_props?: object): void {
    unavailable('CreateOrganization');
  }
  closeCreateOrganization(): void {}

  mountOrganizationList(_node: HTMLDivElement, _props?: object): void {
    unavailable('OrganizationList');
  }
  unmountOrganizationList(_node: HTMLDivElement): void {}

  mountWaitlist(_node: HTMLDivElement, _props?: object): void {
    unavailable('Waitlist');
  }
  unmountWaitlist(_node: HTMLDivElement): void {}
  openWaitlist(_props?: object): void {
    unavailable('Waitlist');
  }
  closeWaitlist(): void {}
}
