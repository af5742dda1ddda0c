/** What the methods of several resources do. */
import type * as wire from '../../bindings';
import { ClerkRuntimeError } from '../../errors';
import { reloadUser } from '../../on-demand-commands';
import type { Context } from '../../class/context';

/** Waits for a call, and until the state of this window shows what it changed. */
export async function done<Value>({ host }: { host: Context }, call: Promise<Value>): Promise<Value> {
  const value = await call;
  await host.sync();
  return value;
}

/** The lists of a user. */
type List =
  'emailAddresses' | 'phoneNumbers' | 'web3Wallets' | 'externalAccounts' | 'enterpriseAccounts' | 'passkeys';

/** Reads the user again, and takes over what has the same ID in a list. */
export async function reloadFrom<
  Name extends List,
  Self extends { id: string; host: Context; take(data: wire.User[Name][number]): void },
>(resource: Self, list: Name): Promise<Self> {
  const user = await done(resource, reloadUser());
  const data = (user[list] as wire.User[Name][number][]).find(({ id }) => id === resource.id);
  if (!data) {
    throw new ClerkRuntimeError(`the account no longer has ${resource.id}`, { code: 'resource_not_found' });
  }
  resource.take(data);
  return resource;
}
