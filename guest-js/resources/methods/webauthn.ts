/** WebAuthn, where the webview has it. Pages of most desktop webviews have an origin that no relying party can name. */
import { ClerkRuntimeError } from '../../errors';

/**
 * Returns a function that makes the credential of a new passkey. It takes what the relying party asks for and returns the
 * credential, both as JSON.
 *
 * @throws {@link ClerkRuntimeError} `passkey_not_supported`; the function `passkey_registration_cancelled`,
 * `passkey_registration_failed`
 */
export function createCredential(): (options: string) => Promise<string> {
  // Missing in some webviews, whatever the types say.
  const webauthn = globalThis.PublicKeyCredential as typeof PublicKeyCredential | undefined;
  if (!webauthn || !('parseCreationOptionsFromJSON' in webauthn)) {
    throw new ClerkRuntimeError('this webview has no WebAuthn, so it cannot create passkeys', {
      code: 'passkey_not_supported',
    });
  }
  return async (options) => {
    try {
      const json = JSON.parse(options) as PublicKeyCredentialCreationOptionsJSON;
      const publicKey = webauthn.parseCreationOptionsFromJSON(json);
      return JSON.stringify(await navigator.credentials.create({ publicKey }));
    } catch (cause) {
      const isCancelled = cause instanceof DOMException && cause.name === 'NotAllowedError';
      throw new ClerkRuntimeError(
        isCancelled ? 'the passkey was not created' : `the passkey could not be created: ${String(cause)}`,
        { code: isCancelled ? 'passkey_registration_cancelled' : 'passkey_registration_failed', cause },
      );
    }
  };
}
