/** Where things stand in a chart. All pure. */

export type Value = number | null;

const TIMES = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800,
  86_400,
];
const LINES = 4;

function upTo(max: number, step: number): number[] {
  const ticks = [0];
  // Counted, not added up, so that no tick is 0.30000000000000004.
  for (let at = 1; (at - 1) * step < max; at++) ticks.push(Number((at * step).toPrecision(12)));
  return ticks;
}

/** Round numbers from 0 to `max` or a little above: 0, 5, 10. At least one step. */
export function countTicks(max: number): number[] {
  if (!(max > 0)) return [0, 1];
  const rough = max / LINES;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = size * ([1, 2, 5, 10].find((one) => one * size >= rough) ?? 10);
  return upTo(max, Math.max(1, step));
}

/** The same of hours or other parts of a whole, where steps may be below 1. */
export function fineTicks(max: number): number[] {
  return max > 0 && max < LINES
    ? countTicks(max * 1000).map((tick) => tick / 1000)
    : countTicks(max);
}

/** Round times in seconds: 0, 2 min, 4 min. */
export function timeTicks(max: number): number[] {
  if (!(max > 0)) return [0, 1];
  const rough = max / LINES;
  const step = TIMES.find((one) => one >= rough) ?? Math.ceil(rough / 86_400) * 86_400;
  return upTo(max, step);
}

/** Places at which points have a label below, so that none comes closer than `room`. */
export function labelPlaces(count: number, width: number, room = 72): number[] {
  if (count === 0) return [];
  const fit = Math.max(1, Math.floor(width / room));
  const every = Math.max(1, Math.ceil(count / fit));
  const places: number[] = [];
  // From the newest backwards: the end of the span is what one looks for.
  for (let at = count - 1; at >= 0; at -= every) places.push(at);
  return places.reverse();
}

/** The middle of a point's column. */
export function middle(at: number, count: number, width: number): number {
  return ((at + 0.5) * width) / Math.max(1, count);
}

/** The point whose column this is. */
export function pointAt(x: number, count: number, width: number): number {
  const at = Math.floor((x * count) / Math.max(1, width));
  return Math.min(count - 1, Math.max(0, at));
}

/** Where a key leads among the points; nothing for other keys. */
export function walk(key: string, at: number, count: number): number | null {
  const last = count - 1;
  const bound = (to: number): number => Math.min(last, Math.max(0, to));
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowDown':
      return bound(at - 1);
    case 'ArrowRight':
    case 'ArrowUp':
      return bound(at + 1);
    case 'PageUp':
      return bound(at + 7);
    case 'PageDown':
      return bound(at - 7);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return null;
  }
}

const digits = (n: number): number => Math.round(n * 10) / 10;

/** Runs of neighbouring points that have a value. */
function runs(values: readonly Value[]): number[][] {
  const all: number[][] = [];
  values.forEach((value, at) => {
    if (value === null) return;
    if (at > 0 && values[at - 1] !== null) all.at(-1)?.push(at);
    else all.push([at]);
  });
  return all;
}

export interface Area {
  width: number;
  height: number;
  /** What the full height stands for. */
  top: number;
}

const place = (values: readonly Value[], area: Area) => {
  const y = (value: number): number => area.height - (area.height * value) / area.top;
  return (at: number): string =>
    `${digits(middle(at, values.length, area.width))} ${digits(y(values[at] ?? 0))}`;
};

/** Points without a neighbour that has a value: they are dots. */
export function alone(values: readonly Value[]): number[] {
  return runs(values).flatMap((run) => (run.length === 1 ? run : []));
}

/** A line with holes where there is no value. */
export function linePath(values: readonly Value[], area: Area): string {
  const point = place(values, area);
  return runs(values)
    .filter((run) => run.length > 1)
    .map((run) => `M${run.map(point).join('L')}`)
    .join('');
}

/** The area between a line and the ground, or between two lines. */
export function areaPath(values: readonly Value[], area: Area, low?: readonly Value[]): string {
  const point = place(values, area);
  const under = place(low ?? values.map((value) => (value === null ? null : 0)), area);
  return runs(values)
    .filter((run) => run.length > 1)
    .map((run) => `M${run.map(point).join('L')}L${[...run].reverse().map(under).join('L')}Z`)
    .join('');
}

export interface Piece {
  from: number;
  to: number;
}

/** Values of one point, each upon the ones before it. */
export function stacked(values: readonly Value[]): Piece[] {
  let sum = 0;
  return values.map((value) => {
    const from = sum;
    sum += value ?? 0;
    return { from, to: sum };
  });
}
