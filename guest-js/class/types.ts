/** Types of the class itself; those of its groups are beside their methods. */
import type * as wire from '../bindings';
import type { Client } from '../resources/client';
import type { Organization, OrganizationMembership } from '../resources/organization';
import type { Session } from '../resources/session';
import type { User } from '../resources/user';

/** `loading`, `ready`, `degraded` or `error`. */
export type ClerkStatus = wire.Status;

/** What listeners are called with. `undefined` is not known yet, `null` is signed out. */
export interface Resources {
  client: Client;
  session: Session | null | undefined;
  user: User | null | undefined;
  organization: Organization | null | undefined;
  /** Always undefined; Clerk's own SDKs do not send it any more. */
  lastOrganizationInvitation?: undefined;
  /** Always undefined; Clerk's own SDKs do not send it any more. */
  lastOrganizationMember?: OrganizationMembership | undefined;
}

/** The domain or the proxy of the instance. A function is called with the address of the page. */
export interface DomainOrProxyUrl {
  domain?: string | ((url: URL) => string);
  proxyUrl?: string | ((url: URL) => string);
}

/** Parameters of `Clerk.setActive`. An absent value is kept, null clears it. */
export interface SetActiveParams {
  session?: Session | string | null;
  /** By object, id or slug. */
  organization?: Organization | string | null;
  /** Where to navigate to afterwards. */
  redirectUrl?: string;
  /** Called instead of a navigation. */
  navigate?: (params: { session: Session; decorateUrl: (url: string) => string }) => unknown;
}

/** Options of `Clerk.signOut`. */
export interface SignOutOptions {
  /** The session to sign out of. Default: all of them. */
  sessionId?: string;
  /** Where to navigate to afterwards. Default: the option `afterSignOutUrl`. */
  redirectUrl?: string;
}

/** Navigates to a step of a flow. */
export type CustomNavigate = (to: string) => unknown;

/** Parameters of `Clerk.handleEmailLinkVerification`. */
export interface HandleEmailLinkVerificationParams {
  /** Where to navigate to when nothing is left to do. */
  redirectUrlComplete?: string;
  /** Where to navigate to when more is required, e.g. a second factor. */
  redirectUrl?: string;
  /** Called when the link was opened for another device. */
  onVerifiedOnOtherDevice?: () => void;
}

/** Parameters of `Clerk.authenticateWithWeb3`. */
export type AuthenticateWithWeb3Params = Omit<wire.AuthenticateWithWeb3Params, 'location'> & {
  /** Navigates to the steps before the session is active, instead of Clerk's own navigation. */
  customNavigate?: CustomNavigate;
};

/** Parameters of `Clerk.authenticateWithMetamask` and the methods for other wallets. */
export type AuthenticateWithWalletParams = Omit<AuthenticateWithWeb3Params, 'strategy'>;

/** An entry of the waitlist. */
export interface Waitlist {
  id: string;
  createdAt: Date;
  updatedAt: Date;
}
