import * as commands from '../../on-demand-commands';
import type { Web3Wallet } from '../identifications';
import { done, reloadFrom } from './shared';

/** Asks for the text that the wallet is to sign: `verification.message`. */
export function prepareVerification(
  this: Web3Wallet,
  { strategy }: { strategy: string },
): Promise<Web3Wallet> {
  return this.settle(commands.prepareWeb3WalletVerification(this.id, { strategy }));
}

/** Verifies the wallet with its signature. */
export function attemptVerification(
  this: Web3Wallet,
  { signature }: { signature: string; strategy?: string },
): Promise<Web3Wallet> {
  return this.settle(commands.attemptWeb3WalletVerification(this.id, signature));
}

/** Removes the wallet from the account. */
export async function destroy(this: Web3Wallet): Promise<void> {
  await done(this, commands.deleteWeb3Wallet(this.id));
}

/** Reads the wallet again. */
export function reload(this: Web3Wallet): Promise<Web3Wallet> {
  return reloadFrom(this, 'web3Wallets');
}
