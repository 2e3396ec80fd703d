/** Invented workers, what they did, and machines that join. */

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

const ROWS = [
  ['oak-1', 'harborlight', 'linux', 'amd64', 2, 'online', 'bound', 4120, 100],
  ['oak-2', 'harborlight', 'linux', 'amd64', 2, 'online', 'bound', 3877, 100],
  ['mill', 'operators', 'linux', 'amd64', 4, 'online', 'attested', 9204, 100],
  ['rainy-day', 'saltmarsh', 'linux', 'arm64', 4, 'online', 'volunteer', 612, 99.2],
  ['attic-nuc', 'junebug', 'linux', 'amd64', 2, 'online', 'volunteer', 488, 98.8],
  ['glasshouse', 'mossworks', 'linux', 'amd64', 2, 'draining', 'volunteer', 341, 97.1],
  ['desk-4', 'marrow', 'linux', 'amd64', 2, 'online', 'volunteer', 205, 98],
  ['pebble', 'kestrel', 'freebsd', 'amd64', 1, 'online', 'quarantined', 2, null],
  ['barn', 'thicket', 'linux', 'arm64', 2, 'offline', 'volunteer', 96, 98.4],
  ['tiny-mac', 'pixelmoth', 'osx', 'arm64', 1, 'online', 'probation', 57, 100],
  ['orchard', 'bramble', 'osx', 'arm64', 2, 'online', 'volunteer', 711, 99.9],
];

export function makeWorkers({ head, owner, ago, signedIn }) {
  return ROWS.map(([name, login, os, arch, slots, state, tier, jobs, kept], at) => {
    const cores = [16, 16, 32, 8, 4, 8, 8, 4, 4, 8, 10][at];
    const resting = name === 'desk-4';
    const lent = { cores: cores / 2, memory_bytes: 8e9, disk_bytes: 40e9 };
    return {
      ...head('worker', `/v3/worker/${at + 1}`),
      id: at + 1,
      name,
      owner: owner(login),
      state,
      os,
      arch,
      executor: at === 2 ? 'host' : at === 3 ? 'vm' : 'namespace',
      slots,
      slot_use: { busy: 0, free: slots, unlent: 0 },
      tier,
      tier_fixed: tier === 'attested',
      too_old: name === 'glasshouse',
      presence:
        state === 'online'
          ? {
              state: resting ? 'owner_active' : 'lending',
              text: resting ? 'The owner uses the machine.' : 'It takes jobs.',
              since_seconds: resting ? 740 : 2460,
            }
          : null,
      usage:
        state === 'online'
          ? {
              cores: 2,
              memory_bytes: 3.1e9,
              disk_bytes: 11e9,
              month_bytes: 12e9,
              others_percent: 2,
            }
          : null,
      lent,
      lending: {
        cores_percent: 50,
        memory_percent: 50,
        bytes_per_month: 200e9,
        only_when_idle: true,
        only_on_mains: true,
        only_unmetered: false,
        hours: [],
        only_repositories: [],
        never_repositories: [],
        egress: 'registries',
      },
      wanted_lending: { cores_percent: 50, memory_percent: 50, only_when_idle: true },
      record: {
        core_seconds: jobs * 1836,
        jobs_30_days: jobs,
        repositories_30_days: 14,
        kept_word_percent: kept,
        checked: tier === 'quarantined' ? 0 : 418,
        agreed: tier === 'quarantined' ? 0 : 418,
        known_passed: tier === 'quarantined' ? 1 : 3,
        known_wanted: 3,
        agreed_in_a_row: tier === 'quarantined' ? 0 : 418,
        yields: 37,
        usual_freeze_ms: 300,
      },
      page: `/workers/${at + 1}`,
      badge: `/workers/${at + 1}.svg`,
      running: [],
      facts: {
        os,
        arch,
        cores,
        memory_bytes: 16e9,
        disk_free_bytes: 184e9,
        executors: ['vm', 'namespace', 'host'],
        executor: 'namespace',
        limits: ['memory', 'processes', 'cpu'],
        distribution: 'Ubuntu 24.04',
        version: name === 'glasshouse' ? '0.0.9' : '0.1.0',
        executor_detail: at === 3 ? 'KVM' : 'bubblewrap',
        images: [],
        lent,
        speed_percent: 112,
        started_by: 'command',
      },
      finished_jobs: jobs,
      created_at: ago(90 * DAY),
      online_since: state === 'offline' ? null : ago(6 * DAY),
      last_seen_at: state === 'offline' ? ago(3 * HOUR) : ago(2 * SECOND),
      '@permissions': { admin: signedIn, operate: signedIn },
    };
  });
}

