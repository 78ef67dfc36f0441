// Answers /api with invented data while developing the pages (`QINGSHAN_MOCK=1 npm run dev`). 示意: nothing here is
// measured, and nothing of this folder is part of the build.
import type { Plugin } from 'vite';
import { answer } from './answers.ts';

export function mockApi(): Plugin {
  return {
    name: 'qingshan-mock-api',
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const url = new URL(request.url ?? '/', 'http://mock');
        if (!url.pathname.startsWith('/api/')) return next();
        if (url.pathname === '/api/live') {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.write('event: hello\ndata: {}\n\n');
          return;
        }
        const found = answer(request.method ?? 'GET', url);
        response.writeHead(found.status ?? 200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(found.body));
      });
    },
  };
}
