import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { logAhead } from './ahead.ts';
import { compress } from './compress.ts';
import { compileAhead } from './eager.ts';
import { preloadFonts } from './fonts.ts';

const server = process.env['TRAVIS_ENDPOINT'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [svelte(), preloadFonts(), logAhead(), compileAhead(), compress()],
  resolve: process.env['VITEST'] ? { conditions: ['browser'] } : {},
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
  server: {
    proxy: {
      '/v3': server,
      '/sign-out': server,
      '/openapi.json': server,
      '/health': server,
      '/live': { target: server, ws: true },
    },
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
});