/** Slots as what runs and the machine's presence leave them. */
export function useSlots(worker) {
  const busy = Math.min(worker.slots, worker.running.length);
  const lends = worker.state === 'online' && worker.presence?.state !== 'owner_active';
  const half = worker.name === 'rainy-day' ? 2 : 0;
  const free = lends ? worker.slots - busy - half : 0;
  worker.slot_use = {
    busy,
    free: Math.max(0, free),
    unlent: worker.slots - busy - Math.max(0, free),
  };
  return worker;
}

export function makeFleet({ head, ago, workers, jobs, repoMinimal, repos }) {
  const curve = (at, high) =>
    Array.from({ length: 48 }, (_, n) =>
      Math.max(
        0,
        Math.min(high, high * (0.55 + 0.35 * Math.sin(n / 6 + at) + 0.1 * Math.sin(n * (at + 2)))),
      ),
    );
  const platform = (os, arch, count, busy, slots, waiting, wait, at) => ({
    os,
    arch,
    workers: count,
    slots_busy: busy,
    slots,
    waiting,
    usual_wait_ms: wait,
    load: curve(at, slots),
  });
  const next = (...names) =>
    names
      .map((name) => jobs.find((job) => job.repository.slug.endsWith(name)))
      .filter(Boolean)
      .map((job) => ({
        job: {
          ...head('job', job['@href'], 'minimal'),
          id: job.id,
          number: job.number,
          state: job.state,
        },
        repository: job.repository,
      }));
  const ledger = repos.find((one) => one.name === 'ledger');
  return () => ({
    ...head('fleet', '/v3/fleet'),
    workers: 46,
    online: 42,
    people: 19,
    slots_busy: 31,
    slots: 44,
    waiting: 9,
    usual_wait_ms: 400,
    month_core_seconds: 1284 * 3600,
    minimum_version: '0.1.0',
    too_old: workers.filter((one) => one.too_old).length,
    versions: [{ version: '0.1.0', workers: 41 }],
    platforms: [
      platform('linux', 'amd64', 21, 13, 20, 0, 300, 0),
      platform('linux', 'arm64', 9, 8, 10, 1, 400, 1),
      platform('osx', 'arm64', 5, 4, 6, 0, 600, 2),
      platform('windows', 'amd64', 4, 3, 5, 0, 900, 3),
      platform('freebsd', 'amd64', 3, 3, 3, 3, 180_000, 4),
      platform('linux', 'ppc64le', 0, 0, 0, 2, 18 * 60_000, 5),
    ],
    waits: [
      ['no_fitting_worker', 'No worker has Linux ppc64le', '', 2, 18 * 60, ['solder'], 'lend'],
      [
        'busy',
        'All FreeBSD slots are busy',
        'the next one is free in about 2 min',
        3,
        50,
        ['beacon'],
        'wait',
      ],
      [
        'repository_limit',
        'Limit of the repository reached',
        'tidewater/ledger runs 5 of 5 at a time',
        2,
        40,
        [],
        'settings',
      ],
      [
        'no_trusted_worker',
        'Needs secrets, so a worker of its own',
        'waits for oak-1 or oak-2',
        1,
        30,
        ['lamp-ui'],
        'own_worker',
      ],
      [
        'second_opinion',
        'Needs a second opinion',
        'to be verified on Linux arm64 by another owner',
        1,
        20,
        ['fold'],
        'wait',
      ],
    ].map(([code, title, text, count, seconds, names, remedy]) => ({
      code,
      title,
      text,
      os: null,
      arch: null,
      repository: remedy === 'settings' && ledger ? repoMinimal(ledger) : null,
      jobs: count,
      since: ago(seconds * SECOND),
      next: next(...names),
      remedy,
    })),
  });
}

