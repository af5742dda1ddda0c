/**
 * Methods of the class that run after the user has done something. Their code is imported with the first call of one of
 * them; see `flows.ts`.
 */
import type * as wire from '../bindings';
import * as commands from '../on-demand-commands';
import type { ClerkFetchInit } from '../fetch';
import { Organization } from '../resources/organization';
import type { RedirectOptions } from '../urls';
import { continueFlow, fromThisPage, startHostedAuth } from './browser-flows';
import { isReadyFor } from './context';
import type {
  AuthenticateWithWalletParams,
  AuthenticateWithWeb3Params,
  CustomNavigate,
  HandleEmailLinkVerificationParams,
  Waitlist,
} from './types';
import type { UrlBuilders } from './urls';

/**
 * Continues after a browser flow came back. `authenticateWithRedirect` does this by itself. Does nothing before `load()`.
 *
 * @returns the {@link Requirements}, if the app has no page for what is required next.
 * @throws {@link ClerkRuntimeError} `redirect_callback_incomplete`, `network_error`
 * @throws {@link ClerkAPIResponseError}
 */
export async function handleRedirectCallback(
  this: UrlBuilders,
  params: wire.RedirectCallbackParams = {},
  customNavigate?: CustomNavigate,
): Promise<unknown> {
  if (!isReadyFor(this.context, 'handleRedirectCallback')) {
    return undefined;
  }
  const outcome = await commands.handleRedirectCallback(fromThisPage(params));
  return await continueFlow(this.context, outcome, customNavigate);
}

/**
 * Continues after an e-mail link led to this page, whose address has `__clerk_status` and `__clerk_created_session`.
 * Links that lead to the app's callback URL are handled without this. Does nothing before `load()`.
 *
 * @throws {@link EmailLinkError} `expired`, `failed`, `client_mismatch`
 */
export async function handleEmailLinkVerification(
  this: UrlBuilders,
  { onVerifiedOnOtherDevice, ...urls }: HandleEmailLinkVerificationParams,
  customNavigate?: CustomNavigate,
): Promise<unknown> {
  if (!isReadyFor(this.context, 'handleEmailLinkVerification')) {
    return undefined;
  }
  const outcome = await commands.handleEmailLinkVerification(window.location.href, urls);
  if (outcome.verifiedOnOtherDevice) {
    onVerifiedOnOtherDevice?.();
    return null;
  }
  return await continueFlow(this.context, outcome, customNavigate);
}

/**
 * Reads the client again after a backend responded with 401, and signs out here when the session is gone. All windows
 * see the result, so `broadcast` has no effect.
 */
export async function handleUnauthenticated(
  this: UrlBuilders,
  _options: { broadcast: boolean } = { broadcast: true },
): Promise<unknown> {
  await commands.handleUnauthenticated();
  await this.context.sync();
  return undefined;
}

/**
 * Sends a request to the app's own backend as the signed-in user; Rust adds the session token. See `clerkFetch`.
 *
 * @throws {@link ClerkRuntimeError} `fetch_not_allowed`, `fetch_redirect_refused`, `no_active_session`, `network_error`
 */
export async function fetch(
  this: UrlBuilders,
  input: RequestInfo | URL,
  init?: ClerkFetchInit,
): Promise<Response> {
  const { clerkFetch } = await import('../fetch');
  return await clerkFetch(input, init);
}

/**
 * Adds an e-mail address to the waitlist.
 *
 * @throws {@link ClerkAPIResponseError}
 */
export async function joinWaitlist(this: UrlBuilders, params: wire.JoinWaitlistParams): Promise<Waitlist> {
  const { id, createdAt, updatedAt } = await commands.joinWaitlist(params);
  return { id, createdAt: new Date(createdAt), updatedAt: new Date(updatedAt) };
}

/**
 * Creates an organization, whose admin is the signed-in user. It does not become the active one.
 *
 * @throws {@link ClerkAPIResponseError}
 */
export async function createOrganization(
  this: UrlBuilders,
  params: wire.CreateOrganizationParams,
): Promise<Organization> {
  const organization = new Organization(await commands.createOrganization(params), this.context);
  await this.context.sync();
  return organization;
}

/**
 * Reads an organization that the signed-in user belongs to.
 *
 * @throws {@link ClerkAPIResponseError} `resource_not_found`
 */
export async function getOrganization(
  this: UrlBuilders,
  organizationId: string,
): Promise<Organization | undefined> {
  return new Organization(await commands.getOrganization(organizationId), this.context);
}

/**
 * Signs in with a wallet through the system browser. A user without an account is signed up. Does nothing before
 * `load()`.
 *
 * @throws {@link ClerkRuntimeError} `web3_wallet_unavailable`, `web3_signature_request_rejected`,
 * `web3_signature_generation_failed`, `web3_solana_wallet_name_required`, `web3_wallet_not_confirmed`,
 * `wallet_bridge_misused`, `browser_unavailable`
 */
