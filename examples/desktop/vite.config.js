import { defineConfig } from 'vite';

// The bundle is served under a strict content security policy: no inline styles or scripts.
export default defineConfig({
  build: { target: 'es2022', modulePreload: false, assetsInlineLimit: 0 },
  server: { port: 1420, strictPort: true },
});
