/** The live list of events. */
import { byId, element } from './dom';

/** The list keeps this many. */
const LIMIT = 60;

/** Adds a line on top. */
export function note(text: string): void {
  const list = byId('events');
  list.prepend(element('li', {}, element('time', {}, new Date().toLocaleTimeString()), text));
  while (list.children.length > LIMIT) {
    list.lastElementChild?.remove();
  }
}
