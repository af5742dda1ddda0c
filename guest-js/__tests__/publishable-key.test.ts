/**
 * `tests/vectors/keys.json`, which Rust is tested against as well. Each item has a `key`, and either
 *
 * - `instanceType` (`development` or `production`) and `frontendApi`, the host with its port, or
 * - `error`, a code: `publishable_key_invalid`, or `publishable_key_missing` for a blank key, which is undefined here
 *   because the configuration may have the key.
 */
import { expect, it } from 'vitest';

import vectors from '../../tests/vectors/keys.json';
import { isClerkRuntimeError } from '../errors';
import { parsePublishableKey } from '../publishable-key';

type Result = { instanceType: string; frontendApi: string } | { error: string };

function parse(key: string): Result {
  try {
    const parsed = parsePublishableKey(key);
    return parsed
      ? { instanceType: parsed.instanceType, frontendApi: parsed.frontendApi }
      : { error: 'publishable_key_missing' };
  } catch (error) {
    return { error: isClerkRuntimeError(error) ? error.code : String(error) };
  }
}

it.each(vectors as ({ key: string } & Result)[])(
  'parsePublishableKey() agrees with keys.json on $key',
  ({ key, ...result }) => {
    expect(parse(key)).toEqual(result);
  },
);
