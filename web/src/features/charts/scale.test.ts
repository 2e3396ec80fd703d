import { describe, expect, it } from 'vitest';
import {
  alone,
  areaPath,
  countTicks,
  fineTicks,
  labelPlaces,
  linePath,
  middle,
  pointAt,
  stacked,
  timeTicks,
  walk,
} from './scale';

describe('ticks', () => {
  it('are round and reach the highest value', () => {
    expect(countTicks(0)).toEqual([0, 1]);
    expect(countTicks(3)).toEqual([0, 1, 2, 3]);
    expect(countTicks(18)).toEqual([0, 5, 10, 15, 20]);
    expect(countTicks(1284)).toEqual([0, 500, 1000, 1500]);
    expect(fineTicks(0.7)).toEqual([0, 0.2, 0.4, 0.6, 0.8]);
    expect(fineTicks(9)).toEqual([0, 5, 10]);
    for (let max = 1; max < 5000; max += 7) {
      for (const ticks of [countTicks(max), timeTicks(max)]) {
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(max);
        expect(ticks.length).toBeLessThanOrEqual(6);
      }
    }
  });
  it('of times are times that people use', () => {
    expect(timeTicks(0.3)).toEqual([0, 0.1, 0.2, 0.3]);
    expect(timeTicks(50)).toEqual([0, 15, 30, 45, 60]);
    expect(timeTicks(400)).toEqual([0, 120, 240, 360, 480]);
    expect(timeTicks(3 * 86_400)).toEqual([0, 86_400, 172_800, 259_200]);
    expect(timeTicks(100 * 86_400).length).toBeLessThanOrEqual(6);
  });
});

describe('the axis of time', () => {
  it('has labels with room, the newest always', () => {
    expect(labelPlaces(7, 700)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(labelPlaces(90, 300)).toEqual([20, 43, 66, 89]);
    expect(labelPlaces(1, 10)).toEqual([0]);
    expect(labelPlaces(0, 10)).toEqual([]);
  });
  it('finds the point under the pointer', () => {
    for (const at of [0, 3, 9]) expect(pointAt(middle(at, 10, 333), 10, 333)).toBe(at);
    expect(pointAt(-5, 10, 333)).toBe(0);
    expect(pointAt(400, 10, 333)).toBe(9);
  });
  it('is walked by keys', () => {
    expect(walk('ArrowLeft', 0, 5)).toBe(0);
    expect(walk('ArrowRight', 0, 5)).toBe(1);
    expect(walk('PageUp', 1, 5)).toBe(4);
    expect(walk('PageDown', 3, 5)).toBe(0);
    expect(walk('Home', 3, 5)).toBe(0);
    expect(walk('End', 3, 5)).toBe(4);
    expect(walk('a', 3, 5)).toBeNull();
  });
});

describe('paths', () => {
  const area = { width: 40, height: 10, top: 10 };
  it('leave holes where nothing is known', () => {
    expect(linePath([0, 10, null, 5], area)).toBe('M5 10L15 0');
    expect(alone([0, 10, null, 5])).toEqual([3]);
    expect(linePath([null, null], area)).toBe('');
  });
  it('close areas on the ground or on another line', () => {
    expect(areaPath([10, 10, null, 5], area)).toBe('M5 0L15 0L15 10L5 10Z');
    expect(areaPath([10, 10], { ...area, width: 20 }, [5, 5])).toBe('M5 0L15 0L15 5L5 5Z');
  });
  it('stack values', () => {
    expect(stacked([3, null, 2])).toEqual([
      { from: 0, to: 3 },
      { from: 3, to: 3 },
      { from: 3, to: 5 },
    ]);
  });
});
