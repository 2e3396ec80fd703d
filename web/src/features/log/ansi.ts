import {
  BOLD,
  DIM,
  INVERSE,
  ITALIC,
  PLAIN,
  STRUCK,
  UNDERLINE,
  applyStyle,
  samePen,
  type Color,
  type Pen,
} from './pen';

/** A stretch of text in one style: what becomes a text node in a span. */
export interface Span {
  text: string;
  /** Classes of the palette and style; empty for plain text. */
  classes: string;
  /** Colours beyond the palette. */
  style: string;
}

type Rgb = readonly [number, number, number];
const GROUND: Rgb = [0x15, 0x19, 0x1f];
const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
const GROUNDS: Rgb[] = [
  [0x3a, 0x41, 0x4b],
  [0xff, 0x80, 0x80],
  [0x7a, 0xd7, 0xa0],
  [0xeb, 0xc7, 0x6e],
  [0x8d, 0xb5, 0xff],
  [0xdf, 0xa6, 0xeb],
  [0x74, 0xd3, 0xd9],
  [0xf1, 0xf3, 0xf5],
];

/** A colour of the 256 beyond the first 16. */
function cube(index: number): Rgb {
  if (index >= 232) {
    const gray = 8 + (index - 232) * 10;
    return [gray, gray, gray];
  }
  const at = index - 16;
  const step = (n: number): number => (n === 0 ? 0 : 55 + n * 40);
  return [step(Math.floor(at / 36)), step(Math.floor(at / 6) % 6), step(at % 6)];
}

function luminance([r, g, b]: Rgb): number {
  const part = (value: number): number => {
    const c = value / 255;
    return c <= 0.039_28 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
}

/** Contrast of two colours, 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** The colour, lightened until it can be read on the log's ground. */
export function readable(color: Rgb): Rgb {
  let [r, g, b] = color;
  for (let turn = 0; turn < 20 && contrast([r, g, b], GROUND) < 4.5; turn++) {
    const lift = (value: number): number =>
      Math.min(255, Math.round(value + (255 - value) * 0.12 + 2));
    [r, g, b] = [lift(r), lift(g), lift(b)];
  }
  return [r, g, b];
}

const css = (color: Rgb): string => `rgb(${color.join(' ')})`;

function groundOf(color: Color): Rgb | null {
  if (color === null) return null;
  if (typeof color !== 'number') return color;
  return color < 16 ? (GROUNDS[color % 8] ?? null) : cube(color);
}

function look(pen: Pen): Omit<Span, 'text'> {
  const inverse = (pen.styles & INVERSE) !== 0;
  const ink = inverse ? (pen.ground ?? 0) : pen.ink;
  const ground = inverse
    ? (groundOf(pen.ink) ?? ([0xd6, 0xda, 0xe0] as Rgb))
    : groundOf(pen.ground);
  const classes: string[] = [];
  let style = '';
  if (ground) {
    const dark = contrast([0, 0, 0], ground) >= contrast([255, 255, 255], ground);
    style = `background:${css(ground)};color:${dark ? '#000' : '#fff'}`;
  } else if (typeof ink === 'number' && ink < 16) {
    classes.push(`a-${NAMES[ink % 8]}`);
    if (ink >= 8) classes.push('a-bold');
  } else if (ink !== null) {
    style = `color:${css(readable(typeof ink === 'number' ? cube(ink) : ink))}`;
  }
  if (pen.styles & BOLD) classes.push('a-bold');
  if (pen.styles & DIM) classes.push('a-dim');
  if (pen.styles & ITALIC) classes.push('a-italic');
  if (pen.styles & UNDERLINE) classes.push('a-underline');
  if (pen.styles & STRUCK) classes.push('a-struck');
  return { classes: classes.join(' '), style };
}

const STYLE = /\x1b\[([\d;:]*)m/g;

/** A drawn line as stretches of text, each in one style. */
export function spansOf(line: string): Span[] {
  if (!line.includes('\x1b')) return line === '' ? [] : [{ text: line, classes: '', style: '' }];
  const spans: Span[] = [];
  let pen = PLAIN;
  let from = 0;
  const push = (text: string): void => {
    if (text !== '') spans.push({ text, ...look(pen) });
  };
  for (const match of line.matchAll(STYLE)) {
    const next = applyStyle(pen, match[1] ?? '');
    if (!samePen(pen, next) || match.index > from) {
      push(line.slice(from, match.index));
      from = match.index + match[0].length;
    } else from += match[0].length;
    pen = next;
  }
  push(line.slice(from));
  return spans;
}

/** The beginning of a line, never with half of a colour's escape at its end. */
export function beginning(line: string, length: number): string {
  return line.slice(0, length).replace(/\x1b(\[[\d:;]*)?$/, '');
}

/** A part of a span, and whether it is part of a hit. */
export interface Marked extends Span {
  hit: boolean;
}

/** Marks what a search found in the text of a line. */
export function markHits(spans: Span[], pattern: RegExp | null): Marked[] {
  if (!pattern) return spans.map((span) => ({ ...span, hit: false }));
  const text = spans.map((span) => span.text).join('');
  const marks: [number, number][] = [];
  for (const match of text.matchAll(pattern)) {
    if (match[0] === '') continue;
    marks.push([match.index, match.index + match[0].length]);
    if (marks.length >= 200) break;
  }
  if (marks.length === 0) return spans.map((span) => ({ ...span, hit: false }));
  const out: Marked[] = [];
  let start = 0;
  let next = 0;
  for (const span of spans) {
    const end = start + span.text.length;
    let at = start;
    while (at < end) {
      while (next < marks.length && (marks[next]?.[1] ?? 0) <= at) next++;
      const mark = marks[next];
      const inside = mark !== undefined && mark[0] <= at;
      const to = Math.min(end, mark === undefined ? end : inside ? mark[1] : mark[0]);
      out.push({ ...span, text: span.text.slice(at - start, to - start), hit: inside });
      at = to;
    }
    start = end;
  }
  return out;
}

/** The pattern of a search box, or nothing while it can't be one. */
export function searchPattern(text: string, exact: boolean, regex: boolean): RegExp | null {
  if (text === '') return null;
  try {
    return new RegExp(
      regex ? text : text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
      exact ? 'g' : 'gi',
    );
  } catch {
    return null;
  }
}
