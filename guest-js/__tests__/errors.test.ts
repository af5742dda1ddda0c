import { describe, expect, it } from 'vitest';

import { ClerkOfflineError, isClerkAPIResponseError, isClerkRuntimeError } from '../index';
import { reviveError } from '../errors';

const refusal = {
  kind: 'api',
  code: 'api_response_error',
  message: 'Password is incorrect.',
  longMessage: 'Password is incorrect.',
  docsUrl: null,
  status: 422,
  errors: [
    {
      code: 'form_password_incorrect',
      message: 'wrong',
      longMessage: 'Password is incorrect.',
      meta: { paramName: 'password' },
    },
  ],
  clerkTraceId: 'trace',
  retryAfter: null,
};

describe('errors', () => {
  it('by Clerk keep their items', () => {
    const error = reviveError(refusal, 'create_sign_in');
    expect(isClerkAPIResponseError(error) && error.errors[0]?.code).toBe('form_password_incorrect');
    expect(error).toMatchObject({
      status: 422,
      clerkTraceId: 'trace',
      code: 'api_response_error',
      clerkError: true,
    });
    expect(isClerkAPIResponseError(error) && error.errors[0]?.meta.paramName).toBe('password');
    expect(isClerkRuntimeError(error)).toBe(false);
  });

  it('of the library keep their code', () => {
    const error = reviveError({ ...refusal, kind: 'runtime', code: 'oauth_access_denied', errors: [] }, 'x');
    expect(isClerkRuntimeError(error) && error.code).toBe('oauth_access_denied');
    expect(error).toBeInstanceOf(Error);
  });

  it('of being offline are errors of the library with a class of their own', () => {
    const error = reviveError(
      { ...refusal, kind: 'runtime', code: 'clerk_offline', errors: [] },
      'get_token',
    );
    expect(error).toBeInstanceOf(ClerkOfflineError);
    expect(isClerkRuntimeError(error) && error.code).toBe('clerk_offline');
  });

  it('of an unknown kind are still errors of the library', () => {
    expect(isClerkRuntimeError(reviveError({ ...refusal, kind: 'brand-new' }, 'x'))).toBe(true);
  });

  it('by Tauri name the permission that is likely missing', () => {
    const error = reviveError('clerk.get_token not allowed', 'get_token');
    expect(isClerkRuntimeError(error) && error.code).toBe('invoke_failed');
    expect(error.message).toContain('clerk:session-token');
    expect(error.cause).toBe('clerk.get_token not allowed');
  });

  it('are recognised across copies of the library', () => {
    class Other extends Error {
      static readonly kind = 'ClerkAPIResponseError';
    }
    expect(isClerkAPIResponseError(new Other())).toBe(true);
    for (const value of [null, undefined, 'text', {}, new Error('x')]) {
      expect(isClerkAPIResponseError(value) || isClerkRuntimeError(value)).toBe(false);
    }
  });
});
