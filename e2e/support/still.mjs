// Makes pages that are the same in each run: the time stands still, and what the server answers is
// given the same times, sizes and machines, between the server and the page. All else is real.


/** What every page takes for now. */
export const NOW = Date.parse('2027-02-12T14:06:23Z');
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const iso = (ms) => new Date(ms).toISOString();
/** How many minutes ago the newest build began, the one before it, and so on. */
const AGES = [4, 18, 62, 130, 190, 260, 330, 420, 1500, 1720, 2900, 4400, 7300, 10_200, 13_000, 20_000];
const age = (newest, id) => (AGES[newest - id] ?? 25_000 + (newest - id) * 900) * MINUTE;
const TIME = /^20\d\d-\d\d-\d\dT[\d:.]+Z$/;

/** Times that stand alone, by their name: from now, in milliseconds. */
const MOMENTS = {
  last_seen_at: -5000,
  last_used_at: -3 * DAY,
  last_used: -42 * MINUTE,
  last_modified: -42 * MINUTE,
  online_since: -6 * DAY,
  since: -18 * MINUTE,
  expires_at: 30 * DAY,
  next_run: 18 * 60 * MINUTE,
  next_try_at: 5 * MINUTE,
  committed_at: -62 * MINUTE,
  synced_at: -8000,
  told_at: -2 * MINUTE,
  leased_at: -3 * MINUTE,
};

/** What machines and their measures are, by the name of the field. */
const VALUES = {
  user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0',
  guid: '83d889da-57c5-4b3e-8b1f-4461604d5eba',
  usual_wait_ms: 400,
  month_core_seconds: 4_622_400,
  log_bytes: 54_321_000,
  cache_bytes: 214_000_000,
  since_seconds: 720,
  log_length: 4706,
  log_sha256: '7b3130a3a5ce5a7e22399afb900da9716897e3de475dc0d88cbba66f4ac5c132',
};
const FACTS = { cores: 8, memory_bytes: 16e9, disk_free_bytes: 184e9, distribution: 'Debian GNU/Linux 12 (bookworm)', version: '0.1.0', speed_percent: 112, started_by: 'hand' };
const LENT = { cores: 4, memory_bytes: 8e9, disk_bytes: 40e9 };
const USAGE = { cores: 2, memory_bytes: 3.1e9, disk_bytes: 2e9, month_bytes: 12e9, others_percent: 3 };

/** Lines of a log that depend on the machine or the hour. */
const LINES = [
  [/^hostname: .*/, 'hostname: oak-1'],
  [/^machine: .*/, 'machine: oak-1, Debian GNU/Linux 12 (bookworm), linux/amd64, 8 cores, 16000 MB'],
  [/^Built on \S+, provided/, 'Built on oak-1, provided'],
  [/fetched: \d+ bytes in [\d.]+ s/, 'fetched: 198 bytes in 0.0 s'],
  [/^remote: (Enumerating|Counting|Compressing|Total) .*/, 'remote: $1 objects: 14, done.'],
  [/^(Receiving objects|Resolving deltas): .*/, '$1: 100% (14/14), done.'],
  [/^GNU bash, version .*/, 'GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)'],
  [/\d+ bytes/, '198 bytes'],
  [/in [\d.]+ s\b/, 'in 0.1 s'],
];
const line = (text) => LINES.reduce((now, [from, to]) => now.replace(from, to), text);

export class Still {
  #words;
  #newest = {};

  /** `words` are pairs of what is random and what is shown in its place. */
  constructor(words, newest) {
    this.#words = words;
    this.#newest = newest;
  }

