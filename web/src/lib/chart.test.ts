import { describe, expect, it } from 'vitest';
import { areaPath, linePath } from './chart';

describe('small charts', () => {
  it('draw from left to right, the highest at the top', () => {
    expect(linePath([0, 2, 1], 2, 100, 22)).toBe('M0 21L50 1L100 11');
    expect(areaPath([0, 2, 1], 2, 100, 22)).toBe('M0 21L50 1L100 11L100 22L0 22Z');
  });
  it('draw nothing of one value, and no division by nothing', () => {
    expect(linePath([1], 2, 100, 22)).toBe('');
    expect(areaPath([], 0, 100, 22)).toBe('');
    expect(linePath([0, 0], 0, 100, 22)).toBe('M0 21L100 21');
  });
  it('grow when a value is above what was thought the most', () => {
    expect(linePath([4, 0], 2, 10, 22)).toBe('M0 1L10 21');
  });
});
