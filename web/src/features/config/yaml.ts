/** YAML for reading: colours of its pieces, and values written as YAML. The server parses. */

export type Kind = 'key' | 'value' | 'command' | 'sign' | 'plain' | 'comment';

/** One piece of a line, by what it is. `command` is a value that runs, `sign` an anchor, a tag and the like. */
export interface Piece {
  text: string;
  kind: Kind;
}

/** Lines beyond this are shown without colours. */
const COLORED_LINES = 5000;
/** A line this long is a secret or a blob: one piece. */
const COLORED_COLUMNS = 2000;

/** Keys whose values are commands. */
const COMMANDS = /^(script|install|(before|after)_\w+|command|run|if|condition)$/;

const KEY =
  /^((?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#&*!|>'"%@`,[\]{}?:-][^#:[\]{},]*?|-[^\s:][^:]*?))(\s*:)(?=\s|$)/;
const HEADER = /^[|>][+-]?\d?[+-]?(?=\s|$)/;

/** A text in lines of pieces; block scalars and values over several lines are followed. */
export function colorText(text: string): Piece[][] {
  const lines = splitLines(text);
  if (lines.length > COLORED_LINES) {
    return lines.map((line) => [{ text: line, kind: 'plain' as const }]);
  }
  /** The indentation of the key that a block scalar belongs to, while within one. */
  let block: number | null = null;
  let key = '';
  return lines.map((line) => {
    const indent = line.length - line.trimStart().length;
    if (block !== null) {
      if (line.trim() === '' || indent > block) return [{ text: line, kind: 'command' as const }];
      block = null;
    }
    const painter = new Painter(line, key);
    painter.run();
    key = painter.key;
    if (painter.block) block = painter.blockIndent;
    return painter.pieces;
  });
}

/** What is shown of a long line at first, in letters; a little more is shown whole. */
const SHOWN_COLUMNS = 320;
const SHOWN_WHOLE = 400;

/** The beginning of a line that is too long to be read, and how many letters are left out. */
export function clip(pieces: Piece[]): { pieces: Piece[]; hidden: number } {
  const length = pieces.reduce((sum, piece) => sum + piece.text.length, 0);
  if (length <= SHOWN_WHOLE) return { pieces, hidden: 0 };
  const shown: Piece[] = [];
  let left = SHOWN_COLUMNS;
  for (const piece of pieces) {
    if (left <= 0) break;
    shown.push({ ...piece, text: piece.text.slice(0, left) });
    left -= piece.text.length;
  }
  return { pieces: shown, hidden: length - SHOWN_COLUMNS };
}

/** A text in lines; a newline at the end makes no further line. */
export function splitLines(text: string): string[] {
  return text.replace(/\r?\n$/, '').split(/\r?\n/);
}

class Painter {
  readonly pieces: Piece[] = [];
  key: string;
  block = false;
  blockIndent = 0;
  private rest: string;
  private readonly line: string;

  constructor(line: string, key: string) {
    this.line = line;
    this.rest = line;
    this.key = key;
  }

  run(): void {
    if (this.line.length > COLORED_COLUMNS) {
      this.take(this.line.length, 'plain');
      return;
    }
    this.blockIndent = this.line.length - this.line.trimStart().length;
    this.space();
    // Dashes of lists may stand one after the other.
    while (/^-(\s|$)/.test(this.rest)) {
      this.take(1, 'plain');
      this.blockIndent = this.line.length - this.rest.length - 1;
      this.space();
    }
    if (/^(---|\.\.\.|%)/.test(this.rest)) {
      this.take(this.rest.length, 'sign');
      return;
    }
    const pair = KEY.exec(this.rest);
    if (pair) {
      this.blockIndent = this.line.length - this.rest.length;
      this.key = (pair[1] ?? '').replace(/^["']|["']$/g, '');
      this.take(pair[1]?.length ?? 0, 'key');
      this.take(pair[2]?.length ?? 0, 'plain');
      this.space();
    }
    this.value();
  }

  private value(): void {
    while (this.rest !== '') {
      const quoted = /^("(?:[^"\\]|\\.)*"?|'(?:[^']|'')*'?)/.exec(this.rest);
      const mark = /^([&*][^\s,\]}]+|![^\s,\]}]*)/.exec(this.rest);
      if (this.rest.startsWith('#') && this.spaced()) this.take(this.rest.length, 'comment');
      else if (HEADER.test(this.rest) && !this.flow()) {
        this.take(HEADER.exec(this.rest)?.[0].length ?? 1, 'sign');
        this.block = true;
      } else if (quoted) {
        const inner = quoted[0].length;
        const isKey = /^\s*:/.test(this.rest.slice(inner)) && this.flow();
        this.take(inner, isKey ? 'key' : 'value');
      } else if (/^[\]},\s]+$/.test(this.rest)) this.take(this.rest.length, 'plain');
      else if (mark && this.spaced()) this.take(mark[0].length, 'sign');
      else if (/^[[\]{},]/.test(this.rest) && (this.flow() || /^[[{]/.test(this.rest))) {
        this.depth += { '[': 1, '{': 1, ']': -1, '}': -1, ',': 0 }[this.rest.charAt(0)] ?? 0;
        this.take(1, 'plain');
      } else this.word();
      this.space();
    }
  }

  /** How many brackets are open on this line. */
  private depth = 0;
  private flow(): boolean {
    return this.depth > 0;
  }

  /** A scalar without quotes. */
  private word(): void {
    const end = this.flow() ? /\s*(?:[,\]}]|:\s|\s#)/ : /\s+#|\s*$/;
    const found = end.exec(this.rest);
    const length = Math.max(1, found ? found.index : this.rest.length);
    const word = this.rest.slice(0, length);
    if (this.flow() && /^:\s/.test(this.rest.slice(length))) {
      this.take(length, 'key');
      this.take(1, 'plain');
    } else this.take(length, COMMANDS.test(this.key) && /\s/.test(word) ? 'command' : 'value');
  }

  /** Whether what comes stands at the beginning or behind a space. */
  private spaced(): boolean {
    const at = this.line.length - this.rest.length;
    return at === 0 || /[\s[{,]/.test(this.line.charAt(at - 1));
  }

  private space(): void {
    const space = /^\s+/.exec(this.rest);
    if (space) this.take(space[0].length, 'plain');
  }

  private take(length: number, kind: Kind): void {
    if (length === 0) return;
    const text = this.rest.slice(0, length);
    const last = this.pieces.at(-1);
    if (last?.kind === kind) last.text += text;
    else this.pieces.push({ text, kind });
    this.rest = this.rest.slice(length);
  }
}

/** A value as YAML, for reading: what the server made of the configuration. */
export function toYaml(value: unknown, depth = 0): string {
  const pad = '  '.repeat(depth);
  if (Array.isArray(value)) {
    if (value.length === 0) return `${pad}[]`;
    return value
      .map((one) => {
        if (typeof one !== 'object' || one === null) return `${pad}- ${scalar(one)}`;
        return `${pad}- ${toYaml(one, depth + 1).trimStart()}`;
      })
      .join('\n');
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) return `${pad}{}`;
    return entries
      .map(([key, one]) => {
        if (typeof one !== 'object' || one === null) return `${pad}${key}: ${scalar(one)}`;
        const empty = Array.isArray(one) ? one.length === 0 : Object.keys(one).length === 0;
        if (empty) return `${pad}${key}: ${Array.isArray(one) ? '[]' : '{}'}`;
        return `${pad}${key}:\n${toYaml(one, depth + 1)}`;
      })
      .join('\n');
  }
  return pad + scalar(value);
}

function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  const safe =
    /^[A-Za-z_./$][^:#\n]*$/.test(value) && !/^(true|false|null|yes|no|on|off)$/i.test(value);
  return safe ? value : JSON.stringify(value);
}
