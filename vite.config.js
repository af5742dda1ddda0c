import { defineConfig } from 'vitest/config';

/** The npm package, or with `--mode iife` the script for apps without a bundler (`withGlobalTauri`). */
export default defineConfig(({ mode }) => ({
  build: mode === 'iife' ? globalScript : npmPackage,
  test: { environment: 'jsdom', include: ['guest-js/__tests__/**/*.test.ts'] },
}));

const npmPackage = {
  outDir: 'dist-js',
  lib: { entry: 'guest-js/index.ts', formats: ['es', 'cjs'], fileName: 'index' },
  rollupOptions: { external: [/^@tauri-apps\/api/] },
  minify: false,
  target: 'es2022',
};

const globalScript = {
  outDir: '.',
  emptyOutDir: false,
  lib: { entry: 'guest-js/global.ts', formats: ['iife'], name: 'clerk', fileName: () => 'api-iife.js' },
  minify: 'esbuild',
  target: 'es2022',
};
