/** Passkeys, through the app's port for them in Rust, or by the WebAuthn of the webview. Imported on first use. */
import type * as wire from './bindings';
import * as commands from './bindings';
import { ClerkRuntimeError, isClerkRuntimeError } from './errors';
import * as onDemand from './on-demand-commands';

/** The sign-in that a passkey continues. */
export interface PasskeySignIn {
  id?: string | undefined;
  status: string | null;
  supportedFirstFactors: wire.SignInFactor[] | null;
  supportedSecondFactors: wire.SignInFactor[] | null;
}

/** How the user selects a passkey: offered by a form field, or in a dialog. */
export type PasskeyFlow = 'autofill' | 'discoverable';

const strategy = 'passkey';

/**
 * Starts a sign-in with a passkey. Without a flow, completes a factor of the present one.
 *
 * @throws those of {@link requestPasskey} and {@link attemptPasskey}
 */
export async function signInWithPasskey(signIn: PasskeySignIn, flow?: PasskeyFlow): Promise<wire.SignIn> {
  if (!flow) {
    const status = signIn.status ?? '';
    return await attemptPasskey(signIn, ['needs_second_factor', 'needs_client_trust'].includes(status));
  }
  // The autofill of a form must not open a dialog.
  const native = flow === 'autofill' ? undefined : await nativePasskey(() => onDemand.signInWithPasskey());
  if (native) {
    return native;
  }
  requirePasskeys();
  const { id, firstFactorVerification } = await commands.createSignIn({ strategy });
  const publicKeyCredential = await requestPasskey(firstFactorVerification?.nonce, flow === 'autofill');
  return await commands.attemptSignInFirstFactor(id, { strategy, publicKeyCredential });
}

/**
 * Completes the first or second factor of a sign-in with a passkey.
 *
 * @throws those of {@link requestPasskey}, `passkey_not_supported`, `attempt_not_started`, `factor_not_found`
 */
export async function attemptPasskey(signIn: PasskeySignIn, isSecond: boolean): Promise<wire.SignIn> {
  const { id } = signIn;
  if (!id) {
    throw new ClerkRuntimeError('no signIn is in progress: pass a flow, or call signIn.create() first', {
      code: 'attempt_not_started',
    });
  }
  const factors = isSecond ? signIn.supportedSecondFactors : signIn.supportedFirstFactors;
  if (!factors?.some((factor) => factor.strategy === strategy)) {
    throw new ClerkRuntimeError('the sign-in does not offer a passkey for this step: choose another factor', {
      code: 'factor_not_found',
    });
  }
  const native = await nativePasskey(() => onDemand.attemptSignInWithPasskey(id, isSecond));
  if (native) {
    return native;
  }
  requirePasskeys();
  if (isSecond) {
    const { secondFactorVerification } = await commands.prepareSignInSecondFactor(id, { strategy });
    const publicKeyCredential = await requestPasskey(secondFactorVerification?.nonce, false);
    return await commands.attemptSignInSecondFactor(id, { strategy, publicKeyCredential });
  }
  const { firstFactorVerification } = await commands.prepareSignInFirstFactor(id, { strategy });
  const publicKeyCredential = await requestPasskey(firstFactorVerification?.nonce, false);
  return await commands.attemptSignInFirstFactor(id, { strategy, publicKeyCredential });
}

/**
 * Verifies the user of a session again with a passkey, as the first factor of a verification in progress.
 *
 * @throws those of {@link requestPasskey}, `passkey_not_supported`
 */
export async function verifySessionWithPasskey(sessionId: string): Promise<wire.SessionVerification> {
  const native = await nativePasskey(() => onDemand.verifySessionWithPasskey(sessionId));
  if (native) {
    return native;
  }
  requirePasskeys();
  const { firstFactorVerification } = await onDemand.prepareSessionFirstFactor(sessionId, {
    strategy,
  });
  const publicKeyCredential = await requestPasskey(firstFactorVerification?.nonce, false);
  return await onDemand.attemptSessionFirstFactor(sessionId, { strategy, publicKeyCredential });
}

/** Uses the app's port for passkeys in Rust. Undefined if the app or the system has none. */
export async function nativePasskey<T>(use: () => Promise<T>): Promise<T | undefined> {
  try {
    return await use();
  } catch (error) {
    if (isClerkRuntimeError(error) && error.code === 'passkey_not_supported') {
      return undefined;
    }
    throw error;
  }
}

