// @vitest-environment node
/** What a bundler makes of this package. */
import ts from 'typescript';
import { build, type Rollup } from 'vite';
import { expect, it } from 'vitest';

function codeOf(output: unknown): string {
  const [{ output: chunks }] = output as [Rollup.RollupOutput];
  return chunks.map((chunk) => ('code' in chunk ? chunk.code : '')).join('\n');
}

/** The code of a bundle whose entry point has the source `entry`. */
async function bundle(entry: string): Promise<string> {
  const output = await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      minify: false,
      lib: { entry: 'entry.ts', formats: ['es'] },
      rollupOptions: { external: [/^@tauri-apps\/api/] },
    },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id.endsWith('entry.ts') ? '/entry.ts' : undefined),
        load: (id) => (id === '/entry.ts' ? entry : undefined),
      },
    ],
  });
  return codeOf(output);
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
