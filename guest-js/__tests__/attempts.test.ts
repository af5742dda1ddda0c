/** The classes `SignIn` and `SignUp`: what is not part of a flow. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Clerk, type SignIn, type SignUp } from '../index';
import { client, Fake } from './fake';

let rust: Fake;
let signIn: SignIn;
let signUp: SignUp;

beforeEach(async () => {
  rust = new Fake();
  rust.state = {
    ...rust.state,
    client: {
      ...client(),
      signIn: {
        id: 'sia_1',
        status: 'needs_first_factor',
        clientTrustState: 'new',
        ssoBypassFirstFactors: [{ strategy: 'password' }],
        protectCheck: { status: 'pending', token: 't', sdkUrl: 'https://sdk.example.test' },
        timezone: 'Europe/Athens',
      } as never,
      signUp: {
        id: 'sua_1',
        status: 'missing_requirements',
        web3Wallet: '0x1',
        abandonAt: 2,
        legalAcceptedAt: 1,
        locale: 'de',
        timezone: 'Europe/Berlin',
        protectCheck: { status: 'pending', token: 't', sdkUrl: 'https://sdk.example.test' },
      } as never,
    },
  };
  const clerk = new Clerk();
  await clerk.load();
  ({ signIn, signUp } = clerk.client!);
  rust.calls.length = 0;
});

afterEach(() => {
  rust.stop();
});

/** The next revision, with this attempt in it. */
function responds(kind: 'signIn' | 'signUp', attempt: object): object {
  const { state } = rust;
  rust.state = { ...state, revision: state.revision + 1, client: { ...state.client!, [kind]: attempt } };
  return attempt;
}

/** The calls but those that read the state. */
function calls(): [string, unknown][] {
  return rust.calls
    .filter(({ command }) => command !== 'snapshot')
    .map(({ command, args }) => [command, JSON.parse(JSON.stringify(args))]);
}

const WALLETS = [
  ['authenticateWithMetamask', 'web3_metamask_signature'],
  ['authenticateWithCoinbaseWallet', 'web3_coinbase_wallet_signature'],
  ['authenticateWithOKXWallet', 'web3_okx_wallet_signature'],
  ['authenticateWithBase', 'web3_base_signature'],
  ['authenticateWithSolana', 'web3_solana_signature'],
] as const;

