/** What is wrong with a worker's name, with the fix. */
export function nameProblem(typed: string): string {
  const name = typed.trim();
  if (name === '') return 'A name, such as rainy-day';
  if (/\s/.test(name)) return `No spaces: ${name.replace(/\s+/g, '-')}`;
  if (!/^[\w.-]+$/.test(name)) return 'Letters, digits, dots and dashes alone';
  return name.length > 64 ? 'At most 64 signs' : '';
}
