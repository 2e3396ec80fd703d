/** What is wrong with a private key that somebody pasted; empty when nothing is seen. Pure. */
export function keyProblem(pasted: string): string {
  const text = pasted.trim();
  if (text === '') return '';
  if (/^(ssh-|ecdsa-)/.test(text) || text.includes('BEGIN PUBLIC KEY'))
    return 'This is the public half: paste the other file, travis_key';
  if (!text.startsWith('-----BEGIN ')) return 'Paste the whole file, with its -----BEGIN line';
  if (!/-----END [A-Z ]+-----$/.test(text)) return 'Its end is missing: paste it to -----END';
  if (text.includes('ENCRYPTED')) return "It has a passphrase: make one without, -N ''";
  return '';
}
