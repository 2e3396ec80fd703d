/**
 * Serves web/dist and plausible data by the HTTP contract, for looking at the app without a server.
 * `node dev/mock.mjs [--port 8099] [--anonymous] [--empty] [--lines 1000000] [--join 60]`
 */
import { createServer } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { WebSocketServer } from 'ws';
import { makeWorld } from './world.mjs';

const args = process.argv.slice(2);
const flag = (name) => args.includes(`--${name}`);
const option = (name, fallback) => {
  const at = args.indexOf(`--${name}`);
  return at < 0 ? fallback : args[at + 1];
};
const dist = new URL('../dist', import.meta.url).pathname;
const world = makeWorld({
  anonymous: flag('anonymous'),
  empty: flag('empty'),
  bigLines: Number(option('lines', 1_000_000)),
  joinMs: Number(option('join', 60)) * 1000,
});
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
const BADGE = `<svg xmlns="http://www.w3.org/2000/svg" width="150" height="20"><rect width="96" height="20" fill="#464c55"/><rect x="96" width="54" height="20" fill="#156b42"/><g fill="#fff" font-family="sans-serif" font-size="11"><text x="8" y="14">lends a worker</text><text x="102" y="14">312 h built</text></g></svg>`;
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

function send(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(value === undefined ? undefined : JSON.stringify(value));
}

async function body(request) {
  let text = '';
  for await (const part of request) text += part;
  return text ? JSON.parse(text) : {};
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://mock');
  if (url.pathname.startsWith('/v3') || url.pathname === '/sign-out') {
    if (request.method !== 'GET' && request.headers['x-requested-with'] !== 'travis') {
      return send(response, 403, world.error('csrf', 'the header X-Requested-With is missing'));
    }
    const answer = world.answer(
      request.method,
      url,
      ['POST', 'PATCH'].includes(request.method) ? await body(request) : {},
    );
    if (answer.text !== undefined) {
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
      return response.end(answer.text);
    }
    return send(response, answer.status, answer.value);
  }
  if (/^\/(workers|people)\/[^/]+\.svg$/.test(url.pathname)) {
    response.writeHead(200, { 'content-type': 'image/svg+xml' });
    return response.end(BADGE);
  }
  let path = join(dist, url.pathname);
  if (!extname(url.pathname) || !existsSync(path)) path = join(dist, 'index.html');
  response.writeHead(200, {
    'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
    'content-security-policy': CSP,
  });
  response.end(readFileSync(path));
});

const sockets = new WebSocketServer({ server, path: '/live' });
sockets.on('connection', (socket) => world.connect(socket));
server.listen(Number(option('port', 8099)), '127.0.0.1', () => {
  console.log(`mock: http://127.0.0.1:${server.address().port}`);
});
