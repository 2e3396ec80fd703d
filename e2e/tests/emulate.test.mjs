// A stand-in for GitHub that others wrote, as a second opinion on our own. It listens on every
// address of the machine, so it runs with the server in a network of their own.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';

const ENTER = process.getuid?.() === 0 ? ['--net'] : ['--user', '--map-root-user', '--net'];
const inside = (command) => ['unshare', [...ENTER, 'sh', '-c', `ip link set lo up && ${command}`]];

const able = () => {
  const [program, args] = inside('true');
  return spawnSync(program, args).status === 0;
};

test('an independent stand-in for GitHub', { timeout: 180_000 }, async (t) => {
  if (!able()) {
    t.skip('no network namespace can be made here (unshare and ip are needed)');
    return;
  }
  const script = join(import.meta.dirname, '../support/emulate.mjs');
  const [program, args] = inside('exec node "$SCRIPT"');
  const child = spawn(program, args, {
    env: { ...process.env, SCRIPT: script },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
});
