import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

it('schema.ts is what openapi.json says: after a change run make api', () => {
  const generated = execFileSync('node_modules/.bin/openapi-typescript', ['openapi.json'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  expect(readFileSync(`${root}src/api/schema.ts`, 'utf8')).toBe(generated);
}, 30_000);
