/** A window that mounts any of Clerk's components with the class `Clerk`, without React. */
import { Clerk } from 'tauri-plugin-clerk-api';

import { appearanceOf } from './appearance';
import { byId, choice } from './dom';
import { applyTheme, isDark, onSystemChange, storedTheme, THEMES } from './theme';

const clerk = new Clerk();
// Available in the developer console, as on the web.
Object.assign(window, { clerk });

const HOME = '/components.html';

/** What can be mounted. */
const COMPONENTS = {
  SignIn: { fallbackRedirectUrl: HOME },
  SignUp: { fallbackRedirectUrl: HOME },
  UserButton: {},
  UserAvatar: {},
  UserProfile: {},
  CreateOrganization: { afterCreateOrganizationUrl: HOME },
  OrganizationSwitcher: { afterCreateOrganizationUrl: HOME, afterLeaveOrganizationUrl: HOME },
  OrganizationList: { afterSelectOrganizationUrl: HOME, afterCreateOrganizationUrl: HOME },
  OrganizationProfile: { afterLeaveOrganizationUrl: HOME },
  Waitlist: {},
  TaskChooseOrganization: { redirectUrlComplete: HOME },
  TaskResetPassword: { redirectUrlComplete: HOME },
  TaskSetupMFA: { redirectUrlComplete: HOME },
  PricingTable: {},
  APIKeys: {},
  // The application that asks; on the web, the address of the page names it.
  OAuthConsent: { oauthClientId: 'client_reader', redirectUrl: 'https://reader.example.com/callback' },
} as const;

type Component = keyof typeof COMPONENTS;

let mounted: { component: Component; node: HTMLDivElement } | undefined;

function unmount(): void {
  if (mounted) {
    clerk[`unmount${mounted.component}`](mounted.node);
    mounted.node.remove();
    mounted = undefined;
  }
}

/** Mounts the component that is chosen, in place of the one before. */
function mount(component: Component): void {
  unmount();
  window.history.replaceState(null, '', `?component=${component}`);
  byId('error').hidden = true;
  const node = document.createElement('div');
  byId('area').append(node);
  mounted = { component, node };
  try {
    clerk[`mount${component}`](node, COMPONENTS[component]);
  } catch (error) {
    showError(error);
  }
}

function showError(error: unknown): void {
  const alert = byId('error');
  alert.hidden = false;
  alert.textContent = error instanceof Error ? error.message : String(error);
}

function showStatus(): void {
  const badge = byId('status');
  badge.textContent = clerk.status;
  badge.className = `badge ${clerk.status}`;
}

function chosen(): Component {
  const name = new URLSearchParams(window.location.search).get('component');
  return name && name in COMPONENTS ? (name as Component) : clerk.user ? 'UserProfile' : 'SignIn';
}

/** Components follow the theme from the next load on: the class takes `appearance` when it loads. */
choice('theme', THEMES, storedTheme(), (theme) => {
  applyTheme(theme);
  window.location.reload();
});
applyTheme(storedTheme());
onSystemChange(() => {
  applyTheme(storedTheme());
});

clerk.on('status', showStatus);
clerk
  .load({
    appearance: appearanceOf(isDark(storedTheme())),
    nonce: document.querySelector('style')?.nonce ?? '',
    signInUrl: `${HOME}?component=SignIn`,
    signUpUrl: `${HOME}?component=SignUp`,
    waitlistUrl: `${HOME}?component=Waitlist`,
    afterSignOutUrl: HOME,
    routerPush: go,
    routerReplace: go,
  })
  .then(() => {
    showStatus();
    choice('component', Object.keys(COMPONENTS) as Component[], chosen(), mount);
    mount(chosen());
  }, showError);

/** Navigates within the page: to the component that the address names. */
function go(to: string): void {
  window.history.pushState(null, '', to || HOME);
  (byId('component') as HTMLSelectElement).value = chosen();
  mount(chosen());
}
