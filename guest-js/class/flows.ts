/** Flows that leave the app and come back, whose code is imported on first use, and the calls that need no attempt. */
import type * as wire from '../bindings';
import * as commands from '../bindings';
import { importOnDemand } from '../import-on-demand';
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

/** The flows, by the name of their method. */
type FlowFunctions = typeof import('./browser-flows').flows;

export abstract class Flows extends UrlBuilders {
  /** Runs a flow, whose code is imported now. Does nothing before `load()`. */
  protected async flow<Name extends keyof FlowFunctions>(
    name: Name,
    ...params: Parameters<FlowFunctions[Name]> extends [Context, ...infer Params] ? Params : never
  ): Promise<unknown> {
    if (!isReadyFor(this.context, name)) {
      return undefined;
    }
    const { flows } = await importOnDemand();
    const run = flows[name] as (context: Context, ...params: unknown[]) => Promise<unknown>;
    return await run(this.context, ...params);
  }

  /**
   * Continues after a browser flow came back. `authenticateWithRedirect` does this by itself. Does nothing before
   * `load()`.
   *
   * @returns the {@link Requirements}, if the app has no page for what is required next.
   * @throws {@link ClerkRuntimeError} `redirect_callback_incomplete`, `network_error`
   * @throws {@link ClerkAPIResponseError}
   */
  handleRedirectCallback(
    params: wire.RedirectCallbackParams = {},
    customNavigate?: CustomNavigate,
  ): Promise<unknown> {
    return this.flow('handleRedirectCallback', params, customNavigate);
  }

  /**
   * Continues after an e-mail link led to this page, whose address has `__clerk_status` and `__clerk_created_session`.
   * Links that lead to the app's callback URL are handled without this.
   *
   * @throws {@link EmailLinkError} `expired`, `failed`, `client_mismatch`
   */
  handleEmailLinkVerification(
    params: HandleEmailLinkVerificationParams,
    customNavigate?: CustomNavigate,
  ): Promise<unknown> {
    return this.flow('handleEmailLinkVerification', params, customNavigate);
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
