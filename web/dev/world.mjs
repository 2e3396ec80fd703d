/** Invented repositories, builds, jobs, workers and logs. */
import {
  makeDeeds,
  makeDownloads,
  makeFleet,
  makeHours,
  makeToken,
  makeWorkers,
  useSlots,
} from './fleet.mjs';
import { makeBigLog, makeRustLog } from './logs.mjs';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function makeWorld({ anonymous, empty, bigLines, joinMs = 60_000 }) {
  const born = Date.now();
  const ago = (ms) => new Date(born - ms).toISOString();
  const head = (type, href, kind = 'standard') => ({
    '@type': type,
    '@href': href,
    '@representation': kind,
  });
  const owner = (login) => ({ ...head('owner', `/v3/owner/${login}`, 'minimal'), login });
  const signedIn = !anonymous;
  const user = {
    ...head('user', '/v3/user/1'),
    id: 1,
    login: 'kestrel',
    name: 'kestrel',
    admin: true,
    avatar_url: null,
    identities: [],
    is_syncing: false,
    synced_at: ago(HOUR),
  };
  const may = { read: true, cancel: signedIn, restart: signedIn };
  const error = (type, message) => ({ '@type': 'error', error_type: type, error_message: message });
  const page = (items, url, key) => {
    const limit = Number(url.searchParams.get('limit') ?? 25);
    const offset = Number(url.searchParams.get('offset') ?? 0);
    const link = (at) => ({ '@href': `${url.pathname}?offset=${at}`, offset: at, limit });
    return {
      ...head(key, url.pathname),
      '@pagination': {
        limit,
        offset,
        count: items.length,
        is_first: offset === 0,
        is_last: offset + limit >= items.length,
        next: offset + limit < items.length ? link(offset + limit) : null,
        prev: offset > 0 ? link(Math.max(0, offset - limit)) : null,
        first: link(0),
        last: link(0),
      },
      [key]: items.slice(offset, offset + limit),
    };
  };

  const workers = makeWorkers({ head, owner, ago, signedIn });
  const workerMinimal = (worker) => ({
    ...head('worker', worker['@href'], 'minimal'),
    id: worker.id,
    name: worker.name,
    owner: worker.owner,
    tier: worker.tier,
    page: worker.page,
    thanks: `Built on ${worker.name}, provided by ${worker.owner.login}. Thank you!`,
  });

  const opinion = (role, state, worker, extra) => ({
    role,
    state,
    attempt: 9900 + worker,
    worker: workerMinimal(workers[worker]),
    exit_code: null,
    agrees: null,
    other_network: false,
    started_at: ago(190 * SECOND),
    finished_at: state === 'running' ? null : ago(72 * SECOND),
    waiting: null,
    ...extra,
  });
  const repos = [];
  const builds = [];
  const jobs = [];
  const requests = [];
  let version = 1;
  const rows = [
    ['harborlight/beacon', 'Service discovery for small networks', '1284', 'started', 252, 0, 420],
    ['harborlight/lamp-ui', 'Panels for lamps', '2210', 'started', 48, 0, 180],
    ['mossworks/fern', 'A static site generator', '902', 'passed', 363, 2 * MINUTE, 350],
    ['papercrane/fold', 'Fold paper by machine', '318', 'failed', 281, 18 * MINUTE, 280],
    ['tidewater/ledger', 'Double-entry books in plain text', '5071', 'passed', 729, HOUR, 700],
    ['quietcircuit/hum', 'Signal generator', '77', 'created', null, 0, 90],
    ['papercrane/crease', null, '1140', 'passed', 82, 3 * HOUR, 80],
    ['mossworks/spore', 'Generate small worlds from a seed', '46', 'errored', 0, 5 * HOUR, 180],
    ['harborlight/charts', null, '615', 'passed', 170, DAY, 170],
    ['tidewater/tidewater', null, '3388', 'canceled', 64, DAY + HOUR, 300],
    ['quietcircuit/solder', null, '210', 'passed', 211, 2 * DAY, 210],
    ['mossworks/lichen', null, '89', 'passed', 58, 6 * DAY, 58],
    ['papercrane/atlas', 'A million lines of log', '1702', 'passed', 554, 8 * DAY, 550],
    ['harborlight/site', null, '488', 'passed', 69, 11 * DAY, 70],
    ['tidewater/almanac', null, '64', 'failed', 122, 13 * DAY, 120],
    ['kestrel/windvane', 'Weather station firmware', null, null, null, 0, null],
  ];
  const repoMinimal = (repo) => ({
    ...head('repository', repo['@href'], 'minimal'),
    id: repo.id,
    name: repo.name,
    slug: repo.slug,
  });
  const buildMinimal = (b) => ({
    ...head('build', b['@href'], 'minimal'),
    id: b.id,
    number: b.number,
    state: b.state,
    duration: b.duration,
    event_type: b.event_type,
    previous_state: b.previous_state,
    started_at: b.started_at,
    finished_at: b.finished_at,
    version: b.version,
    provisional: b.provisional ?? null,
  });
  const branchMinimal = (repo, name) => ({
    ...head('branch', `${repo['@href']}/branch/${name}`, 'minimal'),
    name,
  });
  const MESSAGES = [
    ['Retry the lease handshake when the first packet is lost', 'main', 'kestrel'],
    ['Refuse leases that are older than the node', 'main', 'pixelmoth'],
    ['Keep the registry in one file', 'main', 'junebug'],
    ['Pin the wire version in the changelog', 'release-0.14', 'junebug'],
    ['Answer on every interface, not only the first', 'mdns-rewrite', 'pixelmoth'],
    ['Release 0.14.1', 'main', 'kestrel'],
    ['Measure clock skew once a minute', 'main', 'kestrel'],
    ['Nightly with a newer toolchain', 'toolchain-bump', 'marrow'],
    ['Explain the wait in the join message', 'main', 'saltmarsh'],
  ];

  function makeBuild(repo, number, state, seconds, finishedAgo, usual, message, shapes) {
    const id = builds.length + 100;
    const over = ['passed', 'failed', 'errored', 'canceled'].includes(state);
    const started = state === 'created' ? null : ago(finishedAgo + (seconds ?? 0) * SECOND);
    const build = {
      ...head('build', `/v3/build/${id}`),
      id,
      number: String(number),
      state,
      duration: seconds,
      event_type: Number(number) % 5 === 0 ? 'api' : 'push',
      previous_state: 'passed',
      started_at: started,
      finished_at: over ? ago(finishedAgo) : null,
      created_at: ago(finishedAgo + (seconds ?? 0) * SECOND + 900),
      updated_at: ago(finishedAgo),
      version: version++,
      private: false,
      message: message[0],
      repository: repoMinimal(repo),
      branch: branchMinimal(repo, message[1]),
      tag: message[0].startsWith('Release') ? 'v0.14.1' : null,
      commit: {
        ...head('commit', '', 'minimal'),
        id,
        sha: `${(0xa3f9c21 + id * 7919).toString(16)}4be0c1d2e3f4a5b6c7d8e9f00112233`.slice(0, 40),
        ref: `refs/heads/${message[1]}`,
        message: `${message[0]}\n\nThe longer words of the commit stand here.`,
        author: { name: message[2] },
        committer: { name: message[2] },
        committed_at: ago(finishedAgo + HOUR),
      },
      created_by: owner(message[2]),
      usual_seconds: usual,
      config_messages: repo.name === 'beacon' ? 5 : repo.name === 'spore' ? 1 : 0,
      stages: [],
      '@permissions': may,
    };
    builds.push(build);
    const stageOf = (name, at, stageState) => ({
      ...head('stage', `/v3/stage/${id * 10 + at}`, 'minimal'),
      id: id * 10 + at,
      number: at + 1,
      name,
      state: stageState,
      started_at: started,
      finished_at: over ? build.finished_at : null,
    });
    shapes.forEach(([stageName, stageState, list], stageAt) => {
      const stage = stageOf(stageName, stageAt, stageState);
      build.stages.push(stage);
      for (const shape of list) {
        const [jobState, name, env, arch, worker, time, usualTime, extra = {}] = shape;
        const jobId = jobs.length + 1000;
        const done = ['passed', 'failed', 'errored', 'canceled'].includes(jobState);
        const begun = done || jobState === 'started';
        const start = begun
          ? ago(done ? finishedAgo + time * SECOND + (over ? 0 : 60 * SECOND) : time * SECOND)
          : null;
        const attempt =
          worker === null
            ? null
            : {
                ...head('attempt', `/v3/attempt/${jobId}`, 'minimal'),
                id: jobId + 5000,
                number: 1,
                state: done ? 'finished' : 'running',
                outcome: done ? jobState : null,
                exit_code: jobState === 'passed' ? 0 : jobState === 'failed' ? 1 : null,
                reason: null,
                executor: 'namespace',
                worker: workerMinimal(workers[worker]),
                leased_at: start ?? ago(time * SECOND),
                started_at: start,
                finished_at: done
                  ? new Date(Date.parse(start) + time * SECOND).toISOString()
                  : null,
                log_length: done ? 48_231 : null,
                log_sha256: done ? '7c1e55aa90d2b04f'.repeat(4) : null,
                log_complete: done,
              };
        const job = {
          ...head('job', `/v3/job/${jobId}`),
          id: jobId,
          number: `${number}.${jobs.filter((j) => j.build.id === id).length + 1}`,
          state: jobState,
          name,
          env,
          os: 'linux',
          arch,
          allow_failure: false,
          stage,
          build: buildMinimal(build),
          repository: repoMinimal(repo),
          waiting: null,
          reason: null,
          created_at: build.created_at,
          queued_at: build.created_at,
          received_at: start,
          started_at: start,
          finished_at: attempt?.finished_at ?? null,
          restarted_at: null,
          updated_at: build.updated_at,
          version: version++,
          usual_seconds: usualTime,
          provisional: false,
          verification: 'none',
          flaky: false,
          opinions: [],
          attempt,
          '@permissions': may,
          ...extra,
        };
        jobs.push(job);
        if (attempt && !done) {
          workers[worker].running.push({
            attempt: attempt.id,
            job: {
              ...head('job', job['@href'], 'minimal'),
              id: jobId,
              number: job.number,
              state: jobState,
            },
            repository: repoMinimal(repo),
            leased_at: attempt.leased_at,
            purpose: 'job',
            frozen: false,
          });
        }
      }
    });
    return build;
  }

  const wait = (code, text) => ({ waiting: { code, text } });
  const bigBuild = (repo) =>
    [
      [
        'Lint',
        'passed',
        [
          ['passed', 'Format and clippy', '', 'amd64', 1, 48, 50],
          ['passed', 'Documentation', '', 'amd64', 1, 72, 70],
        ],
      ],
      [
        'Test',
        'started',
        [
          ['passed', 'Rust stable', 'FEATURES=tls,mdns', 'amd64', 0, 151, 150],
          ['passed', 'Rust 1.85', 'FEATURES=tls,mdns', 'amd64', 4, 164, 160],
          [
            'passed',
            'Rust stable',
            'FEATURES=tls',
            'arm64',
            9,
            118,
            120,
            {
              os: 'osx',
              provisional: true,
              verification: 'second',
              opinions: [
                opinion('first', 'passed', 9, { exit_code: 0, tier: 'probation' }),
                opinion('second', 'running', 10, {
                  tier: 'volunteer',
                  other_network: true,
                  started_at: ago(72 * SECOND),
                }),
              ],
            },
          ],
          ['started', 'Rust stable', 'FEATURES=tls,mdns', 'arm64', 3, 128, 185],
          ['started', 'Rust beta', 'FEATURES=tls', 'amd64', 5, 100, 210],
          [
            'queued',
            'Rust stable',
            'FEATURES=quic',
            'arm64',
            null,
            0,
            160,
            wait(
              'busy',
              'Waits for a Linux arm64 worker. Both are busy; next is free in about 2 min.',
            ),
          ],
          [
            'failed',
            'Rust nightly',
            'FEATURES=tls,mdns',
            'amd64',
            4,
            111,
            140,
            { allow_failure: true },
          ],
        ],
      ],
      [
        'Package',
        'created',
        [
          [
            'created',
            'Debian package',
            '',
            'amd64',
            null,
            0,
            120,
            wait('stage', 'Waits for the stage Test.'),
          ],
          [
            'created',
            'Container image',
            '',
            'amd64',
            null,
            0,
            110,
            wait('stage', 'Waits for the stage Test.'),
          ],
        ],
      ],
      [
        'Deploy',
        'created',
        [
          [
            'created',
            'Deploy',
            '',
            'amd64',
            null,
            0,
            30,
            wait('stage', 'Waits for the stage Package.'),
          ],
        ],
      ],
      repo,
    ].slice(0, 4);
  const smallBuild = (state, seconds) => [
    [
      'test',
      state,
      [
        [
          state,
          'Node 20',
          '',
          'amd64',
          state === 'created' ? null : 0,
          Math.max(1, seconds ?? 0),
          seconds,
          state === 'created'
            ? wait('no_fitting_worker', 'No worker has Linux ppc64le. Lend one to build this.')
            : {},
        ],
        [
          state === 'failed' ? 'passed' : state,
          'Node 18',
          '',
          'amd64',
          state === 'created' ? null : 4,
          Math.max(1, (seconds ?? 0) * 0.8),
          seconds,
        ],
      ],
    ],
  ];

  rows.forEach(([slug, description, number, state, seconds, finishedAgo, usual], at) => {
    if (empty) return;
    const [ownerName, name] = slug.split('/');
    const repo = {
      ...head('repository', `/v3/repo/${at + 1}`),
      id: at + 1,
      name,
      slug,
      description,
      clone_url: `https://git.example.org/${slug}.git`,
      vcs_type: 'git',
      active: true,
      private: at === 5,
      owner: owner(ownerName),
      owner_name: ownerName,
      default_branch: null,
      current_build: null,
      usual_seconds: usual,
      poll_seconds: at % 3 === 0 ? 60 : null,
      '@permissions': { read: true, create_request: signedIn, admin: signedIn },
      created_at: ago(300 * DAY),
    };
    repo.default_branch = branchMinimal(repo, 'main');
    repos.push(repo);
    if (number === null) return;
    if (at === 0) {
      for (let back = 40; back > 0; back--) {
        const outcome =
          back % 11 === 0 ? 'failed' : back === 8 ? 'errored' : back === 15 ? 'canceled' : 'passed';
        const time =
          outcome === 'errored' ? 14 : outcome === 'canceled' ? 72 : 330 + ((back * 37) % 160);
        makeBuild(
          repo,
          Number(number) - back,
          outcome,
          time,
          back * 5 * HOUR,
          usual,
          MESSAGES[back % MESSAGES.length],
          outcome === 'errored' ? [] : smallBuild(outcome, time),
        );
      }
    }
    const message = at === 0 ? MESSAGES[0] : MESSAGES[at % MESSAGES.length];
    const shapes =
      at === 0
        ? bigBuild(repo)
        : state === 'errored'
          ? []
          : name === 'atlas'
            ? [['test', 'passed', [['passed', 'A million lines', '', 'amd64', 2, 554, 550]]]]
            : smallBuild(state, seconds);
    const build = makeBuild(repo, number, state, seconds, finishedAgo, usual, message, shapes);
    repo.current_build = buildMinimal(build);
    requests.push({ repo, build });
  });

  const logs = new Map();
  function logOf(job) {
    if (!job.attempt) return null;
    let log = logs.get(job.id);
    if (!log) {
      const running = job.attempt.state === 'running';
      log = job.repository.name === 'atlas' ? makeBigLog(bigLines) : makeRustLog(job, running);
      logs.set(job.id, log);
    }
    return log;
  }
  const whole = (job) => ({
    ...job,
    attempts: job.attempt ? [job.attempt] : [],
    config: {
      os: job.os,
      arch: job.arch,
      language: 'rust',
      rust: 'stable',
      env: job.env ? [job.env] : [],
      script: ['cargo test --workspace --locked'],
    },
  });
  const withJobs = (build) => ({ ...build, jobs: jobs.filter((job) => job.build.id === build.id) });
  const requestOf = ({ repo, build }, at) => ({
    ...head('request', `/v3/repo/${repo.id}/request/${at + 1}`),
    id: at + 1,
    state: 'accepted',
    result: 'approved',
    message: null,
    event_type: build.event_type,
    branch_name: build.branch.name,
    sha: build.commit.sha,
    repository: repoMinimal(repo),
    builds: [buildMinimal(build)],
    created_at: build.created_at,
  });
  const RAW =
    'language: rust\nsudo: required\nos: linux\nbranches:\n  only: [main, /^release-/]\n\nmatrix:\n  include:\n    - stage: Lint\n      name: Format and clippy\n      script: cargo fmt --check && cargo clippy\n    - stage: Test\n      rust: 1.8\n      arch: arm64\n      scirpt: cargo test --workspace --locked\n  allow_failures:\n    - rust: nightly\n';
  const config = {
    ...head('build_config', '/v3/build/1/config'),
    raw: RAW,
    config: {
      language: 'rust',
      jobs: { include: [{ stage: 'Lint' }, { stage: 'Test', rust: '1.8' }] },
    },
    messages: [
      {
        level: 'info',
        key: 'sudo',
        code: 'no_effect',
        args: {},
        line: 2,
        column: 1,
        text: '“sudo” has no effect any more; every job may use sudo. The line can go.',
      },
      {
        level: 'info',
        key: 'matrix',
        code: 'alias',
        args: {},
        line: 7,
        column: 1,
        text: '“matrix” is an alias of “jobs”. Read as “jobs”.',
      },
      {
        level: 'warn',
        key: 'rust',
        code: 'old',
        args: {},
        line: 13,
        column: 13,
        text: 'Rust 1.8 is from 2016. Was 1.80 or 1.85 meant? Used as written.',
      },
      {
        level: 'warn',
        key: 'scirpt',
        code: 'unknown_key',
        args: {},
        line: 15,
        column: 7,
        text: 'Unknown key “scirpt”, read as “script”.',
      },
      {
        level: 'error',
        key: 'root',
        code: 'secret',
        args: {},
        line: null,
        column: null,
        text: 'A secret was named that the repository does not have.',
      },
    ],
  };
  const broken = {
    ...config,
    raw: 'language: python\nos: linux\n\npython:\n  - "3.12"\n  - "3.13"\n   - "3.14"\nscript: pytest -q\n',
    messages: [
      {
        level: 'error',
        key: 'root',
        code: 'syntax',
        args: {},
        line: 7,
        column: 4,
        text: 'three spaces here, two on the lines above',
      },
    ],
  };
  const vars = [
    ['BEACON_LOG', 'debug', true, null],
    ['REGISTRY_TOKEN', null, false, 'main'],
    ['SOAK_MINUTES', '20', true, 'release-0.14'],
  ].map(([name, value, shown, branch], at) => ({
    ...head('env_var', ''),
    id: at + 1,
    name,
    value,
    public: shown,
    branch,
  }));
  const tokens = [
    {
      ...head('token', ''),
      id: 1,
      name: 'laptop',
      created_at: ago(20 * DAY),
      expires_at: null,
      last_used_at: ago(2 * HOUR),
    },
  ];

  const ok = (value, status = 200) => ({ status, value });
  const missing = (what) => ({
    status: 404,
    value: error('not_found', `there is no such ${what}, or it is private`),
  });

  function answer(method, url, input) {
    const parts = url.pathname.split('/').slice(2).map(decodeURIComponent);
    const [kind, id, sub, more] = parts;
    const q = url.searchParams;
    if (url.pathname === '/sign-out') return { status: 204 };
    if (kind === 'user')
      return signedIn ? ok(user) : { status: 403, value: error('login_required', 'sign in first') };
    if (kind === 'repos') {
      if (method === 'POST') {
        if (repos.some((repo) => repo.slug === input.slug)) {
          return {
            status: 409,
            value: error('already_exists', `${input.slug} is here already; choose another name`),
          };
        }
        const [ownerName, name] = input.slug.split('/');
        const repo = {
          ...repos[0],
          '@href': `/v3/repo/${repos.length + 1}`,
          id: repos.length + 1,
          name,
          slug: input.slug,
          owner_name: ownerName,
          description: input.description,
          clone_url: input.clone_url,
          private: input.private,
          current_build: null,
          usual_seconds: null,
        };
        repos.push(repo);
        emit('repos', 'repository:changed', repo);
        return ok(repo, 201);
      }
      const text = q.get('search')?.toLowerCase() ?? '';
      return ok(
        page(
          repos.filter((repo) => repo.slug.includes(text)),
          url,
          'repositories',
        ),
      );
    }
    if (kind === 'repo') {
      const repo = repos.find(
        (one) => String(one.id) === id || one.slug.toLowerCase() === id.toLowerCase(),
      );
      if (!repo) return missing('repository');
      const mine = builds.filter((build) => build.repository.id === repo.id).reverse();
      if (method === 'DELETE' && !sub) {
        repos.splice(repos.indexOf(repo), 1);
        return { status: 204 };
      }
      if (!sub) return ok(repo);
      if (sub === 'activate' || sub === 'deactivate') {
        repo.active = sub === 'activate';
        return ok(repo);
      }
      if (sub === 'ping')
        return ok({
          '@type': 'ping',
          url: `https://ci.example.org/ping/${repo.id}`,
          secret: 'hk_81Lp-x2Vb-7Mzd-4kQ9',
          example: `curl -X POST https://ci.example.org/ping/${repo.id} -d '{"branch":"main"}'`,
        });
      if (sub === 'builds') {
        const state = q.get('build.state');
        const event = q.get('build.event_type');
        const list = mine.filter(
          (b) => (!state || b.state === state) && (!event || b.event_type === event),
        );
        const result = page(list, url, 'builds');
        if (q.get('include') === 'build.jobs') result.builds = result.builds.map(withJobs);
        return ok(result);
      }
      if (sub === 'branches') {
        const names = [...new Set(mine.map((build) => build.branch.name))];
        return ok(
          page(
            names.map((name) => {
              const on = mine.filter((build) => build.branch.name === name);
              return {
                ...head('branch', ''),
                name,
                repository: repoMinimal(repo),
                default_branch: name === 'main',
                last_build: on[0],
                recent_builds: on.slice(0, 10).map(buildMinimal),
              };
            }),
            url,
            'branches',
          ),
        );
      }
      if (sub === 'requests' && method === 'POST') {
        const request = {
          ...head('request', ''),
          id: 900 + version++,
          state: 'pending',
          result: null,
          message: null,
          event_type: 'api',
          branch_name: input.branch ?? 'main',
          sha: input.sha ?? null,
          repository: repoMinimal(repo),
          builds: [],
          created_at: new Date().toISOString(),
        };
        return ok(
          { '@type': 'pending', resource_type: 'request', repository: repoMinimal(repo), request },
          202,
        );
      }
      if (sub === 'requests') {
        const list = requests.filter((one) => one.repo === repo).map(requestOf);
        if (repo.name === 'beacon') {
          list.push({
            ...list[0],
            id: 50,
            state: 'rejected',
            result: 'rejected',
            builds: [],
            branch_name: 'gh-pages',
            message:
              'No build: branch gh-pages is left out by the configuration. Name it under branches: only: to build it.',
            created_at: ago(2 * HOUR),
          });
          list.push({
            ...list[0],
            id: 49,
            state: 'pending',
            result: null,
            builds: [],
            branch_name: 'docs-only',
            message: null,
            created_at: ago(30 * MINUTE),
          });
        }
        return ok(page(list, url, 'requests'));
      }
      if (sub === 'env_vars' && method === 'POST') {
        const made = {
          ...head('env_var', ''),
          id: vars.length + 10,
          name: input.name,
          value: input.public ? input.value : null,
          public: input.public,
          branch: input.branch,
        };
        vars.push(made);
        return ok(made, 201);
      }
      if (sub === 'env_vars') return ok({ ...head('env_vars', ''), env_vars: vars });
      if (sub === 'env_var') {
        vars.splice(
          vars.findIndex((one) => String(one.id) === more),
          1,
        );
        return { status: 204 };
      }
      return missing('thing');
    }
    if (kind === 'builds') {
      const state = q.get('build.state');
      return ok(
        page(
          builds.filter((b) => !state || state.split(',').includes(b.state)).reverse(),
          url,
          'builds',
        ),
      );
    }
    if (kind === 'build') {
      const build = builds.find((one) => String(one.id) === id);
      if (!build) return missing('build');
      if (sub === 'config') return ok(build.repository.name === 'spore' ? broken : config);
      if (method === 'POST')
        return ok({ '@type': 'pending', resource_type: 'build', state_change: sub }, 202);
      return ok(withJobs(build));
    }
    if (kind === 'job') {
      const job = jobs.find((one) => String(one.id) === id);
      if (!job) return missing('job');
      if (method === 'POST') {
        if (sub === 'cancel') finish(job, 'canceled');
        return ok({ '@type': 'pending', resource_type: 'job', state_change: sub }, 202);
      }
      if (!sub) return ok(whole(job));
      const log = logOf(job);
      if (!log) return missing('log');
      if (sub === 'log.txt') return { status: 200, text: log.raw() };
      const base = { ...head(`log_${more}`, url.pathname), attempt: job.attempt.id };
      if (more === 'index') return ok({ ...base, ...log.index() });
      if (more === 'lines')
        return ok({
          ...base,
          ...log.lines(Number(q.get('first') ?? 0), Math.min(2000, Number(q.get('count') ?? 500))),
        });
      if (more === 'search') {
        try {
          return ok({
            ...base,
            ...log.search(q.get('q') ?? '', q.get('case') === '1', q.get('regex') === '1'),
          });
        } catch {
          return { status: 400, value: error('wrong_params', 'not a regular expression') };
        }
      }
    }
    if (kind === 'workers' && id === 'enrolment_token') {
      token = makeToken((token?.id ?? 70) + 1);
      token.created = Date.now();
      return ok(token, 201);
    }
    if (kind === 'enrolment') {
      const late = token ? Date.now() - token.created : 0;
      const enrolled = late > joinMs;
      if (enrolled && !workers.some((one) => one.id === 77)) {
        workers.push({
          ...workers[3],
          '@href': '/v3/worker/77',
          id: 77,
          name: 'windowsill',
          owner: owner('kestrel'),
          tier: 'quarantined',
          record: { ...workers[7].record, known_passed: 2 },
          running: [],
          created_at: new Date().toISOString(),
          online_since: new Date().toISOString(),
        });
      }
      return ok({
        ...head('enrolment', `/v3/enrolment/${id}`),
        id: Number(id),
        state: enrolled ? 'used' : 'waiting',
        way: 'command',
        name: null,
        lending: null,
        created_at: new Date(token?.created ?? born).toISOString(),
        expires_at: token?.expires_at,
        used_at: null,
        worker: enrolled ? useSlots(workers.find((one) => one.id === 77)) : null,
      });
    }
    if (kind === 'downloads') return ok(makeDownloads(head));
    if (kind === 'fleet') return ok(fleet());
    if (kind === 'owner' && sub === 'workers') {
      const mine = workers.filter((one) => one.owner.login === id);
      return ok({
        ...head('owner_workers', url.pathname),
        owner: owner(id),
        since: ago(320 * DAY),
        core_seconds: 312 * 3600,
        jobs: 4120,
        repositories: 14,
        months: ['2027-02', '2027-01', '2026-12', '2026-11'].map((month, at) => ({
          month,
          core_seconds: (90 - at * 20) * 3600,
          jobs: 612 - at * 90,
        })),
        badge: `/people/${id}.svg`,
        page: `/people/${id}`,
        workers: mine.map(useSlots),
      });
    }
    if (kind === 'workers') {
      const online = workers.filter((one) => one.state === 'online' || one.state === 'draining');
      return ok({
        ...head('workers', '/v3/workers'),
        slots: online.reduce((n, one) => n + one.slots, 0),
        busy: workers.reduce((n, one) => n + one.running.length, 0),
        queued: jobs.filter((one) => one.state === 'queued').length,
        workers: workers.map(useSlots),
      });
    }
    if (kind === 'worker') {
      const worker = workers.find((one) => String(one.id) === id);
      if (!worker) return missing('worker');
      if (sub === 'history') {
        const list = makeDeeds({ head, ago, jobs });
        return ok(page(list, url, 'deeds'));
      }
      if (sub === 'hours') return ok(makeHours(head, Date.now()));
      if (method === 'PATCH') {
        if (input.name) worker.name = input.name;
        if (input.lending) worker.wanted_lending = input.lending;
      } else if (sub === 'tier') {
        Object.assign(worker, { tier: input.tier ?? 'volunteer', tier_fixed: Boolean(input.tier) });
      } else if (method === 'POST') {
        worker.state =
          { pause: 'paused', drain: 'draining', ban: 'banned', unban: 'offline' }[sub] ?? 'online';
      }
      if (method === 'DELETE') workers.splice(workers.indexOf(worker), 1);
      else emit('workers', 'worker:changed', useSlots(worker));
      return method === 'DELETE' ? { status: 204 } : ok(worker);
    }
    if (kind === 'tokens' && method === 'POST') {
      const made = {
        ...head('token', ''),
        id: 50 + tokens.length,
        name: input.name,
        created_at: new Date().toISOString(),
        expires_at: null,
        last_used_at: null,
      };
      tokens.push(made);
      return ok({ ...made, token: 'tk_9QvX-3mLp-77aZ-wR1c' }, 201);
    }
    if (kind === 'tokens') return ok({ ...head('tokens', ''), tokens });
    if (kind === 'token') {
      tokens.splice(
        tokens.findIndex((one) => String(one.id) === id),
        1,
      );
      return { status: 204 };
    }
    return missing('thing');
  }

  let token = null;
  const fleet = makeFleet({ head, ago, workers, jobs, repoMinimal, repos });
  const sockets = new Map();
  const numbers = new Map();
  function emit(topic, event, data) {
    const seq = (numbers.get(topic) ?? 0) + 1;
    numbers.set(topic, seq);
    for (const [socket, state] of sockets) {
      if (state.topics.has(topic))
        socket.send(JSON.stringify({ type: 'event', topic, seq, event, data }));
    }
  }
  function tell(job, word) {
    job.version = version++;
    for (const topic of ['repos', `repo:${job.repository.id}`, `job:${job.id}`])
      emit(topic, `job:${word}`, job);
  }
  function finish(job, outcome) {
    job.state = outcome;
    job.finished_at = new Date().toISOString();
    if (job.attempt)
      Object.assign(job.attempt, {
        state: 'finished',
        outcome,
        finished_at: job.finished_at,
        log_complete: true,
      });
    for (const worker of workers)
      worker.running = worker.running.filter((one) => one.job.id !== job.id);
    tell(job, 'finished');
  }
  function sendLog(socket, attempt, from) {
    const job = jobs.find((one) => one.attempt?.id === attempt);
    const log = job && logOf(job);
    if (!log) return;
    const bytes = log.bytes();
    if (from < bytes.length) {
      const frame = Buffer.alloc(16 + bytes.length - from);
      frame.writeBigInt64BE(BigInt(attempt), 0);
      frame.writeBigInt64BE(BigInt(from), 8);
      bytes.copy(frame, 16, from);
      socket.send(frame);
    }
    return bytes.length;
  }
  const timer = setInterval(() => {
    for (const job of jobs) {
      const log = job.state === 'started' ? logs.get(job.id) : undefined;
      if (!log) continue;
      log.grow();
      for (const [socket, state] of sockets) {
        const from = state.logs.get(job.attempt.id);
        if (from !== undefined)
          state.logs.set(job.attempt.id, sendLog(socket, job.attempt.id, from));
      }
    }
  }, 700);
  timer.unref();

  function connect(socket) {
    const state = { topics: new Set(), logs: new Map() };
    sockets.set(socket, state);
    socket.send(JSON.stringify({ type: 'hello', epoch: String(born) }));
    socket.on('close', () => sockets.delete(socket));
    socket.on('message', (data) => {
      const message = JSON.parse(data.toString());
      if (message.type === 'ping') socket.send(JSON.stringify({ type: 'pong' }));
      for (const topic of message.topics ?? []) {
        const log = /^log:(\d+)(?:@(\d+))?$/.exec(topic);
        if (message.type === 'unsubscribe') {
          state.topics.delete(topic);
          if (log) state.logs.delete(Number(log[1]));
        } else if (log) {
          socket.send(JSON.stringify({ type: 'subscribed', topic, seq: 0 }));
          state.logs.set(Number(log[1]), sendLog(socket, Number(log[1]), Number(log[2] ?? 0)) ?? 0);
        } else {
          state.topics.add(topic);
          socket.send(JSON.stringify({ type: 'subscribed', topic, seq: numbers.get(topic) ?? 0 }));
        }
      }
    });
  }

  return { answer, connect, error };
}
