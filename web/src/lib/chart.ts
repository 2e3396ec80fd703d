/** Paths of small charts. All pure. */

function points(values: readonly number[], most: number, width: number, height: number): string[] {
  const top = Math.max(most, ...values, Number.EPSILON);
  const step = values.length > 1 ? width / (values.length - 1) : width;
  // A line's width stays free above and below, so that neither end is cut.
  const room = height - 2;
  return values.map((value, at) => {
    const x = Math.round(at * step * 10) / 10;
    const y = Math.round((1 + room - (room * Math.max(0, value)) / top) * 10) / 10;
    return `${x} ${y}`;
  });
}

/** The line through values, the oldest left; nothing for fewer than two. */
export function linePath(
  values: readonly number[],
  most: number,
  width: number,
  height: number,
): string {
  return values.length < 2 ? '' : `M${points(values, most, width, height).join('L')}`;
}

/** The area under it. */
export function areaPath(
  values: readonly number[],
  most: number,
  width: number,
  height: number,
): string {
  const line = linePath(values, most, width, height);
  return line ? `${line}L${width} ${height}L0 ${height}Z` : '';
}
