/** Calls that are repeated after the user was verified again. */
import { describe, expect, it, vi } from 'vitest';

import {
  ClerkAPIResponseError,
  ClerkRuntimeError,
  requiredReverification,
  reverificationHint,
  withReverification,
} from '../index';

function refusal(code: string, meta: Record<string, unknown> = {}): ClerkAPIResponseError {
  const errors = [
    { code: 'another', message: '', longMessage: null, meta: null },
    { code, message: '', longMessage: null, meta },
  ];
  return new ClerkAPIResponseError({
    message: code,
    status: 403,
    errors: errors as never,
    clerkTraceId: null,
    retryAfter: null,
  });
}
const REQUIRED = 'session_reverification_required';
const hint = (reverification: unknown) => ({
  clerk_error: { type: 'forbidden', reason: 'reverification-error', metadata: { reverification } },
});
const clerk = (id: string | undefined = 'sess_1') => ({ session: { id } as never });

describe('requiredReverification() and reverificationHint()', () => {
  it.each([
    [undefined, { level: 'second_factor', reverification: 'strict' }],
    ['lax', { level: 'second_factor', reverification: 'lax' }],
    ['strict_mfa', { level: 'multi_factor', reverification: 'strict_mfa' }],
    ['something_new', { level: 'second_factor', reverification: 'something_new' }],
    [
      { level: 'first_factor', after_minutes: 5 },
      { level: 'first_factor', reverification: { level: 'first_factor', afterMinutes: 5 } },
    ],
    [
      { level: 'multi_factor', afterMinutes: 1 },
      { level: 'multi_factor', reverification: { level: 'multi_factor', afterMinutes: 1 } },
    ],
    [
      { level: 'first_factor', afterMinutes: 0 },
      { level: 'second_factor', reverification: 'strict' },
    ],
    [7, { level: 'second_factor', reverification: 'strict' }],
  ])('%j requires %j', (wanted, expected) => {
    expect(requiredReverification(refusal(REQUIRED, { reverification: wanted }))).toEqual(expected);
    expect(reverificationHint(hint(wanted))).toEqual(expected);
  });

  it.each([
    refusal('resource_forbidden'),
    new ClerkRuntimeError('', { code: REQUIRED }),
    null,
    undefined,
    'text',
    { clerk_error: null },
    { clerk_error: { type: 'forbidden', reason: 'other' } },
  ])('%o requires nothing', (other) => {
    expect([requiredReverification(other), reverificationHint(other)]).toEqual([undefined, undefined]);
  });
});

describe('withReverification()', () => {
  it.each([
    ['an error of Clerk', () => Promise.reject(refusal(REQUIRED, { reverification: 'lax' }))],
    ["a backend's hint", () => Promise.resolve(hint('lax'))],
    [
      "a backend's response",
      () => Promise.resolve(new Response(JSON.stringify(hint('lax')), { status: 403 })),
    ],
  ])('repeats the call once after %s', async (_, refuse) => {
    const call = vi.fn<() => Promise<unknown>>().mockImplementationOnce(refuse).mockResolvedValue('done');
    const verify = vi.fn(() => Promise.resolve(true));
    expect(await withReverification(clerk(), call, verify)).toBe('done');
    expect(verify.mock.calls).toEqual([[{ level: 'second_factor', reverification: 'lax' }]]);
    expect(call).toHaveBeenCalledTimes(2);
  });

  it('returns other responses as they are', async () => {
    const verify = vi.fn(() => Promise.resolve(true));
    for (const [body, status] of [
      [JSON.stringify(hint('lax')), 200],
      ['<html>', 403],
      ['{}', 403],
    ] as const) {
      const response = new Response(body, { status });
      expect(await withReverification(clerk(), () => Promise.resolve(response), verify)).toBe(response);
      expect(await response.text()).toBe(body);
    }
    expect(verify).not.toHaveBeenCalled();
  });

  it('does not ask for what is not required', async () => {
    const verify = vi.fn(() => Promise.resolve(true));
    expect(await withReverification(clerk(), () => Promise.resolve(7), verify)).toBe(7);
    const other = refusal('resource_forbidden');
    await expect(withReverification(clerk(), () => Promise.reject(other), verify)).rejects.toBe(other);
    expect(verify).not.toHaveBeenCalled();
  });

  it('repeats nothing if the user cancels, if verifying fails, or if somebody else is active by then', async () => {
    const call = vi.fn(() => Promise.reject(refusal(REQUIRED)));
    const cancelled = withReverification(clerk(), call, () => Promise.resolve(false));
    await expect(cancelled).rejects.toMatchObject({ code: 'reverification_cancelled' });
    const failure = new Error('the dialog failed');
    await expect(withReverification(clerk(), call, () => Promise.reject(failure))).rejects.toBe(failure);
    const changing = clerk();
    const switched = withReverification(changing, call, () => {
      changing.session = { id: 'sess_2' } as never;
      return Promise.resolve(true);
    });
    await expect(switched).rejects.toMatchObject({ code: 'no_active_session' });
    expect(call).toHaveBeenCalledTimes(3);
  });

  it('what the repeated call throws is the result', async () => {
    const again = refusal(REQUIRED);
    const call = () => Promise.reject(again);
    await expect(withReverification(clerk(), call, () => Promise.resolve(true))).rejects.toBe(again);
  });
});
