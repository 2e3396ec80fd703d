/** What is wrong with the name of a variable, with the fix; empty when nothing is. */
export function nameProblem(name: string): string {
  if (name === '') return '';
  if (/\s/.test(name)) return `No spaces: ${name.trim().replace(/\s+/g, '_')}`;
  if (/^\d/.test(name)) return `No digit first: _${name}`;
  if (!/^\w+$/.test(name)) return `Letters, digits and _ only: ${name.replace(/\W+/g, '_')}`;
  return '';
}

/** What is wrong with the name of a branch, with the fix; empty when nothing is. */
export function branchProblem(name: string): string {
  const branch = name.trim();
  if (branch === '') return '';
  if (/\s/.test(branch)) return 'One branch, without spaces';
  if (branch.startsWith('refs/heads/')) return `Without refs/heads/: ${branch.slice(11)}`;
  if (/[*?[\\^~:]/.test(branch)) return 'A branch by its name; patterns are not taken';
  if (branch.startsWith('-') || branch.endsWith('/') || branch.includes('..'))
    return 'No branch can have this name';
  return '';
}
