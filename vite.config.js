import { defineConfig } from 'vitest/config';

import { documentedAdapters } from './guest-js/__tests__/adapters';

/** The npm package, or with `--mode iife` the script for apps without a bundler (`withGlobalTauri`). */
export default defineConfig(({ mode }) => ({
  build: mode === 'iife' ? globalScript : npmPackage,
  resolve: { alias: mode === 'iife' ? withoutPackages : [] },
  plugins: mode === 'test' ? [documentedAdapters] : [],
  test: { environment: 'jsdom', include: ['guest-js/__tests__/**/*.test.ts'] },
}));

/** Left to the app: its own copies are used. Clerk's packages and React are optional. */
const external = [/^@tauri-apps\/api/, /^@clerk\//, /^react(-dom)?($|\/)/];

const npmPackage = {
  outDir: 'dist-js',
  lib: {
    entry: {
      index: 'guest-js/index.ts',
      'clerk-js': 'guest-js/clerk-js/index.ts',
      fetch: 'guest-js/fetch.ts',
      future: 'guest-js/future/index.ts',
      react: 'guest-js/react/index.tsx',
    },
    formats: ['es', 'cjs'],
  },
  rollupOptions: { external },
  minify: false,
  target: 'es2022',
};

/** Without a bundler there are no packages to import. */
const withoutPackages = [
  {
    find: './import-clerk-js',
    replacement: new URL('guest-js/class/without-clerk-js.ts', import.meta.url).pathname,
  },
];

const globalScript = {
  outDir: '.',
  emptyOutDir: false,
  lib: { entry: 'guest-js/global.ts', formats: ['iife'], name: 'clerk', fileName: () => 'api-iife.js' },
  minify: 'esbuild',
  target: 'es2022',
};
