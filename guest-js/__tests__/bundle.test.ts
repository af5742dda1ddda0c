// @vitest-environment node
/** What a bundler makes of this package. */
import { gzipSync } from 'node:zlib';

import ts from 'typescript';
import { build, type Rollup, transformWithEsbuild } from 'vite';
import { expect, it } from 'vitest';

function codeOf(output: unknown): string {
  const [{ output: chunks }] = output as [Rollup.RollupOutput];
  return chunks.map((chunk) => ('code' in chunk ? chunk.code : '')).join('\n');
}

/** The chunks of a bundle whose entry point has the source `entry`. */
async function chunksOf(entry: string): Promise<Rollup.OutputChunk[]> {
  const output = await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      minify: false,
      lib: { entry: 'entry.ts', formats: ['es'] },
      rollupOptions: { external: [/^@tauri-apps\/api/, /^@clerk\//] },
    },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id.endsWith('entry.ts') ? '/entry.ts' : undefined),
        load: (id) => (id === '/entry.ts' ? entry : undefined),
      },
    ],
  });
  const [{ output: files }] = output as unknown as [Rollup.RollupOutput];
  return files.filter((file) => file.type === 'chunk');
}

/** The code of a bundle whose entry point has the source `entry`. */
async function bundle(entry: string): Promise<string> {
  return (await chunksOf(entry)).map(({ code }) => code).join('\n');
}

it('bindings.ts lets a bundler drop the commands that an app does not use', { timeout: 60_000 }, async () => {
  const bindings = new URL('../bindings.ts', import.meta.url).pathname;
  const code = await bundle(
    `import * as commands from '${bindings}'; export const call = () => commands.touch();`,
  );
  expect(code).toContain('invoke("touch")');
  expect(code).not.toContain('set_active');
  expect(code).not.toContain('create_sign_in');
});

it('api-iife.js is what `npm run build` makes of guest-js', { timeout: 60_000 }, async () => {
  const fresh = await build({ mode: 'iife', logLevel: 'silent', build: { write: false } });
  expect(ts.sys.readFile('api-iife.js') === codeOf(fresh), 'stale: run `npm run build`').toBe(true);
});

it('api-iife.js defines window.__TAURI__.clerk, and nothing without withGlobalTauri', () => {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const run = new Function('window', ts.sys.readFile('api-iife.js') ?? '') as (window: object) => void;
  const tauri: { clerk?: { Clerk: unknown } } = {};
  run({ __TAURI__: tauri });
  expect(tauri.clerk?.Clerk).toBeTypeOf('function');
  const plain = {};
  run(plain);
  expect(plain).toEqual({});
});

const source = (name: string) => new URL(`../${name}`, import.meta.url).pathname;
const APP = `import { Clerk } from '${source('index.ts')}'; const clerk = new Clerk(); clerk.load(); clerk.mountSignIn(document.body);`;

/** The chunks that the entry point loads at once. */
function loadedAtOnce(chunks: Rollup.OutputChunk[]): Rollup.OutputChunk[] {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const found = new Set(chunks.filter(({ isEntry }) => isEntry));
  for (const chunk of found) {
    for (const name of chunk.imports) {
      const imported = byName.get(name);
      if (imported) {
        found.add(imported);
      }
    }
  }
  return [...found];
}

it(
  "the class itself contains none of Clerk's packages, and imports them on first use",
  { timeout: 120_000 },
  async () => {
    const chunks = await chunksOf(APP);
    const atOnce = loadedAtOnce(chunks);
    expect(
      atOnce.flatMap(({ moduleIds }) => moduleIds).filter((id) => id.includes('guest-js/clerk-js')),
    ).toEqual([]);
    expect(atOnce.flatMap(({ imports }) => imports).filter((name) => name.startsWith('@clerk/'))).toEqual([]);
    const later = chunks.filter((chunk) => !atOnce.includes(chunk));
    expect(
      later.flatMap(({ dynamicImports }) => dynamicImports).filter((name) => name.startsWith('@clerk/')),
    ).toEqual(['@clerk/clerk-js/no-rhc', '@clerk/ui/no-rhc']);
  },
);

