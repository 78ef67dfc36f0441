import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';
import { mockApi } from './mock/plugin.ts';

// `QINGSHAN_MOCK=1 npm run dev` answers /api from web/mock (invented data); otherwise a running binary does.
const mocked = process.env.QINGSHAN_MOCK === '1';
const server = process.env.QINGSHAN_SERVER ?? 'http://127.0.0.1:8080';

export default defineConfig(({ command }) => ({
  base: '/app/',
  plugins: [vue(), ...(command === 'serve' && mocked ? [mockApi()] : [])],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: { __INTLIFY_JIT_COMPILATION__: true, __VUE_I18N_FULL_INSTALL__: false, __VUE_I18N_LEGACY_API__: false },
  server: {
    host: '127.0.0.1',
    // The host stays that of the page: the server refuses what another site asks.
    proxy: mocked ? undefined : Object.fromEntries(['/api', '/public', '/setup', '^/$'].map((path) => [path, { target: server, changeOrigin: false }])),
  },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'echarts', test: /node_modules[\\/](echarts|zrender)[\\/]/, priority: 20 },
            { name: 'maplibre', test: /node_modules[\\/](maplibre-gl|@maplibre|@mapbox)[\\/]/, priority: 20 },
          ],
        },
      },
    },
  },
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts'] },
}));
