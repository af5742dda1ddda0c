/** Signing in with a passkey: `SignIn.authenticateWithPasskey()`, and `passkey()` of the current API. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createFuture } from '../future';
import { Clerk } from '../index';
import { client, Fake, signedIn } from './fake';

const OPTIONS = {
  challenge: 'AAEC_-8',
  rpId: 'example.test',
  allowCredentials: [{ type: 'public-key', id: '_v8' }],
};
const PASSKEY = { strategy: 'passkey' };

let rust: Fake;
let clerk: Clerk;
const get = vi.fn<(options: CredentialRequestOptions) => Promise<unknown>>();

function signIn(changes: object = {}) {
  return {
    id: 'sia_1',
    status: 'needs_first_factor',
    supportedFirstFactors: [PASSKEY],
    supportedSecondFactors: [PASSKEY],
    firstFactorVerification: { nonce: JSON.stringify(OPTIONS) },
    secondFactorVerification: { nonce: JSON.stringify(OPTIONS) },
    ...changes,
  };
}

/** Loads Clerk with a sign-in in progress. */
async function load(changes: object = {}): Promise<void> {
  rust.state = { ...rust.state, client: { ...client(), signIn: signIn(changes) as never } };
  clerk = new Clerk();
  await clerk.load();
  rust.calls.length = 0;
}

/** Loads Clerk with a session whose user is to be verified again. */
async function loadSession(): Promise<void> {
  rust.state = signedIn(1);
  for (const command of ['prepare_session_first_factor', 'attempt_session_first_factor']) {
    rust.on(command, () => ({
      status: 'complete',
      firstFactorVerification: { nonce: JSON.stringify(OPTIONS) },
    }));
  }
  clerk = new Clerk();
  await clerk.load();
  rust.calls.length = 0;
}

/** A webview with WebAuthn, which may lack the newer members. */
function support(members: object = {}): void {
  vi.stubGlobal('PublicKeyCredential', members);
}

const bytes = (...values: number[]) => new Uint8Array(values).buffer;

/** What older webviews return. */
const CREDENTIAL = {
  id: 'AP8',
  type: 'public-key',
  rawId: bytes(0, 255),
  authenticatorAttachment: 'platform',
  response: {
    clientDataJSON: bytes(1),
    authenticatorData: bytes(2),
    signature: bytes(251, 239),
    userHandle: null,
  },
};

beforeEach(() => {
  rust = new Fake();
  Object.defineProperty(navigator, 'credentials', { configurable: true, value: { get } });
  get.mockReset().mockResolvedValue({ toJSON: () => ({ id: 'cred' }) });
  for (const command of [
    'create_sign_in',
    'prepare_sign_in_first_factor',
    'prepare_sign_in_second_factor',
    'attempt_sign_in_first_factor',
    'attempt_sign_in_second_factor',
  ]) {
    rust.on(command, () => signIn());
  }
});

afterEach(() => {
  rust.stop();
  vi.unstubAllGlobals();
});

function calls(): [string, unknown][] {
  return rust.calls
    .filter(({ command }) => command !== 'snapshot')
    .map(({ command, args }) => [command, args]);
}

const credential = { ...PASSKEY, publicKeyCredential: '{"id":"cred"}' };

