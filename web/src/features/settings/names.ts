/** What is wrong with the name of a variable, with the fix; empty when nothing is. */
export function nameProblem(name: string): string {
  if (name === '') return '';
  if (/\s/.test(name)) return `No spaces: ${name.trim().replace(/\s+/g, '_')}`;
  if (/^\d/.test(name)) return `No digit first: _${name}`;
  if (!/^\w+$/.test(name)) return `Letters, digits and _ only: ${name.replace(/\W+/g, '_')}`;
  return '';
}
