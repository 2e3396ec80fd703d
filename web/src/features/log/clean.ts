/**
 * From raw bytes to lines that can be shown, as they arrive.
 *
 * The same rules as the server's: markers are taken out and recorded, a row is drawn as a terminal
 * of one endless row would draw it, colours stay, every other escape and control character goes.
 * The fixtures of the server's crate hold both to them.
 */
import type { LogFold, LogTime } from '../../api/types';
import { PLAIN, applyStyle, penChange, type Pen } from './pen';

const MARKER =
  /travis_(?:fold:(start|end):([\w.-]{1,128})|time:(start|end):([\w.-]{1,128})(?::([\w.\-=,:]*))?)\r(?:\x1b\[0?K)?/g;
const MARKER_MAX = 512;
const FRONTS = ['travis_fold:start:', 'travis_fold:end:', 'travis_time:start:', 'travis_time:end:'];
/** A line is drawn up to this many bytes; the rest is only counted. */
export const LINE_MAX = 64 * 1024;

const NEEDS_WORK = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/;
const PIECE =
  /\x1b\[([0-?]*)([ -/]*)([@-~])?|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?|\r|[\x00-\x08\x0a-\x1f\x7f-\x9f]|[^\x00-\x08\x0a-\x1f\x7f-\x9f]+/g;

type Piece =
  { kind: 'text' | 'style'; value: string } | { kind: 'return' | 'erase-rest' | 'erase-all' };

function* pieces(row: string): Generator<Piece> {
  for (const match of row.matchAll(PIECE)) {
    const [whole, params, between, last] = match;
    if (whole === '\r') yield { kind: 'return' };
    else if (whole.startsWith('\x1b')) {
      if (last === undefined || between) continue;
      if (last === 'm' && /^[\d:;]*$/.test(params ?? '')) yield { kind: 'style', value: whole };
      else if (last === 'K' && (params === '' || params === '0')) yield { kind: 'erase-rest' };
      else if (last === 'K' && params === '2') yield { kind: 'erase-all' };
      else if (last === 'G' && /^[01]?$/.test(params ?? '')) yield { kind: 'return' };
    } else if (!NEEDS_WORK.test(whole[0] ?? '')) yield { kind: 'text', value: whole };
  }
}

function drawCells(row: string): string {
  const cells: { char: string; pen: Pen }[] = [];
  let column = 0;
  let pen = PLAIN;
  for (const piece of pieces(row)) {
    switch (piece.kind) {
      case 'text':
        for (const char of piece.value) cells[column++] = { char, pen };
        break;
      case 'style':
        pen = applyStyle(pen, piece.value.slice(2, -1));
        break;
      case 'return':
        column = 0;
        break;
      case 'erase-rest':
        cells.length = column;
        break;
      case 'erase-all':
        cells.length = 0;
        column = 0;
    }
  }
  let out = '';
  let before = PLAIN;
  for (const cell of cells) {
    out += penChange(before, cell.pen) + cell.char;
    before = cell.pen;
  }
  return out + penChange(before, PLAIN);
}

/** Cuts a row at the limit, not through a character; with it, how many characters were cut. */
function cut(row: string): [string, number] {
  if (row.length * 3 <= LINE_MAX) return [row, 0];
  const bytes = new TextEncoder().encode(row);
  if (bytes.length <= LINE_MAX) return [row, 0];
  const continues = (at: number): boolean => ((bytes[at] ?? 0) & 0xc0) === 0x80;
  let end = LINE_MAX;
  while (continues(end)) end--;
  let more = 0;
  for (let at = end; at < bytes.length; at++) if (!continues(at)) more++;
  return [new TextDecoder().decode(bytes.subarray(0, end)), more];
}

/** Draws one raw line, markers and newline already gone; `dropped` characters followed it. */
export function drawLine(raw: string, dropped = 0): string {
  let whole = raw;
  while (whole.endsWith('\r')) whole = whole.slice(0, -1);
  const [row, cutOff] = cut(whole);
  const more = cutOff + dropped;
  const end = more > 0 ? ` … ${more} more characters` : '';
  if (!NEEDS_WORK.test(row)) return row + end;
  let out = '';
  for (const piece of pieces(row)) {
    if (piece.kind === 'text' || piece.kind === 'style') out += piece.value;
    else if (
      (piece.kind === 'return' || piece.kind === 'erase-all') &&
      /[^\x1b]/.test(strip(out))
    ) {
      return drawCells(row) + end;
    }
  }
  return out + end;
}

/** The text of a drawn line without its colours. */
export function strip(line: string): string {
  return line.includes('\x1b') ? line.replace(/\x1b\[[\d;:]*m/g, '') : line;
}

export interface CleanTime extends LogTime {
  id: string;
}

interface OpenFold {
  fold: LogFold;
  from: number;
}

/** Cleans a log piece by piece. Lines before `firstLine` are somebody else's. */
export class Cleaner {
  /** Finished lines since the last {@link take}. */
  private done: string[] = [];
  private rest = '';
  /** Characters of the present line beyond what is kept of it. */
  private dropped = 0;
  private line: number;
  /** Something besides markers was seen on the present line. */
  private written = false;
  private readonly open: OpenFold[] = [];
  private readonly running = new Map<string, CleanTime>();
  readonly folds: LogFold[] = [];
  /** Ends of folds that began before this cleaner did, by name. */
  readonly ends = new Map<string, { last: number; duration_ns: number | null }>();
  private orphaned: number | null = null;
  readonly times: CleanTime[] = [];
  /** Counts the markers seen: while it stands, so do folds and times. */
  marks = 0;
  private readonly decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });

  constructor(firstLine = 0) {
    this.line = firstLine;
  }

  feed(bytes: Uint8Array): void {
    this.feedText(this.decoder.decode(bytes, { stream: true }));
  }

  feedText(text: string): void {
    let from = 0;
    for (;;) {
      const end = text.indexOf('\n', from);
      if (end < 0) break;
      const raw = this.rest + text.slice(from, end);
      this.rest = '';
      this.finishLine(this.takeMarkers(raw, true));
      from = end + 1;
    }
    this.rest = this.takeMarkers(this.rest + text.slice(from), false);
    // A line without end must not grow without end; what is beyond is only counted.
    if (this.rest.length > 2 * LINE_MAX) {
      this.dropped += this.rest.length - LINE_MAX;
      this.rest = this.rest.slice(0, LINE_MAX);
    }
  }

  /** Ends the input: an unfinished character becomes U+FFFD, an unfinished marker text. */
  end(): void {
    this.rest = this.takeMarkers(this.rest + this.decoder.decode(), true);
  }

  /** The lines finished since the last call. */
  take(): string[] {
    const lines = this.done;
    this.done = [];
    return lines;
  }

  /** The last line, which has no newline yet; nothing when there is nothing on it to see. */
  partial(): string | null {
    const line = drawLine(this.rest, this.dropped);
    return strip(line) === '' ? null : line;
  }

  private finishLine(raw: string): void {
    this.done.push(drawLine(raw, this.dropped));
    this.dropped = 0;
    this.line++;
    this.written = false;
  }

  /** Takes the markers out of a line or its beginning; what may become one stays for later. */
  private takeMarkers(raw: string, ended: boolean): string {
    if (!raw.includes('travis_')) {
      if (raw !== '') this.written = true;
      return raw;
    }
    let kept = '';
    let from = 0;
    for (const match of raw.matchAll(MARKER)) {
      const whole = match[0];
      if (whole.length > MARKER_MAX) continue;
      const next = match.index + whole.length;
      if (!ended && whole.endsWith('\r') && '\x1b[0K'.startsWith(raw.slice(next, next + 4))) {
        // The erase that belongs to it is still on its way.
        if (raw.length - next < 4) {
          kept += raw.slice(from, match.index);
          this.written ||= kept !== '';
          return kept + raw.slice(match.index);
        }
      }
      kept += raw.slice(from, match.index);
      from = next;
      this.mark(match, this.written && kept !== '' ? true : kept !== '');
    }
    kept += raw.slice(from);
    this.written = kept !== '' && !(!ended && FRONTS.some((f) => kept.startsWith(f)));
    return kept;
  }

  private mark(match: RegExpMatchArray, written: boolean): void {
    const [, foldEdge, foldName, timeEdge, timeId, fields] = match;
    this.marks++;
    if (foldEdge === 'start' && foldName !== undefined) {
      const fold: LogFold = { name: foldName, first: this.line, last: null, duration_ns: null };
      this.folds.push(fold);
      this.open.push({ fold, from: this.line });
    } else if (foldEdge === 'end' && foldName !== undefined) this.endFold(foldName, written);
    else if (timeEdge === 'start' && timeId !== undefined) {
      const time = { id: timeId, line: this.line, start_ns: null, duration_ns: null, event: null };
      this.times.push(time);
      this.running.set(timeId, time);
    } else if (timeEdge === 'end' && timeId !== undefined) this.endTime(timeId, fields ?? '');
  }

  private endFold(name: string, written: boolean): void {
    const at = this.open.findLastIndex((open) => open.fold.name === name);
    const last = written ? this.line : this.line - 1;
    if (at < 0) {
      this.ends.set(name, { last, duration_ns: this.orphaned });
      this.orphaned = null;
      return;
    }
    for (const { fold } of this.open.splice(at)) {
      if (last < fold.first) this.folds.splice(this.folds.indexOf(fold), 1);
      else fold.last = last;
    }
  }

  private endTime(id: string, fields: string): void {
    const time = this.running.get(id);
    this.running.delete(id);
    const values = new Map(
      fields.split(',').map((field) => field.split('=', 2) as [string, string]),
    );
    const number = (key: string): number | null => {
      const text = values.get(key);
      return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
    };
    const [start, finish] = [number('start'), number('finish')];
    const length =
      number('duration') ??
      (start !== null && finish !== null && finish >= start ? finish - start : null);
    if (!time) {
      // It began before this cleaner did, and so did the fold that it belongs to.
      this.orphaned = length;
      return;
    }
    time.start_ns = start;
    time.duration_ns = length;
    time.event = values.get('event') ?? null;
    const fold = this.open.at(-1)?.fold;
    if (fold && length !== null) fold.duration_ns = (fold.duration_ns ?? 0) + length;
  }
}
