import { defineConfig } from 'vitest/config';

export default defineConfig({
  build: {
    outDir: 'dist-js',
    lib: { entry: 'guest-js/index.ts', formats: ['es', 'cjs'], fileName: 'index' },
    rollupOptions: { external: [/^@tauri-apps\/api/] },
    minify: false,
    target: 'es2022',
  },
  test: { environment: 'jsdom', include: ['guest-js/__tests__/**/*.test.ts'] },
});
