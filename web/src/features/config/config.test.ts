import { describe, expect, test } from 'vitest';
import type { ConfigEdit, ConfigMessage } from '../../api/types';
import { applyAll, applyEdit, describeEdit, patchOf, removedBy, underline } from './messages';
import { gravest, summary } from '../../lib/levels';
import { clip, colorText, splitLines, toYaml } from './yaml';

const edit = (
  line: number,
  column: number,
  end_line: number,
  end_column: number,
  replacement: string,
): ConfigEdit => ({ line, column, end_line, end_column, replacement });
const message = (level: string): ConfigMessage => ({
  level,
  key: 'root',
  code: 'x',
  args: {},
  src: null,
  line: 1,
  column: 1,
  text: '',
  edit: null,
  fatal: false,
  remedy: null,
});
const kinds = (text: string): string[] =>
  colorText(text).map((line) =>
    line
      .filter((piece) => piece.text.trim() !== '')
      .map((piece) => `${piece.kind}:${piece.text.trim()}`)
      .join(' '),
  );

describe('colours', () => {
  test('keys, values, marks and comments', () => {
    expect(kinds('language: rust # why\n- &a "x: y"\non: {branch: main, tags: true}')).toEqual(
      [
        'key:language plain:: value:rust comment:# why',
        'plain:- sign:&a value:"x: y"',
        'key:on plain:: { key:branch plain:: value:main plain:, key:tags plain:: value:true plain:}',
      ].map((line) => line.replace(':: {', ':: {')),
    );
  });

  test('brackets of an earlier line are no values', () => {
    expect(kinds('{\n  "a": [\n    "b",\n  ],\n}')).toEqual([
      'plain:{',
      'key:"a" plain:: [',
      'value:"b" plain:,',
      'plain:],',
      'plain:}',
    ]);
  });

  test('nothing is lost, whatever the text', () => {
    for (const text of [
      "a: [b, \"c\\\"d\", 'e''f', *g]\n\tx",
      '? : - }] {',
      'k: "open\n  more"',
      '<<: *x\n!map+merge a: b',
      '- - - x: y',
      '%YAML 1.1\n---\na: |-\n  b: c\n\nd: e',
      'https://x.y#z # c',
      `k: ${'x'.repeat(5000)}`,
    ]) {
      const back = colorText(text)
        .map((line) => line.map((piece) => piece.text).join(''))
        .join('\n');
      expect(back).toBe(text);
    }
  });

  test('a block scalar is text until its indentation ends', () => {
    expect(kinds('script: |\n  a: b\n\n  # no comment\nafter: c')).toEqual([
      'key:script plain:: sign:|',
      'command:a: b',
      '',
      'command:# no comment',
      'key:after plain:: value:c',
    ]);
  });

  test('commands read as commands, names as values', () => {
    expect(kinds('script:\n  - make test\nname: all tests')).toEqual([
      'key:script plain::',
      'plain:- command:make test',
      'key:name plain:: value:all tests',
    ]);
  });
});

test('long lines are shown in part', () => {
  const line = (length: number): ReturnType<typeof clip> =>
    clip([
      { kind: 'key', text: 'key' },
      { kind: 'plain', text: ': ' },
      { kind: 'value', text: 'x'.repeat(length) },
    ]);
  expect(line(395).hidden).toBe(0);
  expect(line(996)).toMatchObject({ hidden: 681 });
  expect(line(996).pieces.map((piece) => piece.text.length)).toEqual([3, 2, 315]);
});

test('a newline at the end makes no line', () => {
  expect(splitLines('a\nb\n')).toEqual(['a', 'b']);
  expect(splitLines('a\r\nb')).toEqual(['a', 'b']);
});

test('values are written so that they are read as what they are', () => {
  expect(toYaml({ a: ['1', 'x'], b: { c: true }, d: [] })).toBe(
    'a:\n  - "1"\n  - x\nb:\n  c: true\nd: []',
  );
});

describe('edits', () => {
  const text = 'language: rust\nscirpt: 😀 make\nsudo: true\n';
  test('change, removal and addition are carried out and said', () => {
    const rename = edit(2, 1, 2, 7, 'script');
    expect(applyEdit(rename, text)).toBe(text.replace('scirpt', 'script'));
    expect(describeEdit(rename, text)).toBe('Change `scirpt` to `script`');
    const gone = edit(3, 1, 4, 1, '');
    expect(applyEdit(gone, text)).toBe('language: rust\nscirpt: 😀 make\n');
    expect(describeEdit(gone, text)).toBe('Remove `sudo: true`');
    expect(patchOf(gone, text)).toEqual({ before: ['sudo: true'], after: [] });
    expect(describeEdit(edit(1, 1, 1, 1, 'os: linux\n'), text)).toBe('Add `os: linux`');
    expect(patchOf(rename, text)).toEqual({
      before: ['scirpt: 😀 make'],
      after: ['script: 😀 make'],
    });
  });

  test('columns count characters', () => {
    expect(removedBy(edit(2, 11, 2, 15, ''), text)).toBe('make');
  });

  test('places behind the end are the end', () => {
    expect(applyEdit(edit(9, 9, 9, 9, 'x'), text)).toBe(`${text}x`);
  });

  test('all at once, without those that lie within another', () => {
    const all = [edit(2, 1, 2, 7, 'script'), edit(3, 1, 4, 1, ''), edit(3, 1, 3, 5, 'x')];
    expect(applyAll(all, text)).toBe('language: rust\nscript: 😀 make\n');
  });
});

describe('messages', () => {
  test('are counted by what is worth a look', () => {
    const counts = { alert: 0, error: 1, warn: 3, info: 9, fatal: false };
    expect(summary(counts)).toBe('1 error, 3 warnings');
    expect(summary({ ...counts, error: 0, warn: 0 })).toBe('');
    expect(summary(undefined)).toBe('');
  });

  test('the gravest colours the line', () => {
    expect(gravest([message('info'), message('alert'), message('warn')])).toBe('alert');
    expect(gravest([message('strange')])).toBe('info');
    expect(gravest([])).toBe(null);
  });

  test('the word at the column is underlined', () => {
    const [line = []] = colorText('  scirpt: make');
    const marked = (columns: number[]): string[] =>
      underline(line, columns)
        .filter((piece) => piece.marked)
        .map((piece) => piece.text);
    expect(marked([3])).toEqual(['scirpt']);
    expect(marked([11])).toEqual(['make']);
    expect(marked([99])).toEqual([]);
    expect(marked([])).toEqual([]);
  });
});