it(
  'the class imports what it needs for requests to the backend on first use',
  { timeout: 120_000 },
  async () => {
    const contains = ({ moduleIds }: Rollup.OutputChunk) =>
      moduleIds.some((id) => id.endsWith('guest-js/fetch.ts'));
    const chunks = await chunksOf(APP);
    expect(loadedAtOnce(chunks).filter(contains)).toEqual([]);
    expect(chunks.filter(contains)).toHaveLength(1);
  },
);

it(
  'the class itself contains neither flows nor passkeys nor the current sign-in API',
  { timeout: 120_000 },
  async () => {
    const chunks = await chunksOf(APP);
    const modules = (of: Rollup.OutputChunk[]) =>
      of.flatMap(({ moduleIds }) => moduleIds.map((id) => id.replace(/^.*guest-js\//, '')));
    const [atOnce, all] = [modules(loadedAtOnce(chunks)), modules(chunks)];
    for (const module of ['class/browser-flows.ts', 'passkey.ts', 'resources/web3.ts']) {
      expect([atOnce.includes(module), all.includes(module)], module).toEqual([false, true]);
    }
    expect(all.filter((id) => id.startsWith('future/'))).toEqual([]);
  },
);

/** The published types of the entry point `.`, compiled as in an app without the optional packages. */
it('the types of the class compile without the optional packages', { timeout: 120_000 }, () => {
  const config = ts.getParsedCommandLineOfConfigFile(
    'tsconfig.build.json',
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: () => undefined,
    },
  )!;
  const declarations = new Map<string, string>();
  const emit = ts.createProgram(config.fileNames, config.options);
  emit.emit(undefined, (path, text) => declarations.set(ts.sys.resolvePath(path), text));
  const entry = ts.sys.resolvePath('dist-js/index.d.ts');
  expect(declarations.get(entry)).toContain('Clerk');

  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ESNext,
    types: [],
  };
  const absent = /node_modules\/(@clerk|react|react-dom|@types)\//;
  const host = ts.createCompilerHost(options);
  host.fileExists = (path) => !absent.test(path) && (declarations.has(path) || ts.sys.fileExists(path));
  host.readFile = (path) => declarations.get(path) ?? ts.sys.readFile(path);
  host.directoryExists = (path) => path.endsWith('dist-js') || ts.sys.directoryExists(path);
  const messages = (file: string) => {
    const program = ts.createProgram([file], options, host);
    return ts
      .getPreEmitDiagnostics(program)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  };
  expect(messages(entry)).toEqual([]);
  // The packages are absent here.
  expect(messages(ts.sys.resolvePath('dist-js/clerk-js/index.d.ts')).join()).toContain(
    '@clerk/clerk-js/no-rhc',
  );
});

/** The minified and compressed size of what `entry` loads at once, in kB. */
async function minified(entry: string): Promise<number> {
  const chunks = loadedAtOnce(await chunksOf(entry));
  const codes = await Promise.all(
    chunks.map(({ code }) => transformWithEsbuild(code, 'chunk.js', { minify: true })),
  );
  return Math.round(codes.reduce((sum, { code }) => sum + gzipSync(code).length, 0) / 100) / 10;
}

it('a predicate of errors brings nothing else along', { timeout: 60_000 }, async () => {
  const entry = `import { isClerkAPIResponseError } from '${source('index.ts')}'; export const test = isClerkAPIResponseError;`;
  expect(await minified(entry)).toBeLessThan(1);
});

it('what this package itself adds to an app is small', { timeout: 120_000 }, async () => {
  const sizes = {
    class: await minified(`export { Clerk } from '${source('index.ts')}';`),
    future: await minified(
      `export { Clerk } from '${source('index.ts')}'; export { createFuture } from '${source('future/index.ts')}';`,
    ),
    'clerk-js': await minified(`export { createClerkJs } from '${source('clerk-js/index.ts')}';`),
  };
  console.table(sizes);
  expect(sizes.class).toBeLessThan(13);
  expect(sizes.future - sizes.class).toBeLessThan(6);
  expect(sizes['clerk-js']).toBeLessThan(12);
});
