/** The adapters of `docs/frameworks.md`, as modules of their own: `documented/vue` and `documented/svelte`. */
import { readFileSync } from 'node:fs';

const ROOT = `${process.cwd()}/`;
const NAME = /\/documented-(react|vue|svelte)\.tsx?$/;

/** Where a module is said to be: beside the packages that it imports. */
export function pathOf(framework: string): string {
  return `${ROOT}documented-${framework}.${framework === 'react' ? 'tsx' : 'ts'}`;
}

/** The first code that the page has for a framework. */
export function codeOf(framework: string): string {
  const page = readFileSync(`${ROOT}docs/frameworks.md`, 'utf8');
  const heading = new RegExp(`^(?:## )?${framework}:?$`, 'im').exec(page);
  const code = /^```tsx?\n([^]*?)^```/m.exec(page.slice(heading?.index))?.[1];
  if (!heading || code === undefined) {
    throw new Error(`docs/frameworks.md has no code for ${framework}`);
  }
  return code;
}

/** Lets tests import them, with this package's source in place of what is installed. */
export const documentedAdapters = {
  name: 'documented-adapters',
  enforce: 'pre' as const,
  resolveId(id: string, importer?: string) {
    if (id.startsWith('documented/')) {
      return pathOf(id.slice('documented/'.length));
    }
    return NAME.test(importer ?? '') && id === 'tauri-plugin-clerk-api/clerk-js'
      ? `${ROOT}guest-js/clerk-js/index.ts`
      : undefined;
  },
  load(id: string) {
    const framework = NAME.exec(id)?.[1];
    return framework === undefined ? undefined : codeOf(framework);
  },
};
