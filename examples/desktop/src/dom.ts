/** Creates elements, without a framework. */

type Child = Node | string | null | undefined;

interface Attributes {
  class?: string;
  testId?: string;
  onClick?: () => void;
  [name: string]: string | boolean | (() => void) | undefined;
}

/** Creates an element with attributes and children. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const result = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'onClick') {
      result.addEventListener('click', value as () => void);
    } else if (name === 'testId') {
      result.dataset.testid = value as string;
    } else if (value === true) {
      result.setAttribute(name, '');
    } else if (typeof value === 'string') {
      result.setAttribute(name, value);
    }
  }
  result.append(...children.filter((child) => child !== null && child !== undefined));
  return result;
}

/** Creates a labelled input. */
export function field(id: string, label: string, attributes: Attributes = {}): HTMLElement {
  return element(
    'div',
    {},
    element('label', { for: id }, label),
    element('input', { id, name: id, testId: id, ...attributes }),
  );
}

/** Returns the element with this id, which must exist. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) {
    throw new Error(`the page has no #${id}`);
  }
  return found;
}
