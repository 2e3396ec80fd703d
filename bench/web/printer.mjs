// Prints so many lines a second for so many seconds: `printer.mjs 10000 12`.
const [rate, seconds] = process.argv.slice(2).map(Number);
const began = performance.now();
let printed = 0;
const turn = () => {
  const due = Math.min(rate * seconds, Math.floor(((performance.now() - began) / 1000) * rate));
  let text = '';
  while (printed < due) text += `${++printed} grows at ${rate} a second, with \x1b[32msome\x1b[0m words in it\n`;
  if (text) process.stdout.write(text);
  if (printed < rate * seconds) setTimeout(turn, 5);
};
turn();