describe('SignIn', () => {
  it('shows the newest state when the response of an earlier call arrives late', async () => {
    const early = { id: 'sia_1', status: 'needs_first_factor', identifier: 'old@example.com' };
    let respond: (attempt: object) => void = () => undefined;
    rust.on(
      'prepare_sign_in_first_factor',
      () =>
        new Promise((resolve) => {
          respond = resolve;
        }),
    );
    const pending = signIn.prepareFirstFactor({ strategy: 'email_code' });
    responds('signIn', { ...early, status: 'needs_second_factor' });
    rust.change(rust.state);
    await vi.waitFor(() => {
      expect(signIn.status).toBe('needs_second_factor');
    });
    respond(early);
    expect((await pending).status).toBe('needs_second_factor');
    expect(signIn.identifier).toBe('old@example.com');
  });

  it('shows the response when the state has not changed', async () => {
    rust.on('prepare_sign_in_first_factor', () => ({ id: 'sia_1', status: 'needs_second_factor' }));
    const prepared = await signIn.prepareFirstFactor({ strategy: 'email_code' });
    expect(prepared.status).toBe('needs_second_factor');
  });

  it('create() keeps its object when the event comes before the response', async () => {
    rust.stop();
    rust = new Fake();
    const clerk = new Clerk();
    await clerk.load();
    const first = clerk.client!.signIn;
    const created = { id: 'sia_9', status: 'needs_first_factor' };
    rust.on('create_sign_in', async () => {
      rust.change({ ...rust.state, revision: 2, client: { ...client(), signIn: created as never } });
      await vi.waitFor(() => {
        expect(clerk.client!.signIn.id).toBe('sia_9');
      });
      return created;
    });
    expect(await first.create({ identifier: 'ada@example.com' })).toBe(first);
    expect(clerk.client!.signIn).toBe(first);
  });

  it('properties show what Rust sends', () => {
    expect([signIn.clientTrustState, signIn.timezone, signIn.protectCheck?.token]).toEqual([
      'new',
      'Europe/Athens',
      't',
    ]);
    expect(signIn.ssoBypassFirstFactors).toEqual([{ strategy: 'password' }]);
  });

  it('a member that Clerk does not send any more is gone', async () => {
    rust.on('create_sign_in', () =>
      responds('signIn', { id: 'sia_1', status: 'needs_first_factor', clientTrustState: null }),
    );
    const again = await signIn.create({ identifier: 'ada@example.com' });
    expect([again.clientTrustState, again.timezone, again.protectCheck]).toEqual([undefined, null, null]);
    expect(JSON.parse(JSON.stringify(signUp))).not.toHaveProperty('web3Wallet');
    expect(JSON.parse(JSON.stringify(signUp))).toMatchObject({ web3wallet: '0x1' });
  });

  it('submitProtectCheck() submits the proof', async () => {
    rust.on('submit_sign_in_protect_check', () => responds('signIn', { id: 'sia_1', status: 'complete' }));
    expect((await signIn.submitProtectCheck({ proofToken: 'proof' })).status).toBe('complete');
    expect(calls()).toEqual([['submit_sign_in_protect_check', { signInId: 'sia_1', proofToken: 'proof' }]]);
  });

  it.each(WALLETS)('%s() signs in with the wallet of the browser', async (method, strategy) => {
    rust.on('sign_in_with_web3', () => ({ id: 'sia_2', status: 'complete', createdSessionId: 'sess_1' }));
    const done = await signIn[method]({ walletName: 'Phantom' });
    expect([done.status, done.createdSessionId]).toEqual(['complete', 'sess_1']);
    expect(calls()).toEqual([['sign_in_with_web3', { strategy, walletName: 'Phantom' }]]);
  });

  it("authenticateWithWeb3() signs with the app's own wallet, and asks Coinbase Wallet twice", async () => {
    const strategy = 'web3_coinbase_wallet_signature';
    rust.on('create_sign_in', () => ({
      id: 'sia_2',
      supportedFirstFactors: [{ strategy, web3WalletId: 'idn_1' }],
    }));
    rust.on('prepare_sign_in_first_factor', () => ({
      id: 'sia_2',
      firstFactorVerification: { message: 'nonce' },
    }));
    rust.on('attempt_sign_in_first_factor', () => ({ id: 'sia_2', status: 'complete' }));
    const sign = vi.fn().mockRejectedValueOnce({ code: 4001 }).mockResolvedValue('signature');
    await signIn.authenticateWithWeb3({ strategy, identifier: '0x1', generateSignature: sign });
    expect(sign.mock.calls).toEqual(
      Array(2).fill([{ identifier: '0x1', nonce: 'nonce', provider: 'coinbase_wallet' }]),
    );
    expect(calls()).toEqual([
      ['create_sign_in', { params: { identifier: '0x1' } }],
      ['prepare_sign_in_first_factor', { signInId: 'sia_2', params: { strategy, web3WalletId: 'idn_1' } }],
      ['attempt_sign_in_first_factor', { signInId: 'sia_2', params: { strategy, signature: 'signature' } }],
    ]);
  });

  it('authenticateWithWeb3() rejects when the strategy is not offered, or Clerk sends nothing to sign', async () => {
    const signer = { identifier: '0x1', generateSignature: () => Promise.reject(new Error('not asked')) };
    rust.on('create_sign_in', () => ({ id: 'sia_2', supportedFirstFactors: [] }));
    await expect(signIn.authenticateWithWeb3(signer)).rejects.toMatchObject({ code: 'factor_not_found' });
    const strategy = 'web3_metamask_signature';
    rust.on('create_sign_in', () => ({ id: 'sia_2', supportedFirstFactors: [{ strategy }] }));
    rust.on('prepare_sign_in_first_factor', () => ({ id: 'sia_2', firstFactorVerification: null }));
    await expect(signIn.authenticateWithWeb3(signer)).rejects.toMatchObject({ code: 'web3_nonce_not_found' });
  });

  it('authenticateWithPopup() rejects and names authenticateWithRedirect()', async () => {
    const refused = signIn.authenticateWithPopup({ strategy: 'oauth_google', popup: null });
    await expect(refused).rejects.toMatchObject({
      code: 'popup_not_supported',
      message: expect.stringContaining('authenticateWithRedirect()') as string,
    });
    await expect(signUp.authenticateWithPopup()).rejects.toMatchObject({ code: 'popup_not_supported' });
  });
});

