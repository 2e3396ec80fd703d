/** A row: what was measured, its bound, what came out, and whether that is within. */
export function row(name, bound, ours, met = null) {
  return { name, bound, ours, met };
}

/** A row of one number with an upper bound. */
export function atMost(name, most, value, unit, { digits = 0, note = '' } = {}) {
  const shown = `${value.toFixed(digits)} ${unit}${note ? ` (${note})` : ''}`;
  return row(name, `≤ ${most} ${unit}`, shown, value <= most);
}

export function printTable(rows) {
  console.log('| measure | bound | ours | met |\n| --- | --- | --- | --- |');
  for (const { name, bound, ours, met } of rows) {
    console.log(`| ${name} | ${bound} | ${ours} | ${met === null ? '–' : met ? 'met' : '**not met**'} |`);
  }
}

export const sorted = (values) => [...values].sort((a, b) => a - b);
/** The value that a share of all is not above. */
export const quantile = (values, share) => sorted(values)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;
export const median = (values) => quantile(values, 0.5);
export const highest = (values) => values.reduce((most, value) => Math.max(most, value), -Infinity);
