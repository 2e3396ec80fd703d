/** A fragment of the server as a sentence: `no such branch` → `No such branch.` */
export function sentence(text: string): string {
  const trimmed = text.trim();
  const begun = trimmed.slice(0, 1).toUpperCase() + trimmed.slice(1);
  return begun === '' || /[.!?…][)"”]?$/.test(begun) ? begun : `${begun}.`;
}
