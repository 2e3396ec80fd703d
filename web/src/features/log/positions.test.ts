import { describe, expect, it } from 'vitest';
import type { LogFold } from '../../api/types';
import { HEAD, Positions, ROW, SPACER_MAX, Scale } from './positions';

const fold = (first: number, last: number | null): LogFold => ({
  name: `f${first}`,
  first,
  last,
  duration_ns: null,
});

describe('positions', () => {
  it('knows rows and heads', () => {
    const folds = [fold(2, 4), fold(6, null)];
    const open = new Positions(10, folds, () => false);
    expect(open.rows).toBe(10);
    expect(open.height).toBe(8 * ROW + 2 * HEAD);
    const closed = new Positions(10, folds, (one) => one.last !== null);
    expect(closed.rows).toBe(8);
    expect(closed.rowOf(3)).toBeNull();
    expect(closed.lineOf(3)).toBe(5);
    expect(closed.topOf(5)).toBe(2 * ROW + HEAD);
    // A hidden line stands where its fold's head does.
    expect(closed.topOf(3)).toBe(closed.topOf(2));
  });

  it('agrees with counting row by row', () => {
    let seed = 11;
    const random = (n: number): number => (seed = (seed * 48_271) % 2_147_483_647) % n;
    for (let turn = 0; turn < 60; turn++) {
      const lines = 1 + random(120);
      const folds: LogFold[] = [];
      for (let at = random(10); at < lines; at += 1 + random(20)) {
        const last = Math.min(lines - 1, at + random(10));
        folds.push(fold(at, last));
        at = last;
      }
      const shut = new Set(folds.filter(() => random(2) === 0));
      const extras = new Map<number, number>();
      for (let n = random(8); n > 0; n--) extras.set(random(lines), ROW * (1 + random(3)));
      const positions = new Positions(lines, folds, (one) => shut.has(one), extras);
      let top = 0;
      let row = 0;
      for (let line = 0; line < lines; line++) {
        const hidden = [...shut].some((one) => line > one.first && line <= (one.last ?? -1));
        if (hidden) {
          expect(positions.rowOf(line)).toBeNull();
          continue;
        }
        const head = folds.some((one) => one.first === line);
        expect(positions.rowOf(line)).toBe(row);
        expect(positions.lineOf(row)).toBe(line);
        expect(positions.topOf(line)).toBe(top);
        expect(positions.rowAt(top)).toBe(row);
        expect(positions.rowAt(top + 5)).toBe(row);
        top += (head ? HEAD : ROW) + (extras.get(line) ?? 0);
        row++;
      }
      expect(positions.rows).toBe(row);
      expect(positions.height).toBe(top);
    }
  });

  it('is quick with a million lines and thousands of folds', () => {
    const folds = Array.from({ length: 5000 }, (_, at) => fold(at * 200, at * 200 + 100));
    const start = performance.now();
    const positions = new Positions(1_000_000, folds, () => true);
    for (let n = 0; n < 1000; n++) positions.rowAt((positions.height * n) / 1000);
    expect(performance.now() - start).toBeLessThan(500);
  });

  it('scales what is higher than browsers can scroll', () => {
    const height = 200_000_000;
    const scale = new Scale(height, 800);
    expect(scale.spacer).toBe(SPACER_MAX);
    expect(scale.scaled).toBe(true);
    expect(scale.toLog(SPACER_MAX - 800)).toBeCloseTo(height - 800, 3);
    for (let n = 0; n <= 10; n++) {
      const y = ((height - 800) * n) / 10;
      expect(scale.toLog(scale.toScroll(y))).toBeCloseTo(y, 3);
    }
    const small = new Scale(500, 800);
    expect(small.scaled).toBe(false);
    expect(small.clamp(99)).toBe(0);
  });
});
