/** Helpers for the pages without React. */

/** Returns the element with this id, which must exist. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) {
    throw new Error(`the page has no #${id}`);
  }
  return found;
}

/** Fills a select element, and calls `onChange` with each choice. */
export function choice<Value extends string>(
  id: string,
  values: readonly Value[],
  value: Value,
  onChange: (value: Value) => void,
): void {
  const select = byId(id) as HTMLSelectElement;
  select.replaceChildren(...values.map((one) => new Option(one, one, false, one === value)));
  select.addEventListener('change', () => {
    onChange(select.value as Value);
  });
}
