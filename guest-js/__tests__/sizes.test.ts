// @vitest-environment node
/** What a page loads is what the README says. */
import { gzipSync } from 'node:zlib';

import ts from 'typescript';
import { build, type Rollup } from 'vite';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

const source = (name: string) => new URL(`../${name}`, import.meta.url).pathname;

/** The pages: one with the class, one with React. */
const PAGES = {
  class: `import { Clerk } from '${source('index.ts')}'; const clerk = new Clerk(); clerk.load(); clerk.mountSignIn(document.body);`,
  react: `import { createElement } from 'react';
    import { createRoot } from 'react-dom/client';
    import { ClerkProvider, SignIn } from '${source('react/index.tsx')}';
    createRoot(document.body).render(createElement(ClerkProvider, null, createElement(SignIn)));`,
};

/** How far the figures may be off. */
const TOLERANCE = 0.05;

/** What the class alone may have at most, in kB. */
const LARGEST_CLASS = 12;

/** Modules that are imported when they are needed, and what they import at once. */
const CLERK_JS = ['guest-js/clerk-js/index.ts', '@clerk/clerk-js/dist/clerk.no-rhc.mjs'];
const SIGN_IN = [
  'ClerkUI',
  'lazyModules/common',
  'contexts/index',
  'customizables/index',
  'router/index',
  'styledSystem/index',
  'styledSystem/StyleCacheProvider',
  'portal/index',
  'elements/contexts/index',
  'components/SignIn/index',
].map((name) => `@clerk/ui/dist/no-rhc/${name}.js`);

beforeAll(() => {
  // Vite leaves it as it is, and React has another build for everything but production.
  vi.stubEnv('NODE_ENV', 'production');
});

afterAll(() => {
  vi.unstubAllEnvs();
});

/** The chunks of a page, as an app's own build makes them. */
async function chunksOf(page: keyof typeof PAGES): Promise<Rollup.OutputChunk[]> {
  const input = `/${page}.ts`;
  const output = (await build({
    configFile: false,
    logLevel: 'silent',
    build: { write: false, rollupOptions: { input } },
    plugins: [
      {
        name: 'page',
        enforce: 'pre',
        resolveId: (id) => (id === input ? id : undefined),
        load: (id) => (id === input ? PAGES[page] : undefined),
      },
    ],
  })) as Rollup.RollupOutput;
  return output.output.filter((file) => file.type === 'chunk');
}

/** The chunks with these modules, and what they import at once, as gzip in kB. */
function kilobytes(chunks: Rollup.OutputChunk[], modules: string[]): number {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const loaded = new Set(
    modules.map((module) => {
      const found = chunks.find(({ moduleIds }) => moduleIds.some((id) => id.endsWith(module)));
      expect(found, module).toBeDefined();
      return found!;
    }),
  );
  for (const { imports } of loaded) {
    for (const chunk of imports.map((name) => byName.get(name))) {
      if (chunk) {
        loaded.add(chunk);
      }
    }
  }
  return [...loaded].reduce((sum, { code }) => sum + gzipSync(code).length, 0) / 1000;
}

/** The figures of the README, by what the row begins with. */
function documented(row: string): number {
  const readme = ts.sys.readFile('README.md') ?? '';
  const line = readme.split('\n').find((text) => text.startsWith(`| ${row}`));
  return Number(/\| (?:about )?(\d+) \|$/.exec(line ?? '')?.[1]);
}

/** The rows of the README's table, and what they stand for. */
const ROWS = {
  class: [
    ['the class `Clerk` alone', []],
    ['and `clerk-js`', CLERK_JS],
    ['and `@clerk/ui` with `<SignIn/>`', [...CLERK_JS, ...SIGN_IN]],
  ],
  react: [['the same with React', [...CLERK_JS, ...SIGN_IN]]],
} as const;

it.each(['class', 'react'] as const)(
  'a page with %s loads as much as the README says',
  { timeout: 180_000 },
  async (page) => {
    const chunks = await chunksOf(page);
    for (const [row, modules] of ROWS[page]) {
      const size = kilobytes(chunks, [`/${page}.ts`, ...modules]);
      expect(Math.abs(size / documented(row) - 1), `${row}: ${size} kB`).toBeLessThan(TOLERANCE);
      if (modules.length === 0) {
        expect(size, row).toBeLessThanOrEqual(LARGEST_CLASS);
      }
    }
  },
);
