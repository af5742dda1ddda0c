/** The live list of events. */
import { byId, element } from './dom';

/** The maximum number of lines. */
const LIMIT = 60;

/** Adds a line at the top. */
export function note(text: string): void {
  const list = byId('events');
  list.prepend(element('li', {}, element('time', {}, new Date().toLocaleTimeString()), text));
  while (list.children.length > LIMIT) {
    list.lastElementChild?.remove();
  }
}
