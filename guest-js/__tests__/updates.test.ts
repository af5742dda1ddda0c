/** The script that Rust sends (`src/commands/follower.rs`). */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import vector from '../../tests/vectors/update.json';
import { UPDATE } from '../updates';

const PAGE = Symbol.for('tauri-plugin-clerk.page');

const onUpdate = vi.fn<(event: Event) => void>();

function run(page: unknown): void {
  Reflect.set(document, PAGE, page);
  // As a webview does.
  window.eval(vector.script);
}

beforeEach(() => {
  window.addEventListener(UPDATE, onUpdate);
});

afterEach(() => {
  window.removeEventListener(UPDATE, onUpdate);
  Reflect.deleteProperty(document, PAGE);
  onUpdate.mockReset();
});

it.each(vector.pages)('an update reaches the document %j', (page) => {
  run(page);
  const { detail } = onUpdate.mock.lastCall![0] as CustomEvent<object>;
  // As texts, because `toEqual` does not compare `__proto__`.
  expect(JSON.stringify(detail)).toBe(vector.update);
});

it('an update calls nothing of another document', () => {
  const seen = vi.fn();
  const spies = [vi.spyOn(window, 'dispatchEvent'), vi.spyOn(JSON, 'parse'), vi.spyOn(window, 'CustomEvent')];
  for (const page of [
    undefined,
    null,
    'second page',
    { toString: seen, valueOf: seen, [Symbol.toPrimitive]: seen },
  ]) {
    run(page);
  }
  for (const spy of [...spies, seen, onUpdate]) {
    expect(spy).not.toHaveBeenCalled();
  }
  vi.restoreAllMocks();
});
