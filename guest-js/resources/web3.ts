/** Sign-ins and sign-ups with a wallet. Imported on first use. */
import type * as wire from '../bindings';
import * as commands from '../bindings';
import * as onDemand from '../on-demand-commands';
import { ClerkRuntimeError } from '../errors';
import type { GenerateSignature, Web3Params } from './wallet-params';

const METAMASK = 'web3_metamask_signature';

/** Signs in with a wallet of the system browser, or with the signer that `params` bring. */
export async function signInWithWeb3(params: Web3Params): Promise<wire.SignIn> {
  const { strategy = METAMASK, walletName, generateSignature, identifier = '' } = params;
  if (!generateSignature) {
    return await onDemand.signInWithWeb3(strategy, walletName ?? null);
  }
  const { id, supportedFirstFactors } = await commands.createSignIn({ identifier });
  const factor = supportedFirstFactors?.find((one) => one.strategy === strategy);
  if (!factor) {
    throw new ClerkRuntimeError(`the sign-in does not offer ${strategy}: enable it in Clerk's dashboard`, {
      code: 'factor_not_found',
    });
  }
  const { firstFactorVerification } = await commands.prepareSignInFirstFactor(id, {
    strategy,
    web3WalletId: factor.web3WalletId,
  });
  const signature = await sign(generateSignature, params, firstFactorVerification?.message);
  return await commands.attemptSignInFirstFactor(id, { strategy, signature });
}

/** Signs up with a wallet of the system browser, or with the signer that `params` bring. */
export async function signUpWithWeb3(params: Web3Params): Promise<wire.SignUp> {
  const { strategy = METAMASK, walletName, generateSignature, identifier = '', ...fields } = params;
  if (!generateSignature) {
    return await onDemand.signUpWithWeb3({ ...fields, strategy, ...(walletName && { walletName }) });
  }
  const { id } = await commands.createSignUp({ ...fields, web3Wallet: identifier });
  const { verifications } = await commands.prepareSignUpVerification(id, { strategy });
  const signature = await sign(generateSignature, params, verifications.web3Wallet?.message);
  return await commands.attemptSignUpVerification(id, { strategy, signature });
}

/** Asks the app's own signer. Coinbase Wallet sometimes rejects the first request for no reason, so it is asked again. */
async function sign(
  generateSignature: GenerateSignature,
  { strategy = METAMASK, walletName, identifier = '' }: Web3Params,
  nonce: string | null | undefined,
): Promise<string> {
  if (!nonce) {
    throw new ClerkRuntimeError('Clerk sent no message for the wallet to sign', {
      code: 'web3_nonce_not_found',
    });
  }
  const provider = strategy.replace(/^web3_|_signature$/g, '');
  const request = { identifier, nonce, provider, ...(walletName !== undefined && { walletName }) };
  try {
    return await generateSignature(request);
  } catch (error) {
    if (provider === 'coinbase_wallet' && (error as { code?: unknown }).code === 4001) {
      return await generateSignature(request);
    }
    throw error;
  }
}