/** The request that is waiting for the user. Browsers allow one at a time. */
let pending: AbortController | undefined;

/** What errors of WebAuthn mean. */
const CODES: Record<string, string> = {
  AbortError: 'passkey_operation_aborted',
  NotAllowedError: 'passkey_retrieval_cancelled',
  SecurityError: 'passkey_invalid_rpID_or_domain',
};

/** @throws `passkey_not_supported` where the webview has no WebAuthn, as on Linux. */
function requirePasskeys(): void {
  if (!('PublicKeyCredential' in globalThis)) {
    throw new ClerkRuntimeError(
      'this webview has no WebAuthn, so it has no passkeys: offer another strategy, or the sign-in page of Clerk in the system browser',
      { code: 'passkey_not_supported' },
    );
  }
}

/**
 * Asks the user for a passkey, and returns the response as JSON. A request that is still waiting is aborted.
 *
 * @param nonce - the options of the request as JSON, which Clerk sends as the nonce of the verification.
 * @param autofill - whether the browser offers it in a form field, if it can.
 *
 * @throws `missing_public_key_options`, `passkey_retrieval_cancelled`, `passkey_retrieval_failed`,
 * `passkey_operation_aborted`, `passkey_invalid_rpID_or_domain`
 */
async function requestPasskey(nonce: string | null | undefined, autofill: boolean): Promise<string> {
  if (!nonce) {
    throw new ClerkRuntimeError('Clerk sent no options for the passkey', {
      code: 'missing_public_key_options',
    });
  }
  pending?.abort();
  const { signal } = (pending = new AbortController());
  try {
    const publicKey = requestOptions(JSON.parse(nonce) as PublicKeyCredentialRequestOptionsJSON);
    const conditional = autofill && (await offersAutofill());
    const request: CredentialRequestOptions = { publicKey, signal };
    const credential = await navigator.credentials.get(
      conditional ? { ...request, mediation: 'conditional' } : request,
    );
    if (!credential) {
      throw new Error('no passkey was returned');
    }
    return JSON.stringify(responseOf(credential as PublicKeyCredential));
  } catch (cause) {
    const { name, message } = cause as Error;
    throw new ClerkRuntimeError(`the passkey could not be used: ${message}`, {
      code: CODES[name] ?? 'passkey_retrieval_failed',
      cause,
    });
  }
}

/** Members that older webviews lack. */
type Lacking<T> = { [K in keyof T]?: T[K] };

async function offersAutofill(): Promise<boolean> {
  const { isConditionalMediationAvailable: isAvailable } = PublicKeyCredential as Lacking<
    typeof PublicKeyCredential
  >;
  return (await isAvailable?.call(PublicKeyCredential)) ?? false;
}

function requestOptions(json: PublicKeyCredentialRequestOptionsJSON): PublicKeyCredentialRequestOptions {
  const { parseRequestOptionsFromJSON: parse } = PublicKeyCredential as Lacking<typeof PublicKeyCredential>;
  if (parse) {
    return parse.call(PublicKeyCredential, json);
  }
  const { challenge, allowCredentials = [], ...rest } = json;
  const options: object = {
    ...rest,
    challenge: decode(challenge),
    allowCredentials: allowCredentials.map(({ id, ...descriptor }) => ({ ...descriptor, id: decode(id) })),
  };
  return options as PublicKeyCredentialRequestOptions;
}

function responseOf(credential: PublicKeyCredential): object {
  const { toJSON } = credential as Lacking<PublicKeyCredential>;
  if (toJSON) {
    return toJSON.call(credential) as object;
  }
  const { id, type, rawId, authenticatorAttachment } = credential;
  const response = credential.response as AuthenticatorAssertionResponse;
  return {
    id,
    type,
    rawId: encode(rawId),
    authenticatorAttachment,
    response: {
      clientDataJSON: encode(response.clientDataJSON),
      authenticatorData: encode(response.authenticatorData),
      signature: encode(response.signature),
      userHandle: response.userHandle && encode(response.userHandle),
    },
  };
}

function decode(base64url: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64url.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function encode(bytes: ArrayBuffer): string {
  const binary = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
}