  /** Stands between a page and its server from the next visit on. */
  async hold(page) {
    const sockets = new Set();
    let away = false;
    await page.clock.setFixedTime(NOW);
    // A page that is handed on has no address of its own for the browser, and may else not call home.
    await page.context().grantPermissions(['local-network-access']).catch(() => {});
    await page.route(
      (url) => url.pathname.startsWith('/v3/') || !/\.\w+$|^\/(live|assets)/.test(url.pathname),
      async (route) => {
        if (away) return route.abort('connectionrefused');
        const answer = await route.fetch({ maxRedirects: 0 }).catch(() => null);
        if (!answer) return route.abort('connectionrefused').catch(() => {});
        const headers = { ...answer.headers() };
        delete headers['content-encoding'];
        delete headers['content-length'];
        const text = await answer.text();
        const type = headers['content-type'] ?? '';
        const body = type.includes('json') ? this.json(text) : type.includes('html') ? this.#html(text) : text;
        await route.fulfill({ status: answer.status(), headers, body }).catch(() => {});
      },
    );
    await page.routeWebSocket(/\/live$/, (socket) => {
      if (away) return void socket.close();
      sockets.add(socket);
      const server = socket.connectToServer();
      server.onMessage((message) => socket.send(typeof message === 'string' ? this.json(message) : message));
    });
    return {
      /** The server is not reached any more, until it is again. */
      away(now) {
        away = now;
        if (away) for (const socket of sockets) void socket.close();
        sockets.clear();
      },
    };
  }

