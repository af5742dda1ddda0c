import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The bundle is served under a strict content security policy: no inline scripts, and styles only with Tauri's nonce.
export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    modulePreload: false,
    assetsInlineLimit: 0,
    // Clerk's components are one large chunk, which is read from the disk.
    chunkSizeWarningLimit: 2000,
    rollupOptions: { input: ['index.html', 'inspector.html', 'components.html'] },
  },
  server: { port: 1421, strictPort: true },
});
