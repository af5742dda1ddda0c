import * as commands from '../../on-demand-commands';
import type { ExternalAccount } from '../identifications';
import { done, reloadFrom } from './shared';

/** Parameters of `ExternalAccount.reauthorize`. */
export interface ReauthorizeExternalAccountParams {
  /** Further scopes to ask the provider for. */
  additionalScopes?: string[];
  /** Accepted for code that was written for the web, and ignored: the app's callback URL is used instead. */
  redirectUrl?: string;
  /** OpenID Connect `prompt`. */
  oidcPrompt?: string;
  /** OpenID Connect `login_hint`. */
  oidcLoginHint?: string;
}

/** The parameters of a connection, as Rust takes them. */
export function connection<Params extends ReauthorizeExternalAccountParams>({
  redirectUrl: _,
  additionalScopes,
  ...params
}: Params) {
  return { ...params, ...(additionalScopes && { additionalScope: additionalScopes }) };
}

/**
 * Renews the connection in the system browser, e.g. with further scopes. Resolves when the user has returned.
 *
 * @throws {@link ClerkRuntimeError} `oauth_access_denied`, `oauth_flow_cancelled`, `oauth_flow_superseded`,
 * `oauth_flow_timed_out`
 */
export function reauthorize(
  this: ExternalAccount,
  params: ReauthorizeExternalAccountParams = {},
): Promise<ExternalAccount> {
  return this.settle(commands.reauthorizeExternalAccount(this.id, connection(params)));
}

/** Removes the connection. */
export async function destroy(this: ExternalAccount): Promise<void> {
  await done(this, commands.deleteExternalAccount(this.id));
}

/** Reads the account again. */
export function reload(this: ExternalAccount): Promise<ExternalAccount> {
  return reloadFrom(this, 'externalAccounts');
}
