import { signOut } from '../../bindings';
import * as commands from '../../on-demand-commands';
import type { Client } from '../client';
import { done } from './shared';

/** Signs out of all sessions, without a navigation. */
export async function removeSessions(this: Client): Promise<Client> {
  await done(this, signOut({}));
  return this;
}

/** Signs out of all sessions and has Clerk forget this device: whoever signs in next does so on a new one. */
export async function destroy(this: Client): Promise<void> {
  await done(this, commands.destroyClient());
}