export function makeDeeds({ head, ago, jobs }) {
  const rows = [
    ['started', null, '', 128, 0],
    ['passed', 'binding', 'binding', 301, 21 * 60],
    ['passed', 'known', 'agreed', 18, 48 * 60],
    ['failed', 'agreed', 'checked, agreed', 242, 3600],
    ['handed_back', 'yielded', 'handed back: the owner came', 63, 7200],
    ['passed', 'provisional', 'waits for a second opinion', 80, 10_800],
  ];
  return rows.map(([state, word, text, seconds, past], at) => {
    const job = jobs[at * 3] ?? jobs[0];
    return {
      attempt: 9000 - at,
      job:
        word === 'known' || !job
          ? null
          : {
              ...head('job', job['@href'], 'minimal'),
              id: job.id,
              number: job.number,
              state: job.state,
            },
      repository: word === 'known' || !job ? null : job.repository,
      stage: word === 'known' ? null : 'Test',
      state,
      word,
      text,
      seconds: state === 'started' ? null : seconds,
      leased_at: ago((past + seconds) * SECOND),
      finished_at: state === 'started' ? null : ago(past * SECOND),
    };
  });
}

export function makeHours(head, now) {
  return {
    ...head('worker_hours', ''),
    days: Array.from({ length: 14 }, (_, day) => ({
      date: new Date(now - (13 - day) * DAY).toISOString().slice(0, 10),
      busy_seconds: Array.from({ length: 24 }, (_, hour) => {
        const night = hour < 7 || hour > 19 ? 1 : 0.25;
        const wave = Math.abs(Math.sin(day * 7.3 + hour * 2.1));
        return wave * night > 0.18 ? Math.round(3600 * 2 * wave * night) : 0;
      }),
    })),
  };
}

const TOKEN = 'tw_4kQ9-7Mzd-x2Vb-81Lp';
const URL = 'https://ci.harborlight.example';

export function makeToken(id) {
  return {
    '@type': 'enrolment_token',
    id,
    token: TOKEN,
    expires_at: new Date(Date.now() + HOUR).toISOString(),
    way: 'command',
    command: `travis worker --server ${URL} --token ${TOKEN}`,
    lines: {
      one_command: `curl -fsSL ${URL}/join | sh -s -- --token ${TOKEN}`,
      one_command_wget: `wget -qO- ${URL}/join | sh -s -- --token ${TOKEN}`,
      without_pipe: [
        `curl -fLO ${URL}/download/travis-linux-amd64`,
        'chmod +x travis-linux-amd64',
        `./travis-linux-amd64 worker --server ${URL} --token ${TOKEN}`,
      ],
      service: [`curl -fsSL ${URL}/join | sudo sh -s -- --service --token ${TOKEN}`],
      container: `podman run -d --name travis-worker --restart always ${URL.slice(8)}/worker --token ${TOKEN}`,
      vm: `travis worker vm --server ${URL} --token ${TOKEN}`,
      qemu: [
        `curl -fLO ${URL}/download/disk.qcow2`,
        'qemu-system-x86_64 -m 2048 -drive file=disk.qcow2',
      ],
      user_data: `#cloud-config\ntravis:\n  server: ${URL}\n  token: ${TOKEN}\n`,
      smbios: `-smbios type=11,value=io.systemd.credential:travis.server=${URL} -smbios type=11,value=io.systemd.credential:travis.token=${TOKEN}`,
      fw_cfg: [
        `-fw_cfg name=opt/io.systemd.credentials/travis.server,string=${URL}`,
        `-fw_cfg name=opt/io.systemd.credentials/travis.token,string=${TOKEN}`,
      ],
    },
  };
}

export function makeDownloads(head) {
  const file = (name, kind, size) => ({
    name,
    kind,
    os: 'linux',
    arch: 'amd64',
    size,
    sha256: '7c1e55aa90d2b04f'.repeat(4),
    path: `/download/${name}`,
  });
  return {
    ...head('downloads', '/v3/downloads'),
    downloads: [
      file('travis-linux-amd64', 'program', 8.2e6),
      file('travis-worker-amd64.qcow2', 'disk', 148e6),
      file('travis-worker-amd64.ova', 'ova', 151e6),
      file('travis-worker-amd64.raw', 'raw', 310e6),
    ],
  };
}
