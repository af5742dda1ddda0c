/** Applying a patch of Rust (`src/commands/patch.rs`) to a value, which stays as it is. What did not change is shared. */

/** The difference between two values. */
export type Patch =
  | { set: unknown }
  /** `start`, `count`, and the items that replace them. */
  | { splice: [start: number, count: number, items: unknown[]] }
  /** The fields, or the items by their index. */
  | { in: Record<string, Patch>; gone?: string[] };

/** Returns the value with the patch applied. */
export function patched(value: unknown, patch: Patch): unknown {
  if ('set' in patch) {
    return patch.set;
  }
  if ('splice' in patch) {
    const [start, count, items] = patch.splice;
    const list = value as unknown[];
    return [...list.slice(0, start), ...items, ...list.slice(start + count)];
  }
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<
    string,
    unknown
  >;
  for (const [name, change] of Object.entries(patch.in)) {
    copy[name] = patched(copy[name], change);
  }
  patch.gone?.forEach((name) => Reflect.deleteProperty(copy, name));
  return copy;
}
