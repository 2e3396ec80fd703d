/**
 * Which row element shows which line. A line that stays in view keeps its element. When none stays,
 * as in a log that grows by more than a screen a frame, the elements stay and take the new lines
 * in their order: to make and throw away some ninety rows a frame costs more than drawing them.
 */
export class RowKeys {
  private keys = new Map<number, number>();
  private next = 0;

  /** The key of each line's row; `reuse` says whether elements may take other lines. */
  assign(lines: readonly number[], reuse: () => boolean): number[] {
    const known = this.keys;
    const anew = known.size > 0 && !lines.some((line) => known.has(line)) && reuse();
    const free = anew ? [...known.values()] : [];
    const keys = lines.map((line, at) => (anew ? free[at] : known.get(line)) ?? this.next++);
    this.keys = new Map(lines.map((line, at) => [line, keys[at] ?? 0]));
    return keys;
  }
}
