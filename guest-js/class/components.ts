/**
 * The prebuilt components. They are Clerk's own, run by Clerk's `clerk-js` on this plugin: both are imported when a component is
 * used first. As in Clerk's own SDKs, the methods return nothing; a failure is reported as an uncaught error. In development,
 * clerk-js throws when a component makes no sense, e.g. `openSignIn()` when a user is signed in to an instance with one
 * session; so do the methods once the packages are there. In production they do nothing then.
 */
import { ComponentCalls } from './component-calls';
import { Instance } from './instance';
import type { DomainOrProxyUrl } from './types';

/** The components that are shown in a node of the page. Those after `Waitlist` are not documented with the class. */
const MOUNTED =
  'SignIn SignUp UserButton UserProfile OrganizationProfile OrganizationSwitcher CreateOrganization OrganizationList Waitlist TaskChooseOrganization TaskSetupMFA TaskResetPassword UserAvatar APIKeys PricingTable OAuthConsent';

/** The components that are shown in a dialog. */
const OPENED = 'SignIn SignUp UserProfile OrganizationProfile CreateOrganization Waitlist InviteMembers';

/** The names in a text, separated by spaces. */
type Names<Text extends string> = Text extends `${infer First} ${infer Rest}` ? First | Names<Rest> : Text;

type ComponentMethods = {
  [Name in Names<typeof MOUNTED> as `mount${Name}`]: (node: HTMLDivElement, props?: object) => void;
} & { [Name in Names<typeof MOUNTED> as `unmount${Name}`]: (node: HTMLDivElement) => void } & {
  [Name in Names<typeof OPENED> as `open${Name}`]: (props?: object) => void;
} & { [Name in Names<typeof OPENED> as `close${Name}`]: () => void };

/**
 * Methods of the prebuilt components; see Clerk's documentation for their parameters. They need the packages `@clerk/clerk-js`
 * and `@clerk/ui` (otherwise `components_unavailable` is reported) and the permission `clerk:components`. A component that is
 * mounted or opened before `load()` has finished is shown afterwards, unless it was unmounted or closed meanwhile.
 */
export abstract class Components extends (Instance as abstract new (
  publishableKey?: string,
  options?: DomainOrProxyUrl,
) => Instance & ComponentMethods) {
  /** @internal */
  readonly calls = new ComponentCalls(() => this.context);

  /** Does nothing but warn: One Tap is a script of Google's for browsers, which refuses apps. */
  openGoogleOneTap(_props?: object): void {
    console.warn('[clerk] openGoogleOneTap() does nothing in an app: sign in with oauth_google instead');
  }
  closeGoogleOneTap(): void {
    // It is never open.
  }
}

/** Adds a method for each component. */
function add(action: 'mount' | 'unmount' | 'open' | 'close', names: string): void {
  for (const name of names.split(' ')) {
    Object.defineProperty(Components.prototype, action + name, {
      value(this: Components, ...args: [HTMLElement?, object?]) {
        this.calls[action](name, args);
      },
      configurable: true,
      writable: true,
    });
  }
}
add('mount', MOUNTED);
add('unmount', MOUNTED);
add('open', OPENED);
add('close', OPENED);