export async function authenticateWithWeb3(
  this: UrlBuilders,
  { customNavigate, ...params }: AuthenticateWithWeb3Params,
): Promise<void> {
  if (!isReadyFor(this.context, 'authenticateWithWeb3')) {
    return;
  }
  const outcome = await commands.authenticateWithWeb3({ location: window.location.href, ...params });
  await continueFlow(this.context, outcome, customNavigate);
}

/** Signs in with the wallet of a strategy; see {@link authenticateWithWeb3}. */
function withWallet(strategy: string) {
  return function (this: UrlBuilders, params: AuthenticateWithWalletParams = {}): Promise<void> {
    return authenticateWithWeb3.call(this, { ...params, strategy });
  };
}

/** Signs in with MetaMask; see {@link authenticateWithWeb3}. */
export const authenticateWithMetamask = withWallet('web3_metamask_signature');

/** Signs in with Coinbase Wallet; see {@link authenticateWithWeb3}. */
export const authenticateWithCoinbaseWallet = withWallet('web3_coinbase_wallet_signature');

/** Signs in with OKX Wallet; see {@link authenticateWithWeb3}. */
export const authenticateWithOKXWallet = withWallet('web3_okx_wallet_signature');

/** Signs in with Base; see {@link authenticateWithWeb3}. */
export const authenticateWithBase = withWallet('web3_base_signature');

/** Signs in with the Solana wallet named `walletName`; see {@link authenticateWithWeb3}. */
export const authenticateWithSolana: (
  this: UrlBuilders,
  params: AuthenticateWithWalletParams & { walletName: string },
) => Promise<void> = withWallet('web3_solana_signature');

/**
 * Navigates to the app's sign-in. Without the option `signInUrl`, Clerk's hosted sign-in opens in the system browser,
 * and this resolves when the user has come back signed in. Does nothing before `load()`.
 *
 * @throws {@link ClerkRuntimeError} `hosted_auth_failed`, `oauth_flow_cancelled`, `oauth_flow_superseded`,
 * `oauth_flow_timed_out`
 */
export async function redirectToSignIn(this: UrlBuilders, options: RedirectOptions = {}): Promise<unknown> {
  if (this.context.urls().hasOwnSignIn()) {
    return await this.context.navigate(this.buildSignInUrl(options));
  }
  return isReadyFor(this.context, 'redirectToSignIn')
    ? await startHostedAuth('signIn', this.context, options)
    : undefined;
}

/** Navigates to the app's sign-up, or opens Clerk's hosted one; see {@link redirectToSignIn}. */
export async function redirectToSignUp(this: UrlBuilders, options: RedirectOptions = {}): Promise<unknown> {
  if (this.context.urls().hasOwnSignUp()) {
    return await this.context.navigate(this.buildSignUpUrl(options));
  }
  return isReadyFor(this.context, 'redirectToSignUp')
    ? await startHostedAuth('signUp', this.context, options)
    : undefined;
}

/** Navigates to the user's profile, in the system browser unless it is a page of the app. */
export function redirectToUserProfile(this: UrlBuilders): Promise<unknown> {
  return this.context.navigate(this.buildUserProfileUrl());
}

/** Navigates to the organization's profile. */
export function redirectToOrganizationProfile(this: UrlBuilders): Promise<unknown> {
  return this.context.navigate(this.buildOrganizationProfileUrl());
}

/** Navigates to the page that creates an organization. */
export function redirectToCreateOrganization(this: UrlBuilders): Promise<unknown> {
  return this.context.navigate(this.buildCreateOrganizationUrl());
}

/** Navigates to where a sign-in leads. */
export function redirectToAfterSignIn(this: UrlBuilders): Promise<unknown> {
  return this.context.navigate(this.buildAfterSignInUrl());
}

/** Navigates to where a sign-up leads. */
export function redirectToAfterSignUp(this: UrlBuilders): Promise<unknown> {
  return this.context.navigate(this.buildAfterSignUpUrl());
}

/** Navigates to where a sign-out leads. */
export function redirectToAfterSignOut(this: UrlBuilders): Promise<unknown> {
  return this.context.navigate(this.buildAfterSignOutUrl());
}

/** Navigates to the waitlist. */
export function redirectToWaitlist(this: UrlBuilders): Promise<unknown> {
  return this.context.navigate(this.buildWaitlistUrl());
}

/** Navigates to the page for the active session's current task. Does nothing without a task. */
export function redirectToTasks(this: UrlBuilders, options?: RedirectOptions): Promise<unknown> {
  return this.context.navigate(this.buildTasksUrl(options));
}

/** Navigates to the URL that {@link buildUrlWithAuth} returns. */
export function redirectWithAuth(this: UrlBuilders, to: string): Promise<unknown> {
  return this.context.navigate(this.buildUrlWithAuth(to));
}
