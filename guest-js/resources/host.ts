import type * as wire from '../bindings';

/** What attempts need of the object that they belong to. */
export interface Host {
  /** Brings the mirrored state up to date. */
  sync(): Promise<void>;
  /** Runs a flow through the system browser. */
  authenticate(
    resource: wire.RedirectResource,
    params: Omit<wire.AuthenticateWithRedirectParams, 'resource'> & {
      redirectUrl?: string;
      redirectUrlComplete?: string;
    },
  ): Promise<void>;
  /** The id, or an error that names what has to come first. */
  requiredId(id: string | undefined, before: string): string;
}
