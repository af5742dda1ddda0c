/** Light and dark: as the system has it, or as the user chose. */

/** What the user can choose. */
export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const system = window.matchMedia('(prefers-color-scheme: dark)');

/** Returns the stored choice. */
export function storedTheme(): Theme {
  const stored = localStorage.getItem('theme');
  return THEMES.find((theme) => theme === stored) ?? 'system';
}

/** Whether a choice is dark at present. */
export function isDark(theme: Theme): boolean {
  return theme === 'dark' || (theme === 'system' && system.matches);
}

/** Remembers the choice, and lets the style sheet follow it. */
export function applyTheme(theme: Theme): void {
  localStorage.setItem('theme', theme);
  document.documentElement.dataset.theme = isDark(theme) ? 'dark' : 'light';
}

/** Calls `listener` when the system switches between light and dark, until the returned function is called. */
export function onSystemChange(listener: () => void): () => void {
  system.addEventListener('change', listener);
  return () => {
    system.removeEventListener('change', listener);
  };
}
