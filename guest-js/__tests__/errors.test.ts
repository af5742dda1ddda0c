import { describe, expect, it } from 'vitest';

import { ClerkOfflineError, isClerkAPIResponseError, isClerkRuntimeError } from '../index';
import { reviveError } from '../revive';

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
  it('reviveError() keeps the items of an API error', async () => {
    const error = await reviveError(refusal, 'create_sign_in');
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

  it('reviveError() keeps the code of a runtime error', async () => {
    const error = await reviveError(
      { ...refusal, kind: 'runtime', code: 'oauth_access_denied', errors: [] },
      'x',
    );
    expect(isClerkRuntimeError(error) && error.code).toBe('oauth_access_denied');
    expect(error).toBeInstanceOf(Error);
  });

  it('reviveError() returns ClerkOfflineError for clerk_offline', async () => {
    const error = await reviveError(
      { ...refusal, kind: 'runtime', code: 'clerk_offline', errors: [] },
      'get_token',
    );
    expect(error).toBeInstanceOf(ClerkOfflineError);
    expect(isClerkRuntimeError(error) && error.code).toBe('clerk_offline');
  });

  it('reviveError() returns a ClerkRuntimeError for an unknown kind', async () => {
    expect(isClerkRuntimeError(await reviveError({ ...refusal, kind: 'brand-new' }, 'x'))).toBe(true);
  });

  it('reviveError() names the permission that is probably missing', async () => {
    const error = await reviveError('clerk.get_token not allowed', 'get_token');
    expect(isClerkRuntimeError(error) && error.code).toBe('invoke_failed');
    expect(error.message).toContain('clerk:session-token');
    expect(error.cause).toBe('clerk.get_token not allowed');
  });

  it('reviveError() names the permission of a method of a resource', async () => {
    const error = await reviveError('clerk.delete_user not allowed', 'delete_user', 'clerk:delete-account');
    expect(error.message).toContain('clerk:delete-account');
  });

  it('reviveError() names a parameter that Tauri did not accept', async () => {
    const rejection =
      'invalid args `emailAddress` for command `create_email_address`: command create_email_address missing required key emailAddress';
    const error = await reviveError(rejection, 'create_email_address');
    expect(isClerkRuntimeError(error) && error.code).toBe('option_invalid');
    expect(error.message).toMatch(/^create_email_address: the parameter emailAddress is not valid: /);
  });

  it('reviveError() names a field that Rust did not accept', async () => {
    const why = 'invalid type: integer `5`, expected a string';
    const rejection = `invalid args \`params\` for command \`sign_in\`: \`callback.signInUrl\`: ${why}`;
    expect((await reviveError(rejection, 'sign_in')).message).toBe(
      `sign_in: the parameter callback.signInUrl is not valid: ${why}`,
    );
    const ofItem = `invalid args \`emailAddresses\` for command \`sign_in\`: \`[1]\`: ${why}`;
    expect((await reviveError(ofItem, 'sign_in')).message).toContain(
      'the parameter emailAddresses[1] is not',
    );
    const ofArgument = `invalid args \`file\` for command \`sign_in\`: ${why}`;
    expect((await reviveError(ofArgument, 'sign_in')).message).toBe(
      `sign_in: the parameter file is not valid: ${why}`,
    );
  });

  it('isClerkAPIResponseError() recognises errors of another copy of the library', () => {
    class Other extends Error {
      static readonly kind = 'ClerkAPIResponseError';
    }
    expect(isClerkAPIResponseError(new Other())).toBe(true);
    for (const value of [null, undefined, 'text', {}, new Error('x')]) {
      expect(isClerkAPIResponseError(value) || isClerkRuntimeError(value)).toBe(false);
    }
  });
});
