/** Invented logs: one that grows as a job would print it, and one of a million lines. */

const E = '\x1b';
const fold = (name, id, ms, lines) => [
  `travis_fold:start:${name}\r${E}[0Ktravis_time:start:${id}\r${E}[0K${lines[0]}\r\n`,
  ...lines.slice(1).map((line) => `${line}\r\n`),
  `travis_time:end:${id}:start=1790000000000000000,finish=${1790000000000000000n + BigInt(ms) * 1000000n},duration=${BigInt(ms) * 1000000n},event=x\r${E}[0Ktravis_fold:end:${name}\r${E}[0K`,
];

const TESTS = [
  'clock::skew_is_bounded',
  'handshake::survives_duplicate_ack',
  'registry::evicts_after_three_misses',
  'wire::round_trips',
  'lease::expires',
];

export function makeRustLog(job, running) {
  const repo = job.repository.slug;
  const pieces = [
    ...fold('worker_info', '0a', 20, [
      `${E}[33;1mWorker information${E}[0m`,
      ...Array.from({ length: 7 }, (_, n) => `fact ${n}: value ${n * 7}`),
    ]),
    ...fold('system_info', '0b', 110, [
      `${E}[33;1mSystem information${E}[0m`,
      ...Array.from({ length: 31 }, (_, n) => `package-${n} 1.${n}.0`),
    ]),
    ...fold('git.checkout', '0c', 380, [
      `$ git clone --depth=50 https://git.example.org/${repo}.git ${repo}`,
      `Cloning into '${repo}'...`,
      'remote: Enumerating objects: 1,904, done.',
      `Receiving objects:  10% (190/1904)\rReceiving objects: ${E}[1m100%${E}[0m (1904/1904), 2.31 MiB | 41.20 MiB/s, done.`,
      `$ cd ${repo} && git checkout -qf a3f9c21`,
    ]),
    ...fold('rust', '0d', 3120, [
      '$ rustup toolchain install stable --profile minimal',
      ...Array.from({ length: 24 }, (_, n) => `info: downloading component ${n}`),
    ]),
    ...fold('install', '0e', 2440, [
      '$ cargo fetch --locked',
      ...Array.from(
        { length: 220 },
        (_, n) => `  ${E}[1;32mDownloaded${E}[0m crate-${n} v0.${n}.1`,
      ),
    ]),
    `travis_time:start:0f\r${E}[0K$ cargo test --workspace --locked\r\n`,
    `${E}[1;32m   Compiling${E}[0m beacon-wire v0.14.2 (/home/travis/build/${repo}/crates/wire)\r\n`,
    `${E}[1;33mwarning${E}[0m${E}[1m: unused variable: \`deadline\`${E}[0m\r\n`,
    `   ${E}[1;34m-->${E}[0m crates/lease/src/handshake.rs:118:9\r\n`,
    `${E}[1;34m118${E}[0m ${E}[1;34m|${E}[0m     let deadline = now + self.grace;\r\n`,
    `    ${E}[1;34m|${E}[0m         ${E}[33m^^^^^^^^ help: prefix it with an underscore: \`_deadline\`${E}[0m\r\n`,
    `${E}[1;32m    Finished${E}[0m \`test\` profile [unoptimized + debuginfo] target(s) in 1m 38s\r\n`,
    `${E}[1;32m     Running${E}[0m unittests src/lib.rs (target/debug/deps/beacon_lease-5d1f0c9e)\r\n`,
    ...TESTS.map((name) => `test ${name} ... ${E}[32mok${E}[0m\r\n`),
  ];
  if (running || job.state === 'failed') {
    pieces.push(
      `test handshake::survives_lost_first_packet ... ${E}[31mFAILED${E}[0m\r\n`,
      '\r\n',
      '---- handshake::survives_lost_first_packet stdout ----\r\n',
      "thread 'handshake::survives_lost_first_packet' panicked at crates/lease/src/handshake.rs:241:5:\r\n",
      'assertion `left == right` failed: lease must be granted on the second try\r\n',
      `  left: ${E}[35mRefused${E}[0m { retry_after: 250ms }\r\n`,
      ` right: ${E}[35mGranted${E}[0m { ttl: 15s }\r\n`,
      '\r\n',
    );
  }
  if (!running)
    pieces.push(
      `test result: ${job.state === 'failed' ? `${E}[31mFAILED` : `${E}[32mok`}${E}[0m. 5 passed\r\n`,
      `travis_time:end:0f:start=1790000000000000000,finish=1790000128000000000,duration=128000000000,event=script\r${E}[0K`,
      `\r\nThe command "cargo test --workspace --locked" exited with ${job.state === 'failed' ? 1 : 0}.\r\n`,
    );
  return textLog(pieces.join(''), !running);
}

/** Cleans only what these logs hold. */
function clean(raw) {
  const lines = [];
  const folds = [];
  const times = [];
  const offsets = [0];
  let at = 0;
  for (const piece of raw.split(/(?<=\n)/)) {
    at += Buffer.byteLength(piece);
    let text = piece;
    for (;;) {
      const mark = /travis_(fold|time):(start|end):([\w.]+)(?::([\w=,]*))?\r\x1b\[0K/.exec(text);
      if (!mark) break;
      text = text.slice(0, mark.index) + text.slice(mark.index + mark[0].length);
      const [, kind, edge, name, fields] = mark;
      if (kind === 'fold' && edge === 'start')
        folds.push({ name, first: lines.length, last: null, duration_ns: null });
      if (kind === 'fold' && edge === 'end')
        folds.findLast((one) => one.name === name).last = lines.length - 1;
      if (kind === 'time' && edge === 'start')
        times.push({
          id: name,
          line: lines.length,
          start_ns: null,
          duration_ns: null,
          event: null,
        });
      if (kind === 'time' && edge === 'end') {
        const time = times.find((one) => one.id === name);
        time.duration_ns = Number(/duration=(\d+)/.exec(fields)[1]);
        time.start_ns = Number(/start=(\d+)/.exec(fields)[1]);
        const open = folds.findLast((one) => one.last === null);
        if (open) open.duration_ns = time.duration_ns;
      }
    }
    const whole = text.endsWith('\n');
    const shown = text.replace(/[\r\n]+$/, '').replace(/^.*\r/, '');
    if (whole || shown) {
      lines.push(shown);
      offsets.push(at);
    }
  }
  return { lines, folds, times, offsets };
}

const plain = (line) => line.replace(/\x1b\[[\d;]*m/g, '');
function searchIn(lines, text, exact, regex) {
  const pattern = new RegExp(
    regex ? text : text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
    exact ? 'g' : 'gi',
  );
  const hits = [];
  let total = 0;
  lines.forEach((line, at) => {
    const found = plain(line).match(pattern);
    if (!found) return;
    total += found.length;
    if (hits.length < 10_000) hits.push(at);
  });
  return { total, lines: hits, truncated: false };
}

function textLog(start, complete) {
  let raw = start;
  let grown = 0;
  return {
    raw: () => raw,
    bytes: () => Buffer.from(raw),
    grow() {
      grown++;
      raw +=
        grown % 3 === 0
          ? `test cluster::case_${grown} ... `
          : grown % 3 === 1
            ? `${grown === 1 ? '' : `${E}[32mok${E}[0m\r\n`}test wire::case_${grown} ... ${E}[32mok${E}[0m\r\n`
            : `step 1 of 3\rstep 2 of 3\rstep 3 of 3 of a longer line that may wrap where the view is narrow, as on a phone\r\n`;
    },
    index() {
      const { lines, folds, times } = clean(raw);
      const red = lines.findIndex((line) => line.includes(`${E}[31m`));
      return {
        length: Buffer.byteLength(raw),
        lines: lines.length,
        complete,
        folds,
        times,
        first_red: red < 0 ? null : red,
      };
    },
    lines(first, count) {
      const { lines, offsets } = clean(raw);
      const part = lines.slice(first, first + count);
      return {
        first,
        lines: part,
        total: lines.length,
        complete,
        next_offset: offsets[first + part.length] ?? 0,
      };
    },
    search: (text, exact, regex) => searchIn(clean(raw).lines, text, exact, regex),
  };
}

export function makeBigLog(total) {
  const line = (n) =>
    n % 997 === 0
      ? `${E}[33mwarning${E}[0m: line ${n} is a longer one: ${'lorem ipsum dolor sit amet '.repeat(9)}`
      : n === 700_000
        ? `${E}[31merror${E}[0m: this is the line to find`
        : `${E}[32mok${E}[0m ${n} ${'abcdefghij'.slice(0, (n * 7) % 10)} tests/cluster.rs`;
  const folds = Array.from({ length: Math.floor(total / 10_000) }, (_, at) => ({
    name: `part.${at}`,
    first: at * 10_000 + 10,
    last: at * 10_000 + 400,
    duration_ns: at * 1e7,
  }));
  return {
    raw: () => 'too long for the mock',
    bytes: () => Buffer.alloc(0),
    grow() {},
    index: () => ({
      length: total * 40,
      lines: total,
      complete: true,
      folds,
      times: [],
      first_red: total > 700_000 ? 700_000 : null,
    }),
    lines(first, count) {
      const n = Math.max(0, Math.min(count, total - first));
      return {
        first,
        lines: Array.from({ length: n }, (_, at) => line(first + at)),
        total,
        complete: true,
        next_offset: (first + n) * 40,
      };
    },
    search: (text, exact, regex) =>
      searchIn(
        Array.from({ length: Math.min(total, 1_000_000) }, (_, n) => line(n)),
        text,
        exact,
        regex,
      ),
  };
}
