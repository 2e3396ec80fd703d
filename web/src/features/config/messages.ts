import type { ConfigEdit, ConfigMessage } from '../../api/types';
import { levelOf } from '../../lib/levels';
import { splitLines, type Piece } from './yaml';

/** Messages about a configuration: their places, and the changes that mend them. */

/** In the order of a file. Without a place, what is grave comes before all and a hint behind. */
export function byPlace(a: ConfigMessage, b: ConfigMessage): number {
  return lineOf(a) - lineOf(b) || (a.column ?? 0) - (b.column ?? 0);
}

function lineOf(message: ConfigMessage): number {
  return message.line ?? (isNote(message) ? Number.MAX_SAFE_INTEGER : 0);
}

/** Whether nothing has to be done about it. */
export function isNote(message: ConfigMessage): boolean {
  return levelOf(message) === 'info';
}

/** What a message without a line is about. `root` is the top of the file: not worth naming. */
export function placeOf(message: ConfigMessage): string {
  return message.line !== null || message.key === 'root' ? '' : message.key;
}

/** What goes by an edit. */
export function removedBy(edit: ConfigEdit, text: string): string {
  const [from, to] = range(edit, text);
  return text.slice(from, to);
}

export function applyEdit(edit: ConfigEdit, text: string): string {
  const [from, to] = range(edit, text);
  return text.slice(0, from) + edit.replacement + text.slice(to);
}

/** The edits that can be carried out together, the last in the text first: none within another. */
export function fitting(edits: ConfigEdit[], text: string): ConfigEdit[] {
  const placed = edits
    .map((edit) => ({ edit, at: range(edit, text) }))
    .sort((a, b) => b.at[0] - a.at[0] || b.at[1] - a.at[1]);
  let end = text.length + 1;
  const fit: ConfigEdit[] = [];
  for (const { edit, at } of placed) {
    if (at[1] > end || (at[0] === end && at[1] === end)) continue;
    fit.push(edit);
    end = at[0];
  }
  return fit;
}

/** Carries out every edit that does not lie within one behind it. */
export function applyAll(edits: ConfigEdit[], text: string): string {
  return fitting(edits, text).reduce((now, edit) => applyEdit(edit, now), text);
}

/** Columns count characters, as the server does; a character may be two units here. */
function range(edit: ConfigEdit, text: string): [number, number] {
  const from = offset(text, edit.line, edit.column);
  return [from, Math.max(from, offset(text, edit.end_line, edit.end_column))];
}

function offset(text: string, line: number, column: number): number {
  let at = 0;
  for (let n = 1; n < line; n++) {
    const end = text.indexOf('\n', at);
    if (end < 0) return text.length;
    at = end + 1;
  }
  for (let n = 1; n < column && at < text.length && text[at] !== '\n'; n++) {
    at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }
  return at;
}

/** A change in words; pieces between backquotes are code. */
export function describeEdit(edit: ConfigEdit, text: string): string {
  const short = (piece: string): string => {
    const line = piece.trim().split('\n')[0] ?? '';
    const cut = line.length > 60 ? `${line.slice(0, 60)}…` : line;
    return `\`${cut.replaceAll('`', 'ˋ')}\``;
  };
  const gone = removedBy(edit, text);
  if (edit.replacement.trim() === '') {
    const lines = splitLines(gone).length;
    return lines > 1 ? `Remove ${lines} lines from ${short(gone)}` : `Remove ${short(gone)}`;
  }
  if (gone.trim() === '') return `Add ${short(edit.replacement)}`;
  return `Change ${short(gone)} to ${short(edit.replacement)}`;
}

/** The lines that an edit touches, before and after. */
export function patchOf(edit: ConfigEdit, text: string): { before: string[]; after: string[] } {
  const [from, to] = range(edit, text);
  const start = text.lastIndexOf('\n', from - 1) + 1;
  const next = text.indexOf('\n', to);
  const end = next < 0 ? text.length : next;
  const before = text.slice(start, end).split('\n');
  const after = (text.slice(start, from) + edit.replacement + text.slice(to, end)).split('\n');
  // A line that goes whole ends where the next one begins.
  while (before.length > 0 && after.length > 0 && before.at(-1) === after.at(-1)) {
    before.pop();
    after.pop();
  }
  return { before, after };
}

/** A line's pieces with the named ones marked: the word at each column, for underlining. */
export function underline(pieces: Piece[], columns: number[]): (Piece & { marked: boolean })[] {
  const whole = pieces.map((piece) => piece.text).join('');
  const spans = columns
    .map((column) => wordAt(whole, pieces, column))
    .filter((span) => span !== null);
  const out: (Piece & { marked: boolean })[] = [];
  let at = 0;
  for (const piece of pieces) {
    const cuts = [0, piece.text.length];
    for (const [from, to] of spans) {
      for (const cut of [from - at, to - at]) {
        if (cut > 0 && cut < piece.text.length) cuts.push(cut);
      }
    }
    cuts.sort((a, b) => a - b);
    for (const [n, cut] of cuts.entries()) {
      const next = cuts[n + 1];
      if (next === undefined || next === cut) continue;
      const middle = at + (cut + next) / 2;
      out.push({
        kind: piece.kind,
        text: piece.text.slice(cut, next),
        marked: spans.some(([from, to]) => middle > from && middle < to),
      });
    }
    at += piece.text.length;
  }
  return out;
}

function wordAt(line: string, pieces: Piece[], column: number): [number, number] | null {
  let start = 0;
  for (let n = 1; n < column && start < line.length; n++) {
    start += (line.codePointAt(start) ?? 0) > 0xffff ? 2 : 1;
  }
  if (start >= line.length) return null;
  let at = 0;
  for (const piece of pieces) {
    const end = at + piece.text.length;
    if (start < end) {
      const to = at + piece.text.trimEnd().length;
      return to > start ? [start, to] : [start, Math.min(line.length, start + 1)];
    }
    at = end;
  }
  return null;
}
