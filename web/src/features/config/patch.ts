import type { ConfigEdit } from '../../api/types';
import { applyEdit, fitting } from './messages';

/** Lines shown around a change. */
const AROUND = 3;

interface Change {
  /** Lines before, from 0: the first and the one behind the last. */
  from: number;
  to: number;
  after: string[];
}

/** Changes of a file as a patch that `git apply` takes; empty when nothing changes. */
export function unified(edits: ConfigEdit[], text: string, path: string): string {
  const lines = text.split('\n');
  const ends = text.endsWith('\n');
  if (ends) lines.pop();
  const changes = changesOf(edits, text, lines);
  if (changes.length === 0) return '';
  const hunks: Change[][] = [];
  for (const change of changes) {
    const last = hunks.at(-1)?.at(-1);
    if (last && change.from - last.to <= 2 * AROUND) hunks.at(-1)?.push(change);
    else hunks.push([change]);
  }
  const out = [`--- a/${path}`, `+++ b/${path}`];
  let moved = 0;
  for (const hunk of hunks) {
    const first = Math.max(0, (hunk[0]?.from ?? 0) - AROUND);
    const end = Math.min(lines.length, (hunk.at(-1)?.to ?? 0) + AROUND);
    const body: string[] = [];
    let at = first;
    let grown = 0;
    const keep = (to: number): void => {
      for (; at < to; at++)
        body.push(...marked(' ', lines[at] ?? '', at === lines.length - 1 && !ends));
    };
    for (const { from, to, after } of hunk) {
      keep(from);
      for (; at < to; at++)
        body.push(...marked('-', lines[at] ?? '', at === lines.length - 1 && !ends));
      for (const [n, line] of after.entries()) {
        body.push(...marked('+', line, to === lines.length && n === after.length - 1 && !ends));
      }
      grown += after.length - (to - from);
    }
    keep(end);
    const size = end - first;
    out.push(`@@ -${place(first, size)} +${place(first + moved, size + grown)} @@`, ...body);
    moved += grown;
  }
  return `${out.join('\n')}\n`;
}

function place(first: number, size: number): string {
  return `${size === 0 ? first : first + 1},${size}`;
}

function marked(sign: string, line: string, open: boolean): string[] {
  return open ? [sign + line, '\\ No newline at end of file'] : [sign + line];
}

/** The lines that change; edits whose lines touch are carried out together. */
function changesOf(edits: ConfigEdit[], text: string, lines: string[]): Change[] {
  const changes: Change[] = [];
  const ordered = fitting(edits, text).reverse();
  for (let n = 0; n < ordered.length; n++) {
    const group = [ordered[n] as ConfigEdit];
    let to = reach(group[0] as ConfigEdit);
    while (ordered[n + 1] && (ordered[n + 1] as ConfigEdit).line <= to) {
      n++;
      group.push(ordered[n] as ConfigEdit);
      to = Math.max(to, reach(group.at(-1) as ConfigEdit));
    }
    const from = Math.min((group[0] as ConfigEdit).line - 1, lines.length);
    to = Math.min(to, lines.length);
    const whole = group.reduceRight((now, edit) => applyEdit(edit, now), text);
    const after = whole.split('\n');
    if (text.endsWith('\n')) after.pop();
    const grown = after.length - lines.length;
    const change = { from, to, after: after.slice(from, to + grown) };
    trim(change, lines);
    if (change.after.length > 0 || change.to > change.from) changes.push(change);
  }
  return changes;
}

/** Behind the last line that an edit touches. */
function reach(edit: ConfigEdit): number {
  return edit.end_line;
}

/** Takes off what is the same at both ends. */
function trim(change: Change, lines: string[]): void {
  while (
    change.to > change.from &&
    change.after.length > 0 &&
    change.after.at(-1) === lines[change.to - 1]
  ) {
    change.after.pop();
    change.to--;
  }
  while (
    change.to > change.from &&
    change.after.length > 0 &&
    change.after[0] === lines[change.from]
  ) {
    change.after.shift();
    change.from++;
  }
}