describe('SignUp', () => {
  it('properties show what Rust sends', () => {
    const { web3wallet, abandonAt, legalAcceptedAt, locale, timezone, protectCheck } = signUp;
    expect([web3wallet, abandonAt, legalAcceptedAt, locale, timezone, protectCheck?.sdkUrl]).toEqual([
      '0x1',
      2,
      1,
      'de',
      'Europe/Berlin',
      'https://sdk.example.test',
    ]);
  });

  it('upsert() updates the sign-up in progress, and creates one otherwise', async () => {
    rust.on('update_sign_up', () => ({ id: 'sua_1' }));
    rust.on('create_sign_up', () => ({ id: 'sua_2' }));
    await signUp.upsert({ firstName: 'Ada' });
    rust.change({ ...rust.state, revision: 2, client: client() });
    const clerk = new Clerk();
    await clerk.load();
    rust.calls.length = 0;
    expect((await clerk.client!.signUp.upsert({ firstName: 'Ada' })).id).toBe('sua_2');
    expect(calls()).toEqual([['create_sign_up', { params: { firstName: 'Ada' } }]]);
  });

  it('upsert() updates the sign-up in progress', async () => {
    rust.on('update_sign_up', () => ({ id: 'sua_1' }));
    await signUp.upsert({ firstName: 'Ada' });
    expect(calls()).toEqual([['update_sign_up', { signUpId: 'sua_1', params: { firstName: 'Ada' } }]]);
  });

  it('prepareWeb3WalletVerification() and attemptWeb3WalletVerification() have the strategy of MetaMask by default', async () => {
    rust.on('prepare_sign_up_verification', () => ({ id: 'sua_1' }));
    rust.on('attempt_sign_up_verification', () => ({ id: 'sua_1' }));
    await signUp.prepareWeb3WalletVerification();
    await signUp.attemptWeb3WalletVerification({ signature: 's' });
    await signUp.attemptWeb3WalletVerification({ signature: 's', strategy: 'web3_base_signature' });
    const [signUpId, strategy] = ['sua_1', 'web3_metamask_signature'];
    expect(calls()).toEqual([
      ['prepare_sign_up_verification', { signUpId, params: { strategy } }],
      ['attempt_sign_up_verification', { signUpId, params: { strategy, signature: 's' } }],
      [
        'attempt_sign_up_verification',
        { signUpId, params: { strategy: 'web3_base_signature', signature: 's' } },
      ],
    ]);
  });

  it('submitProtectCheck() submits the proof', async () => {
    rust.on('submit_sign_up_protect_check', () => responds('signUp', { id: 'sua_1', status: 'complete' }));
    expect((await signUp.submitProtectCheck({ proofToken: 'proof' })).status).toBe('complete');
    expect(calls()).toEqual([['submit_sign_up_protect_check', { signUpId: 'sua_1', proofToken: 'proof' }]]);
  });

  it.each(WALLETS)('%s() signs up with the wallet of the browser', async (method, strategy) => {
    rust.on('sign_up_with_web3', () => ({ id: 'sua_2', status: 'complete' }));
    const fields = { unsafeMetadata: { plan: 1 }, legalAccepted: true };
    expect((await signUp[method]({ ...fields, walletName: 'Phantom' })).status).toBe('complete');
    expect(calls()).toEqual([
      ['sign_up_with_web3', { params: { ...fields, strategy, walletName: 'Phantom' } }],
    ]);
  });

  it("authenticateWithWeb3() signs with the app's own wallet", async () => {
    const strategy = 'web3_solana_signature';
    rust.on('create_sign_up', () => ({ id: 'sua_2' }));
    rust.on('prepare_sign_up_verification', () => ({
      id: 'sua_2',
      verifications: { web3Wallet: { message: 'nonce' } },
    }));
    rust.on('attempt_sign_up_verification', () => ({ id: 'sua_2', status: 'complete' }));
    const generateSignature = vi.fn(() => Promise.resolve('signature'));
    const params = {
      strategy,
      identifier: 'So1',
      walletName: 'Phantom',
      generateSignature,
      legalAccepted: true,
    };
    await signUp.authenticateWithWeb3(params);
    expect(generateSignature).toHaveBeenCalledExactlyOnceWith({
      identifier: 'So1',
      nonce: 'nonce',
      provider: 'solana',
      walletName: 'Phantom',
    });
    expect(calls()).toEqual([
      ['create_sign_up', { params: { web3Wallet: 'So1', legalAccepted: true } }],
      ['prepare_sign_up_verification', { signUpId: 'sua_2', params: { strategy } }],
      ['attempt_sign_up_verification', { signUpId: 'sua_2', params: { strategy, signature: 'signature' } }],
    ]);
  });
});