describe('passkeys', () => {
  it('passkey() resolves with passkey_not_supported without WebAuthn, before any command', async () => {
    await load();
    const { signIn: future } = createFuture(clerk);
    const { error } = await future.passkey({ flow: 'discoverable' });
    expect(error).toMatchObject({ name: 'ClerkRuntimeError', code: 'passkey_not_supported' });
    expect(future.errors.global).toEqual([error]);
    expect((await future.mfa.passkey()).error).toMatchObject({ code: 'passkey_not_supported' });
    expect(calls()).toEqual([]);
    await expect(clerk.client!.signIn.authenticateWithPasskey()).rejects.toMatchObject({
      code: 'passkey_not_supported',
    });
  });

  it('passkey() with a flow starts a sign-in', async () => {
    support({ parseRequestOptionsFromJSON: (json: unknown) => ({ parsed: json }) });
    await load();
    const { error } = await createFuture(clerk).signIn.passkey({ flow: 'discoverable' });
    expect(error).toBeNull();
    expect(get.mock.calls[0]![0]).toMatchObject({ publicKey: { parsed: OPTIONS } });
    expect('mediation' in get.mock.calls[0]![0]).toBe(false);
    expect(calls()).toEqual([
      ['create_sign_in', { params: PASSKEY }],
      ['attempt_sign_in_first_factor', { signInId: 'sia_1', params: credential }],
    ]);
  });

  it.each([
    [true, 'conditional'],
    [false, undefined],
  ])('passkey() with the flow autofill, where the webview offers that: %s', async (offers, mediation) => {
    support({ isConditionalMediationAvailable: () => Promise.resolve(offers) });
    await load();
    await createFuture(clerk).signIn.passkey({ flow: 'autofill' });
    expect(get.mock.calls[0]![0].mediation).toBe(mediation);
  });

  it('passkey() without a flow is the first factor of the sign-in, mfa.passkey() the second', async () => {
    support();
    await load();
    const { signIn: future } = createFuture(clerk);
    await future.passkey();
    await future.mfa.passkey();
    expect(calls()).toEqual([
      ['prepare_sign_in_first_factor', { signInId: 'sia_1', params: PASSKEY }],
      ['attempt_sign_in_first_factor', { signInId: 'sia_1', params: credential }],
      ['prepare_sign_in_second_factor', { signInId: 'sia_1', params: PASSKEY }],
      ['attempt_sign_in_second_factor', { signInId: 'sia_1', params: credential }],
    ]);
  });

  it.each([
    ['needs_first_factor', 'first'],
    ['needs_second_factor', 'second'],
    ['needs_client_trust', 'second'],
  ])('authenticateWithPasskey() of a sign-in with the status %s is its %s factor', async (status, factor) => {
    support();
    await load({ status });
    await clerk.client!.signIn.authenticateWithPasskey();
    expect(calls().map(([command]) => command)).toEqual([
      `prepare_sign_in_${factor}_factor`,
      `attempt_sign_in_${factor}_factor`,
    ]);
  });

  it('older webviews get and return bytes, which are base64url in JSON', async () => {
    support();
    get.mockResolvedValue(CREDENTIAL);
    await load();
    await clerk.client!.signIn.authenticateWithPasskey({ flow: 'discoverable' });
    const { publicKey } = get.mock.calls[0]![0];
    expect(publicKey).toEqual({
      rpId: 'example.test',
      challenge: new Uint8Array([0, 1, 2, 255, 239]),
      allowCredentials: [{ type: 'public-key', id: new Uint8Array([254, 255]) }],
    });
    const [, { params }] = calls()[1] as [string, { params: { publicKeyCredential: string } }];
    expect(JSON.parse(params.publicKeyCredential)).toEqual({
      id: 'AP8',
      type: 'public-key',
      rawId: 'AP8',
      authenticatorAttachment: 'platform',
      response: { clientDataJSON: 'AQ', authenticatorData: 'Ag', signature: '--8', userHandle: null },
    });
  });

  it.each([
    ['NotAllowedError', 'passkey_retrieval_cancelled'],
    ['AbortError', 'passkey_operation_aborted'],
    ['SecurityError', 'passkey_invalid_rpID_or_domain'],
    ['UnknownError', 'passkey_retrieval_failed'],
  ])('a %s of WebAuthn is %s', async (name, code) => {
    support();
    const cause = new DOMException('no', name);
    get.mockRejectedValue(cause);
    await load();
    const { error } = await createFuture(clerk).signIn.passkey();
    expect(error).toMatchObject({ name: 'ClerkRuntimeError', code, cause });
  });

  it('a passkey that is not offered, not returned or without options is an error', async () => {
    support();
    await load({ supportedFirstFactors: [{ strategy: 'password' }] });
    const { signIn: future } = createFuture(clerk);
    expect((await future.passkey()).error).toMatchObject({ code: 'factor_not_found' });
    get.mockResolvedValue(null);
    const flow = 'discoverable';
    expect((await future.passkey({ flow })).error).toMatchObject({ code: 'passkey_retrieval_failed' });
    rust.on('create_sign_in', () => signIn({ firstFactorVerification: null }));
    expect((await future.passkey({ flow })).error).toMatchObject({ code: 'missing_public_key_options' });
  });

  it('a second request aborts the first, which browsers allow one at a time', async () => {
    support();
    await load();
    const { signIn: attempt } = clerk.client!;
    const signals: AbortSignal[] = [];
    get.mockImplementation(({ signal }) => {
      signals.push(signal!);
      return signals.length === 1
        ? new Promise((_, reject) => {
            signal!.addEventListener('abort', () => {
              reject(new DOMException('', 'AbortError'));
            });
          })
        : Promise.resolve({ toJSON: () => ({}) });
    });
    const first = attempt.authenticateWithPasskey({ flow: 'autofill' });
    const aborted = expect(first).rejects.toMatchObject({ code: 'passkey_operation_aborted' });
    await vi.waitFor(() => {
      expect(signals).toHaveLength(1);
    });
    await attempt.authenticateWithPasskey({ flow: 'discoverable' });
    await aborted;
    expect(signals[1]!.aborted).toBe(false);
  });
});

