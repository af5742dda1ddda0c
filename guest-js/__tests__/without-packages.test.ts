// @vitest-environment node
/** An app without Clerk's packages: it builds, runs, and says what a component lacks. */
import { createRequire } from 'node:module';

import ts from 'typescript';
import { build, type Rollup } from 'vite';
import { expect, it, vi } from 'vitest';

import { snapshot } from './fake';

/** A window that a script runs in. */
interface Page {
  eval(code: string): unknown;
  reportError?: (error: unknown) => void;
  __TAURI_INTERNALS__?: object;
  __TAURI__?: { clerk?: { Clerk: new () => App } };
  app?: App;
}

/** What the scripts use of the class. */
interface App {
  loaded: boolean;
  load(): Promise<void>;
  mountSignIn(node?: unknown): void;
  openUserProfile(): void;
}

/** Opens a page with Rust behind it. Returns it, and the errors that are reported there. */
function open(): { page: Page; reported: Error[] } {
  const { JSDOM } = createRequire(import.meta.url)('jsdom') as {
    JSDOM: new (html: string, options: object) => { window: Page };
  };
  const { window: page } = new JSDOM('<body></body>', {
    runScripts: 'outside-only',
    url: 'http://tauri.localhost/',
  });
  const reported: Error[] = [];
  page.reportError = (error) => reported.push(error as Error);
  page.__TAURI_INTERNALS__ = {
    transformCallback: () => 1,
    invoke: (command: string) =>
      Promise.resolve(/^plugin:clerk\|(snapshot|load)$/.test(command) ? snapshot() : null),
  };
  return { page, reported };
}

/** Bundles an app as Vite does where the packages are not installed. Returns the chunks by name. */
async function bundle(): Promise<Map<string, string>> {
  const source = new URL('../index.ts', import.meta.url).pathname;
  const output = (await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      modulePreload: false,
      rollupOptions: { input: '/entry.ts', output: { format: 'cjs', entryFileNames: 'entry.js' } },
    },
    plugins: [
      {
        name: 'entry',
        enforce: 'pre',
        resolveId: (id) =>
          id === '/entry.ts'
            ? id
            : /^@clerk\//.test(id)
              ? `__vite-optional-peer-dep:${id}:tauri-plugin-clerk-api`
              : undefined,
        load: (id) =>
          id === '/entry.ts' ? `import { Clerk } from '${source}'; window.app = new Clerk();` : undefined,
      },
    ],
  })) as Rollup.RollupOutput;
  return new Map(output.output.map((chunk) => [chunk.fileName, 'code' in chunk ? chunk.code : '']));
}

/** Runs a chunk in a page, and what it imports. */
function run(
  page: Page,
  chunks: Map<string, string>,
  name: string,
  loaded = new Map<string, object>(),
): object {
  const known = loaded.get(name);
  if (known) {
    return known;
  }
  const exports = {};
  loaded.set(name, exports);
  const evaluated = page.eval(`(function (require, exports) {${chunks.get(name) ?? ''}\n})`) as Chunk;
  evaluated((path) => run(page, chunks, new URL(path, `file:///${name}`).pathname.slice(1), loaded), exports);
  return exports;
}

type Chunk = (require: (path: string) => object, exports: object) => void;

/** Loads the app and lets it show components. Returns what is reported. */
async function use(app: App, reported: Error[]): Promise<Error> {
  await app.load();
  expect(app.loaded).toBe(true);
  app.mountSignIn();
  app.openUserProfile();
  await vi.waitFor(() => {
    expect(reported).toHaveLength(1);
  });
  expect(reported[0]).toMatchObject({ name: 'ClerkRuntimeError', code: 'components_unavailable' });
  return reported[0]!;
}

it(
  'an app without the packages runs, and its components name the packages',
  { timeout: 120_000 },
  async () => {
    const { page, reported } = open();
    run(page, await bundle(), 'entry.js');
    const error = await use(page.app!, reported);
    expect(error.message).toContain('npm install @clerk/clerk-js @clerk/ui');
    expect(String(error.cause)).toContain('Could not resolve');
  },
);

it('api-iife.js runs, and its components say that they need a bundler', async () => {
  const { page, reported } = open();
  page.__TAURI__ = {};
  page.eval(ts.sys.readFile('api-iife.js') ?? '');
  const error = await use(new page.__TAURI__.clerk!.Clerk(), reported);
  expect(error.message).toContain('without a bundler');
});
