import { describe, expect, it } from 'vitest';
import { FoldTree } from './folds';

const fold = (name: string, first: number, last: number | null) => ({
  name,
  first,
  last,
  duration_ns: null,
});

describe('the tree of folds', () => {
  const outer = fold('install', 2, 20);
  const inner = fold('install.1', 4, 9);
  const second = fold('install.2', 10, 15);
  const open = fold('script', 30, null);
  const tree = new FoldTree([outer, inner, second, open]);

  it('knows what a line is in, outermost first', () => {
    expect(tree.around(1)).toEqual([]);
    expect(tree.around(5)).toEqual([outer, inner]);
    expect(tree.around(9)).toEqual([outer, inner]);
    expect(tree.around(16)).toEqual([outer]);
    expect(tree.around(21)).toEqual([]);
    expect(tree.around(1_000_000)).toEqual([open]);
  });

  it('counts depth without the fold that a head begins itself', () => {
    expect(tree.depth(second)).toBe(1);
    expect(tree.depthAt(4)).toBe(1);
    expect(tree.depthAt(5)).toBe(2);
    expect(tree.innermost(12)).toBe(second);
  });

  it('puts folds in order, two on one line with the outer first', () => {
    const late = new FoldTree([open, outer, inner]);
    expect(late.folds).toEqual([outer, inner, open]);
    const same = new FoldTree([fold('a', 3, 9), fold('b', 3, 5)]);
    expect(same.around(4).map((one) => one.name)).toEqual(['a', 'b']);
    expect(same.around(7).map((one) => one.name)).toEqual(['a']);
  });

  it('finds its way among ten thousand at once', () => {
    const many = new FoldTree(
      Array.from({ length: 10_000 }, (_, at) => fold(`f${at}`, at * 10, at * 10 + 8)),
    );
    for (let line = 0; line < 100_000; line += 7) {
      expect(many.around(line).length).toBe(line % 10 === 9 ? 0 : 1);
    }
  });
});
