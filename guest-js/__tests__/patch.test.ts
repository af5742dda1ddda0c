/** `tests/vectors/patches.json`, which Rust is tested against as well. */
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

import { patched, type Patch } from '../patch';

interface Vector {
  old: unknown;
  new: unknown;
  patch: Patch | null;
}

// Not imported as an object: a bundler would assign `__proto__`.
const all = (JSON.parse(ts.sys.readFile('tests/vectors/patches.json') ?? '') as Vector[]).filter(
  (one): one is Vector & { patch: Patch } => !!one.patch,
);

describe('patched', () => {
  it.each(all)('$old and $patch are $new', ({ old, new: expected, patch }) => {
    const before = JSON.stringify(old);
    expect(JSON.stringify(patched(old, patch))).toBe(JSON.stringify(expected));
    expect(JSON.stringify(old)).toBe(before);
  });

  it('shares what did not change', () => {
    const old = { user: { name: 'Ada', list: [{ a: 1 }] }, environment: { b: 2 } };
    const patch: Patch = { in: { user: { in: { name: { set: 'Eve' } } } } };
    const result = patched(old, patch) as typeof old;
    expect(result).toEqual({ ...old, user: { ...old.user, name: 'Eve' } });
    expect([result.environment, result.user.list]).toEqual([old.environment, old.user.list]);
    expect(result.environment).toBe(old.environment);
    expect(result.user.list).toBe(old.user.list);
  });
});
