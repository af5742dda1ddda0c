import * as commands from '../../on-demand-commands';
import type { EnterpriseAccount } from '../identifications';
import { done, reloadFrom } from './shared';

/** Removes the account. */
export async function destroy(this: EnterpriseAccount): Promise<void> {
  await done(this, commands.deleteEnterpriseAccount(this.id));
}

/** Reads the account again. */
export function reload(this: EnterpriseAccount): Promise<EnterpriseAccount> {
  return reloadFrom(this, 'enterpriseAccounts');
}
