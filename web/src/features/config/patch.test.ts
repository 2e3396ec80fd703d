import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ConfigEdit } from '../../api/types';
import { readAnchor, writeAnchor } from './anchors';
import { applyAll } from './messages';
import { unified } from './patch';

const edit = (
  line: number,
  column: number,
  end_line: number,
  end_column: number,
  replacement: string,
): ConfigEdit => ({ line, column, end_line, end_column, replacement });

const TEXT = Array.from({ length: 30 }, (_, n) => `key${n + 1}: ${n + 1}`).join('\n');

describe('a patch', () => {
  const rename = edit(2, 1, 2, 5, 'kez2');
  const gone = edit(4, 1, 5, 1, '');
  const added = edit(20, 1, 20, 1, 'more: 1\n');
  const two = [edit(25, 1, 25, 6, 'a'), edit(25, 8, 25, 10, 'b')];
  const last = edit(30, 1, 30, 6, 'z');

  test('has hunks with lines around, the near ones in one', () => {
    expect(unified([gone, rename], `${TEXT}\n`, '.travis.yml')).toBe(
      `--- a/.travis.yml
+++ b/.travis.yml
@@ -1,7 +1,6 @@
 key1: 1
-key2: 2
+kez2: 2
 key3: 3
-key4: 4
 key5: 5
 key6: 6
 key7: 7
`,
    );
    expect(unified([], TEXT, 'a')).toBe('');
  });

  test('does in git what the page does', () => {
    const place = mkdtempSync(join(tmpdir(), 'patch-'));
    try {
      for (const text of [`${TEXT}\n`, TEXT]) {
        for (const edits of [
          [rename],
          [gone, added],
          two,
          [last],
          [rename, gone, added, ...two, last],
        ]) {
          writeFileSync(join(place, 'a.yml'), text);
          execFileSync('git', ['apply', '-'], {
            cwd: place,
            input: unified(edits, text, 'a.yml'),
            env: { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir() },
          });
          expect(readFileSync(join(place, 'a.yml'), 'utf8')).toBe(applyAll(edits, text));
        }
      }
    } finally {
      rmSync(place, { recursive: true });
    }
  });
});

test('places are written behind the address and read again', () => {
  for (const [hash, view, lines] of [
    ['', null, null],
    ['#L3', null, [3, 3]],
    ['#L3-L7', null, [3, 7]],
    ['#merged', 'merged', null],
    ['#ci/common.yml:L3', 'ci/common.yml', [3, 3]],
    ['#ada/x:ci%20a.yml@v1:L3-L4', 'ada/x:ci a.yml@v1', [3, 4]],
  ] as [string, string | null, [number, number] | null][]) {
    expect(readAnchor(hash)).toEqual({ view, lines });
    expect(writeAnchor({ view, lines })).toBe(hash);
  }
  expect(readAnchor('#L7-L3').lines).toEqual([3, 7]);
  expect(readAnchor('#L0').lines).toBe(null);
  expect(readAnchor('#%').view).toBe('%');
});
