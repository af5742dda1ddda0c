import type { DeletedObject } from '../../bindings';
import * as commands from '../../on-demand-commands';
import type { Passkey } from '../identifications';
import { done, reloadFrom } from './shared';

/** Renames the passkey. */
export function update(this: Passkey, { name }: { name?: string | null }): Promise<Passkey> {
  return this.settle(commands.updatePasskey(this.id, name ?? ''));
}

/** Removes the passkey. */
function remove(this: Passkey): Promise<DeletedObject> {
  return done(this, commands.deletePasskey(this.id));
}
export { remove as delete };

/** Reads the passkey again. */
export function reload(this: Passkey): Promise<Passkey> {
  return reloadFrom(this, 'passkeys');
}
