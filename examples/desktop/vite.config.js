import { defineConfig } from 'vite';

// The bundle is served under a strict content security policy: no inline styles or scripts.
export default defineConfig({
  // Clerk's own script is one large file, which is loaded when a page asks for it.
  build: { target: 'es2022', modulePreload: false, assetsInlineLimit: 0, chunkSizeWarningLimit: 2000 },
  server: { port: 1420, strictPort: true },
});
