import { describe, expect, it } from 'vitest';
import { beginning, contrast, markHits, readable, searchPattern, spansOf } from './ansi';

const E = '\x1b';

describe('colours', () => {
  it('leaves plain text alone', () => {
    expect(spansOf('plain <b>text</b>')).toEqual([
      { text: 'plain <b>text</b>', classes: '', style: '' },
    ]);
    expect(spansOf('')).toEqual([]);
  });

  it('knows the palette and styles', () => {
    const spans = spansOf(`a${E}[31mred${E}[1mbold${E}[22;39mb${E}[92mbright${E}[0;3;4;2mx`);
    expect(spans.map((one) => [one.text, one.classes])).toEqual([
      ['a', ''],
      ['red', 'a-red'],
      ['bold', 'a-red a-bold'],
      ['b', ''],
      ['bright', 'a-green a-bold'],
      ['x', 'a-dim a-italic a-underline'],
    ]);
  });

  it('reads 256 and 24-bit colours and lightens them until they can be read', () => {
    expect(spansOf(`${E}[38;5;208mx`)[0]?.style).toBe('color:rgb(255 135 0)');
    expect(spansOf(`${E}[38;2;200;210;220mx`)[0]?.style).toBe('color:rgb(200 210 220)');
    for (let n = 0; n < 256; n += 15) {
      for (const color of [
        [n, 0, 0],
        [0, 0, n],
        [n, n, n],
      ] as const) {
        expect(contrast(readable(color), [0x15, 0x19, 0x1f])).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it('keeps a ground and turns the text black or white', () => {
    expect(spansOf(`${E}[48;2;255;255;0mx`)[0]?.style).toBe('background:rgb(255 255 0);color:#000');
    expect(spansOf(`${E}[48;2;0;0;90mx`)[0]?.style).toBe('background:rgb(0 0 90);color:#fff');
    expect(spansOf(`${E}[7mx`)[0]?.style).toContain('color:#000');
  });

  it('marks hits across colours', () => {
    const spans = markHits(spansOf(`ab${E}[31mcd${E}[0mef`), searchPattern('bcde', false, false));
    expect(spans.map((one) => [one.text, one.hit])).toEqual([
      ['a', false],
      ['b', true],
      ['cd', true],
      ['e', true],
      ['f', false],
    ]);
  });

  it('searches as asked', () => {
    expect(searchPattern('a.c', false, false)?.test('abc')).toBe(false);
    expect(searchPattern('a.c', false, true)?.test('ABC')).toBe(true);
    expect(searchPattern('a.c', true, true)?.test('ABC')).toBe(false);
    expect(searchPattern('(', false, true)).toBeNull();
  });

  it('takes markup as text', () => {
    expect(spansOf('<script>alert(1)</script>')[0]?.text).toBe('<script>alert(1)</script>');
  });
});

describe('the beginning of a line', () => {
  it('ends before an escape that it would cut', () => {
    expect(beginning('ab\x1b[31mcd', 5)).toBe('ab');
    expect(beginning('ab\x1b[31mcd', 3)).toBe('ab');
    expect(beginning('ab\x1b[31mcd', 8)).toBe('ab\x1b[31mc');
  });
});
