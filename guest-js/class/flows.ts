/** Flows that leave the app and come back, and the calls that need no attempt. */
import type * as wire from '../bindings';
import * as commands from '../bindings';
import type { RedirectParams } from '../resources/base';
import { Organization } from '../resources/organization';
import { type Context, isReadyFor } from './context';
import { UrlBuilders } from './urls';

/** Navigates to a step of a flow. */
export type CustomNavigate = (to: string) => unknown;

/** Parameters of {@link Flows.handleEmailLinkVerification}. */
export interface HandleEmailLinkVerificationParams {
  /** Where to navigate to when nothing is left to do. */
  redirectUrlComplete?: string;
  /** Where to navigate to when more is required, e.g. a second factor. */
  redirectUrl?: string;
  /** Called when the link was opened for another device. */
  onVerifiedOnOtherDevice?: () => void;
}

/** An entry of the waitlist. */
export interface Waitlist {
  id: string;
  createdAt: Date;
  updatedAt: Date;
}

export abstract class Flows extends UrlBuilders {
  /**
   * Continues after a browser flow came back. `authenticateWithRedirect` does this by itself. Does nothing before
   * `load()`.
   *
   * @returns the {@link Requirements}, if the app has no page for what is required next.
   * @throws {@link ClerkRuntimeError} `redirect_callback_incomplete`, `network_error`
   * @throws {@link ClerkAPIResponseError}
   */
  async handleRedirectCallback(
    params: wire.RedirectCallbackParams = {},
    customNavigate?: CustomNavigate,
  ): Promise<unknown> {
    if (!isReadyFor(this.context, 'handleRedirectCallback')) {
      return undefined;
    }
    const outcome = await commands.handleRedirectCallback(fromThisPage(params));
    return await follow(this.context, outcome, customNavigate);
  }

  /**
   * Continues after an e-mail link led to this page, whose address has `__clerk_status` and `__clerk_created_session`.
   * Links that lead to the app's callback URL are handled without this.
   *
   * @throws {@link EmailLinkError} `expired`, `failed`, `client_mismatch`
   */
  async handleEmailLinkVerification(
    params: HandleEmailLinkVerificationParams,
    customNavigate?: CustomNavigate,
  ): Promise<unknown> {
    if (!isReadyFor(this.context, 'handleEmailLinkVerification')) {
      return undefined;
    }
    const { onVerifiedOnOtherDevice, ...urls } = params;
    const outcome = await commands.handleEmailLinkVerification(window.location.href, urls);
    if (outcome.verifiedOnOtherDevice) {
      onVerifiedOnOtherDevice?.();
      return null;
    }
    return await follow(this.context, outcome, customNavigate);
  }

  /**
   * Reads the client again after a backend responded with 401, and signs out here when the session is gone. All windows
   * see the result, so `broadcast` has no effect.
   */
  async handleUnauthenticated(_options: { broadcast: boolean } = { broadcast: true }): Promise<unknown> {
    await commands.handleUnauthenticated();
    await this.context.sync();
    return undefined;
  }

  /** Stops waiting for the browser. False when nothing was waiting. */
  cancelAuthentication(): Promise<boolean> {
    return commands.cancelAuthentication();
  }

  /**
   * Adds an e-mail address to the waitlist.
   *
   * @throws {@link ClerkAPIResponseError}
   */
  async joinWaitlist(params: wire.JoinWaitlistParams): Promise<Waitlist> {
    const { id, createdAt, updatedAt } = await commands.joinWaitlist(params);
    return { id, createdAt: new Date(createdAt), updatedAt: new Date(updatedAt) };
  }

  /**
   * Creates an organization, whose admin is the signed-in user. It does not become the active one.
   *
   * @throws {@link ClerkAPIResponseError}
   */
  async createOrganization(params: wire.CreateOrganizationParams): Promise<Organization> {
    const { createOrganization } = await import('../resource-commands');
    const organization = new Organization(await createOrganization(params), this.context.host());
    await this.context.sync();
    return organization;
  }

  /**
   * Reads an organization that the signed-in user belongs to.
   *
   * @throws {@link ClerkAPIResponseError} `resource_not_found`
   */
  async getOrganization(organizationId: string): Promise<Organization | undefined> {
    const { getOrganization } = await import('../resource-commands');
    return new Organization(await getOrganization(organizationId), this.context.host());
  }
}

/** Adds the page that relative URLs are resolved against. */
export function fromThisPage(params: wire.RedirectCallbackParams): wire.RedirectCallbackParams {
  return { location: window.location.href, ...params };
}

/**
 * Navigates to where a flow leads. The last step is always Clerk's own navigation; `customNavigate` takes the others. If the
 * app has no page for what is required next, returns the requirements.
 */
export async function follow(
  context: Context,
  outcome: Omit<wire.RedirectOutcome, 'requirements'> & { requirements?: wire.Requirements | null },
  customNavigate?: CustomNavigate,
): Promise<unknown> {
  await context.sync();
  if (!outcome.navigateTo) {
    return outcome.requirements ?? undefined;
  }
  return customNavigate && !outcome.createdSessionId
    ? await customNavigate(outcome.navigateTo)
    : await context.navigate(outcome.navigateTo);
}

/** Runs `authenticateWithRedirect` of a sign-in or sign-up. */
export async function authenticate(
  context: Context,
  resource: wire.AttemptKind,
  // Only the app's callback URL leads back to the app, so `redirectUrl` is ignored.
  { redirectUrl: _, redirectUrlComplete, ...params }: RedirectParams,
): Promise<void> {
  const { callback, flow } = splitCallback(params);
  if (redirectUrlComplete !== undefined) {
    callback.signInFallbackRedirectUrl ??= redirectUrlComplete;
    callback.signUpFallbackRedirectUrl ??= redirectUrlComplete;
  }
  const outcome = await commands.authenticateWithRedirect({
    ...flow,
    resource,
    callback: fromThisPage(callback),
  });
  await follow(context, outcome);
}

/** Every parameter of a callback but those that the flow has as well. A missing name does not compile. */
const CALLBACK_PARAMS: Record<
  Exclude<keyof wire.RedirectCallbackParams, 'location' | 'unsafeMetadata'>,
  true
> = {
  signInUrl: true,
  signUpUrl: true,
  firstFactorUrl: true,
  secondFactorUrl: true,
  resetPasswordUrl: true,
  continueSignUpUrl: true,
  verifyEmailAddressUrl: true,
  verifyPhoneNumberUrl: true,
  signInProtectCheckUrl: true,
  signUpProtectCheckUrl: true,
  signInForceRedirectUrl: true,
  signInFallbackRedirectUrl: true,
  signUpForceRedirectUrl: true,
  signUpFallbackRedirectUrl: true,
  transferable: true,
  reloadResource: true,
  continuation: true,
};

type FlowParams = Omit<wire.AuthenticateWithRedirectParams, 'resource'>;

/** Splits the parameters of `authenticateWithRedirect` into those of the flow and those of its callback. */
function splitCallback(params: FlowParams & wire.RedirectCallbackParams): {
  callback: wire.RedirectCallbackParams;
  flow: FlowParams;
} {
  const entries = Object.entries(params);
  const isCallback = ([name]: [string, unknown]) => Object.hasOwn(CALLBACK_PARAMS, name);
  const callback = Object.fromEntries(entries.filter(isCallback)) as wire.RedirectCallbackParams;
  if (params.unsafeMetadata !== undefined) {
    callback.unsafeMetadata = params.unsafeMetadata;
  }
  const flow = Object.fromEntries(entries.filter((entry) => !isCallback(entry))) as typeof params;
  return { callback, flow };
}
