import { describe, expect, it } from 'vitest';
import { heatDays, levelOf } from './heat';

describe('hours of work', () => {
  it('have four steps, the first for the least work there is', () => {
    expect([0, 1, 900, 901, 3600, 7200].map((s) => levelOf(s, 3600))).toEqual([0, 1, 1, 2, 4, 4]);
    expect(levelOf(5, 0)).toBe(0);
  });

  it('stand in rows of days up to today, by the clock on the wall', () => {
    const now = new Date(2027, 1, 12, 14, 30).getTime();
    const at = (day: number, hour: number): number => new Date(2027, 1, day, hour).getTime();
    const rows = heatDays(
      [
        { at: at(12, 9), seconds: 3600 },
        { at: at(11, 23), seconds: 600 },
        { at: at(11, 23), seconds: 600 },
        { at: at(1, 0), seconds: 99 },
      ],
      now,
      3,
      at(11, 5),
    );
    expect(rows).toHaveLength(3);
    expect(rows.map((row) => row.seconds)).toEqual([0, 1200, 3600]);
    expect(rows[2]?.hours[9]).toMatchObject({ seconds: 3600, level: 4, outside: false });
    expect(rows[1]?.hours[23]).toMatchObject({ seconds: 1200, level: 2 });
    expect(rows[2]?.hours[15]?.outside).toBe(true);
    expect(rows[1]?.hours[4]?.outside).toBe(true);
    expect(rows[1]?.hours[5]?.outside).toBe(false);
    expect(rows[2]?.name).toContain('12 Feb');
  });
});