  /** Writes the same addresses into the page that is shown; the page itself knows where it is. */
  words(page, words) {
    return page.evaluate((words) => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const node = walker.currentNode;
        for (const [from, to] of words) if (node.data.includes(from)) node.data = node.data.replaceAll(from, to);
      }
    }, words);
  }

  #html(text) {
    return text.replace(/(<script[^>]*id="boot"[^>]*>)([^]*?)(<\/script>)/, (_, open, json, close) => open + this.json(json).replaceAll('<', '\\u003c') + close);
  }

  json(text) {
    if (text.trim() === '') return text;
    let plain = text;
    for (const [from, to] of this.#words) {
      // Hashes are shown whole and in part.
      plain = /^[0-9a-f]{40}$/.test(from) ? plain.replace(new RegExp(`${from.slice(0, 7)}[0-9a-f]*`, 'g'), (found) => to.slice(0, found.length)) : plain.replaceAll(from, to);
    }
    // The token that a machine joins with is another one each time.
    plain = plain.replace(/enrol_[0-9a-f]{32,}/g, 'enrol_4kQ97Mzdx2Vb81Lp');
    return JSON.stringify(this.#walk(JSON.parse(plain), '', {}));
  }

  /** When something began, and how many seconds it took. */
  #begun(type, id) {
    return { start: NOW - age(this.#newest[type] ?? id, id), seconds: type === 'job' ? 41 + ((id * 37) % 140) : 72 + ((id * 97) % 360) };
  }

  #walk(value, key, around) {
    if (Array.isArray(value)) {
      if (key === 'lines') return value.map((one) => (typeof one === 'string' ? line(one) : this.#walk(one, '', around)));
      if (key === 'load') return value.map((_, n) => Number((0.45 + 0.3 * Math.sin(n / 4)).toFixed(2)));
      return value.map((one, n) => this.#walk(one, key, { ...around, n }));
    }
    if (typeof value === 'string' && TIME.test(value)) return this.#time(key, around);
    if (value === null || typeof value !== 'object') {
      if (value !== null && key in VALUES) return VALUES[key];
      return key === 'start_ns' ? (NOW - 4 * MINUTE + around.n * 1700) * 1e6 : key === 'duration_ns' && value !== null ? 380_000_000 + around.n * 240_000_000 : value;
    }
    return this.#object(value, key, around);
  }

  #object(value, key, around) {
    const type = value['@type'];
    let inside = around;
    if (['build', 'request', 'delivery'].includes(type)) inside = { ...this.#begun(type, value.id), type };
    else if (type === 'job') inside = { ...this.#begun('build', value.build?.id ?? around.build ?? this.#newest.build), seconds: this.#begun('job', value.id).seconds, type };
    else if (key === 'deeds') inside = { ...this.#begun('job', value.job?.id ?? around.n), start: NOW - age(0, -around.n), type: 'deed' };
    if (type === 'build') inside.build = value.id;
    if (typeof value.step === 'number') inside = { ...inside, step: value.step };
    const out = {};
    for (const [name, one] of Object.entries(value)) out[name] = this.#walk(one, name, inside);
    if (key === 'facts') Object.assign(out, FACTS, { lent: LENT });
    if (key === 'lent') Object.assign(out, LENT);
    if (key === 'usage') Object.assign(out, USAGE);
    if (type === 'build' && typeof out.duration === 'number') out.duration = inside.seconds;
    if (typeof out.usual_seconds === 'number') out.usual_seconds = type === 'job' ? 150 : 412;
    if (key === 'deeds' && typeof out.seconds === 'number') out.seconds = inside.seconds;
    if (type === 'worker' && out.record) out.record = { ...out.record, core_seconds: 1_123_200, jobs_30_days: 612, repositories_30_days: 14, kept_word_percent: 99.2 };
    if (Array.isArray(out.lines) && 'command' in out) out.expires_at = iso(NOW + 59 * MINUTE);
    if (key === 'downloads') out.size = 8_400_000;
    if ('p50' in out && 'p95' in out && out.count > 0) Object.assign(out, { p50: 212 + (around.n ?? 0) * 13, p95: 391 + (around.n ?? 0) * 17 });
    if ('finished_at' in out && 'waiting' in out && key === 'builds') out.duration = this.#begun('build', out.id).seconds;
    if (Array.isArray(out.days) && 'span_days' in out) {
      out.since = iso(NOW - out.span_days * DAY);
      out.days.forEach((one, n, all) => void (one.day = iso(NOW - (all.length - 1 - n) * DAY).slice(0, 10)));
    }
    // Which platforms were noted depends on the minute.
    if (Array.isArray(out.platforms) && 'span_hours' in out) {
      const linux = out.platforms.find((one) => one.os === 'linux');
      out.platforms = linux ? [linux, { ...linux, os: 'freebsd' }] : [];
    }
    const step = out.step ?? around.step;
    if (Array.isArray(out.points) && step) out.points = out.points.map((one, n, all) => this.#point(one, n, NOW - (NOW % (step * 1000)) - (all.length - 1 - n) * step * 1000));
    if (Array.isArray(out.busy_seconds)) {
      out.date = iso(NOW - (13 - around.n) * DAY).slice(0, 10);
      out.busy_seconds = out.busy_seconds.map((_, hour) => (((around.n * 7 + hour * 11) % 13) + 13) * 138 * (hour > 8 && hour < 18 ? 0 : 1));
    }
    if (key === 'months') Object.assign(out, { month: '2027-02', core_seconds: 1_123_200, jobs: 612 });
    if (type === 'owner_workers') Object.assign(out, { core_seconds: 1_123_200, jobs: 612, repositories: 14 });
    if (type === 'cache') Object.assign(out, { size: 214_000_000 });
    if (key === 'caches' && 'size' in out) out.size = 214_000_000;
    return out;
  }

  /** A slice of a curve: the same wave over and over. */
  #point(one, n, at) {
    const wave = (from, by, slow) => Number((from + by * Math.sin(n / slow)).toFixed(1));
    const curves = { waiting: wave(4, 3, 5), workers: 2, slots: 5, busy: wave(2.4, 1.8, 6), core_seconds: wave(3600, 1800, 6) };
    const out = { ...one, at: iso(at) };
    for (const [name, value] of Object.entries(curves)) if (name in out) out[name] = value;
    if ('waited' in out) out.waited = { count: 3 + (n % 4), p50: wave(9, 6, 4), p95: wave(40, 20, 7) };
    return out;
  }

  #time(key, { start, seconds = 60, type, n = 0 }) {
    if (key === 'at') return iso(NOW - (n + 1) * 11 * MINUTE);
    if (start !== undefined && !['committed_at', 'told_at', 'next_try_at'].includes(key)) {
      if (type === 'deed') return iso(key === 'finished_at' ? start : start - seconds * 1000);
      if (key === 'finished_at' || key === 'updated_at' || key === 'done_at') return iso(start + seconds * 1000);
      return iso(key === 'started_at' ? start : start - 400);
    }
    return iso(NOW + (MOMENTS[key] ?? -3 * DAY));
  }
}

