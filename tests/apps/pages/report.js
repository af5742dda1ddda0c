import { invoke } from '@tauri-apps/api/core';

/** Prints a figure on the standard output of the app. */
export const report = (name, value = null) => invoke('report', { name, value });

/** Runs a page. The benchmark ends with the first problem of a page, and WebKit announces none of what a module awaits. */
export const run = (page) => page().catch((reason) => report('problem', String(reason)));

let shown = false;

/** Shows the name of the user, and reports when it is on the screen. Later calls do nothing. */
export const show = (name) => {
  if (shown || !name) {
    return;
  }
  shown = true;
  document.querySelector('#name').textContent = name;
  // The first callback comes before the frame is painted, the second one after it.
  requestAnimationFrame(() => requestAnimationFrame(() => report('painted')));
};
