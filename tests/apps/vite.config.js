import { defineConfig } from 'vite';

// The pages of the apps that `cargo xtask bench --apps` measures.
export default defineConfig({
  root: 'tests/apps',
  build: {
    target: 'es2022',
    modulePreload: false,
    emptyOutDir: true,
    rollupOptions: {
      input: ['static', 'clerk', 'clerk-js', 'ipc', 'changes'].map((page) => `tests/apps/${page}.html`),
    },
    chunkSizeWarningLimit: 2000,
  },
});
