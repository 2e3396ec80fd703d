/** A colour as an escape sequence names it: a place in the palette, or red, green, blue. */
export type Color = number | readonly [number, number, number] | null;

/** The colour and style that text is printed in. Bit `n` of `styles` stands for style code `n`. */
export interface Pen {
  ink: Color;
  ground: Color;
  styles: number;
}

export const PLAIN: Pen = { ink: null, ground: null, styles: 0 };
export const BOLD = 1 << 1;
export const DIM = 1 << 2;
export const ITALIC = 1 << 3;
export const UNDERLINE = 1 << 4;
export const INVERSE = 1 << 7;
export const STRUCK = 1 << 9;

/** Takes in the parameters of one `ESC [ … m` sequence. */
export function applyStyle(before: Pen, params: string): Pen {
  const codes = params.split(/[;:]/).map((digits) => Math.min(Number(digits), 65_535));
  let { ink, ground, styles } = before;
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    if (code === 0) {
      ink = null;
      ground = null;
      styles = 0;
    } else if (code <= 9) styles |= 1 << code;
    else if (code === 22) styles &= ~(BOLD | DIM);
    else if ((code >= 23 && code <= 25) || (code >= 27 && code <= 29))
      styles &= ~(1 << (code - 20));
    else if (code >= 30 && code <= 37) ink = code - 30;
    else if (code >= 90 && code <= 97) ink = code - 82;
    else if (code === 39) ink = null;
    else if (code >= 40 && code <= 47) ground = code - 40;
    else if (code >= 100 && code <= 107) ground = code - 92;
    else if (code === 49) ground = null;
    else if (code === 38 || code === 48) {
      const kind = codes[at + 1];
      let color: Color | undefined;
      if (kind === 5 && at + 2 < codes.length) {
        color = Math.min(codes[at + 2] ?? 0, 255);
        at += 2;
      } else if (kind === 2 && at + 4 < codes.length) {
        const byte = (n: number): number => Math.min(codes[at + n] ?? 0, 255);
        color = [byte(2), byte(3), byte(4)];
        at += 4;
      } else {
        // Broken off: what was begun is swallowed, as the server swallows it.
        at = kind === 5 || kind === 2 ? codes.length : at + 1;
      }
      if (color !== undefined) {
        if (code === 38) ink = color;
        else ground = color;
      }
    }
  }
  return { ink, ground, styles };
}

function sameColor(a: Color, b: Color): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a === 'number' || typeof b === 'number') return false;
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2];
}

export function samePen(a: Pen, b: Pen): boolean {
  return (
    a === b || (a.styles === b.styles && sameColor(a.ink, b.ink) && sameColor(a.ground, b.ground))
  );
}

function colorCodes(color: Color, base: number): string[] {
  if (color === null) return [];
  if (typeof color !== 'number') return [`${base + 8};2;${color.join(';')}`];
  if (color < 8) return [String(base + color)];
  if (color < 16) return [String(base + 52 + color)];
  return [`${base + 8};5;${color}`];
}

/** The sequence that changes one pen into another; empty when they are the same. */
export function penChange(from: Pen, to: Pen): string {
  if (samePen(from, to)) return '';
  if (samePen(to, PLAIN)) return '\x1b[0m';
  const codes: string[] = samePen(from, PLAIN) ? [] : ['0'];
  for (let style = 1; style <= 9; style++) if (to.styles & (1 << style)) codes.push(String(style));
  codes.push(...colorCodes(to.ink, 30), ...colorCodes(to.ground, 40));
  return `\x1b[${codes.join(';')}m`;
}