describe('Session.verifyWithPasskey()', () => {
  it('verifies the first factor with the passkey that the user selects', async () => {
    support({ parseRequestOptionsFromJSON: (json: object) => ({ parsed: json }) });
    await loadSession();
    const verification = await clerk.session!.verifyWithPasskey();
    expect(verification.status).toBe('complete');
    expect(get.mock.calls[0]?.[0].publicKey).toEqual({ parsed: OPTIONS });
    const sent = rust.calls.filter(({ command }) => command.includes('session_first_factor'));
    expect(sent.map(({ command, args }) => [command, args['params']])).toEqual([
      ['prepare_session_first_factor', { strategy: 'passkey' }],
      ['attempt_session_first_factor', { strategy: 'passkey', publicKeyCredential: '{"id":"cred"}' }],
    ]);
  });

  it('says so where the webview has no WebAuthn, before anything is sent', async () => {
    await loadSession();
    await expect(clerk.session!.verifyWithPasskey()).rejects.toMatchObject({ code: 'passkey_not_supported' });
    expect(rust.calls).toEqual([]);
  });
});

describe("the app's port for passkeys", () => {
  const native = (command: string, answer: object) => {
    rust.on(command, () => answer);
  };
  const commandsOf = () =>
    rust.calls.map(({ command }) => command).filter((command) => command.includes('passkey'));

  it('takes the place of the webview, which is not asked', async () => {
    support({ parseRequestOptionsFromJSON: (json: object) => ({ parsed: json }) });
    await load();
    native('sign_in_with_passkey', signIn({ status: 'complete' }));
    native('attempt_sign_in_with_passkey', signIn({ status: 'complete' }));
    await clerk.client!.signIn.authenticateWithPasskey({ flow: 'discoverable' });
    await clerk.client!.signIn.authenticateWithPasskey();
    const future = createFuture(clerk).signIn;
    expect(await future.passkey({ flow: 'discoverable' })).toEqual({ error: null });
    expect(commandsOf()).toEqual([
      'sign_in_with_passkey',
      'attempt_sign_in_with_passkey',
      'sign_in_with_passkey',
    ]);
    expect(get).not.toHaveBeenCalled();
  });

  it('is used where the webview has no WebAuthn', async () => {
    await loadSession();
    native('verify_session_with_passkey', { status: 'complete' });
    expect((await clerk.session!.verifyWithPasskey()).status).toBe('complete');
    native('register_passkey', { id: 'psk_1', name: 'Passkey', verification: null });
    expect((await clerk.user!.createPasskey()).id).toBe('psk_1');
    expect(commandsOf()).toEqual(['verify_session_with_passkey', 'register_passkey']);
  });

  it('is not asked for the autofill of a form, which must open no dialog', async () => {
    await load();
    native('sign_in_with_passkey', signIn({ status: 'complete' }));
    const autofill = clerk.client!.signIn.authenticateWithPasskey({ flow: 'autofill' });
    await expect(autofill).rejects.toMatchObject({ code: 'passkey_not_supported' });
    expect(commandsOf()).toEqual([]);
  });

  it('passes on why it failed, and the webview is not asked after it', async () => {
    support({ parseRequestOptionsFromJSON: (json: object) => ({ parsed: json }) });
    await load();
    rust.on('sign_in_with_passkey', () => {
      throw Object.assign(new Error('closed'), { kind: 'runtime', code: 'passkey_retrieval_cancelled' });
    });
    const refused = clerk.client!.signIn.authenticateWithPasskey({ flow: 'discoverable' });
    await expect(refused).rejects.toMatchObject({ code: 'passkey_retrieval_cancelled' });
    expect(get).not.toHaveBeenCalled();
  });
});
