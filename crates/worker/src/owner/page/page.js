// Everything that came from elsewhere is set as text, never as markup.
'use strict';

const at = (id) => document.getElementById(id);

function bytes(count) {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (count >= 1000 && unit < units.length - 1) {
    count /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? count : count.toFixed(1)} ${units[unit]}`;
}

function time(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

function moment(milliseconds) {
  return milliseconds === null ? '' : ` in ${(milliseconds / 1000).toFixed(2)} s`;
}

function make(tag, text, name) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (name) element.className = name;
  return element;
}

function bar(label, text, part, name) {
  const box = make('div', undefined, `bar ${name ?? ''}`);
  const line = make('span', label);
  line.append(make('span', text));
  const track = make('div');
  const fill = make('div');
  fill.style.width = `${Math.min(100, Math.max(0, part * 100))}%`;
  track.append(fill);
  box.append(line, track);
  return box;
}

function fill(table, empty, rows) {
  at(table).tBodies[0].replaceChildren(...rows);
  at(table).hidden = rows.length === 0;
  at(empty).hidden = rows.length > 0;
}

function row(cells, name) {
  const line = make('tr', undefined, name);
  for (const [text, kind] of cells) line.append(make('td', text, kind));
  return line;
}

const NUMBER = 'number';

function jobRow(job) {
  const steps = { preparing: 'prepares', running: 'runs', reporting: 'reports' };
  return row([
    [job.repository],
    [job.job],
    [job.frozen ? `frozen${moment(job.froze_ms)}` : (steps[job.step] ?? job.step)],
    [time(job.seconds), NUMBER],
    [job.cores.toFixed(2), NUMBER],
    [bytes(job.memory_bytes), NUMBER],
    [bytes(job.network_bytes), NUMBER],
  ]);
}

function contactRow(contact, jobs) {
  const name = contact.host ? `${contact.host} (${contact.address})` : contact.address;
  const job = jobs.find((one) => String(one.attempt) === contact.job);
  return row(
    [
      [contact.refused ? `${name}: ${contact.refused}` : name],
      [job ? `${job.repository} ${job.job}` : `attempt ${contact.job}`],
      [String(contact.connections), NUMBER],
      [contact.refused ? '–' : bytes(contact.sent), NUMBER],
      [contact.refused ? '–' : bytes(contact.received), NUMBER],
      [time(contact.seconds_ago), NUMBER],
    ],
    contact.refused ? 'refused' : undefined,
  );
}

function left(now) {
  if (!now.cores_left) return '';
  return `; ${now.cores_left} of ${now.cores} cores ${now.cores_left === 1 ? 'is' : 'are'} left to them`;
}

function limits(now) {
  const lending = now.lending;
  const list = [['Jobs side by side', String(now.most_slots)]];
  const add = (name, text) => list.push([name, text]);
  if (lending.cores_percent) add('Processors', `${lending.cores_percent} %${now.cpu_cap && `, kept by ${now.cpu_cap}`}`);
  if (lending.memory_percent) add('Memory', `${lending.memory_percent} %`);
  if (lending.disk_bytes) add('Disk', bytes(lending.disk_bytes));
  if (lending.bytes_per_second) add('Network', `${bytes(lending.bytes_per_second)} a second`);
  if (lending.bytes_per_month) add('Network a month', bytes(lending.bytes_per_month));
  const only = [];
  if (lending.only_when_idle) only.push('while nobody uses the machine');
  if (lending.only_on_mains) only.push('on mains power');
  if (lending.only_unmetered) only.push('on networks without a price by the byte');
  if (only.length > 0) add('Only', only.join(', '));
  for (const hours of lending.hours) {
    const days = hours.days.length > 0 ? hours.days.join(', ') : 'every day';
    add('Hours', `${days} ${hours.from} to ${hours.to}${hours.zone ? ` ${hours.zone}` : ''}`);
  }
  if (lending.only_repositories.length > 0) add('Only for', lending.only_repositories.join(', '));
  if (lending.never_repositories.length > 0) add('Never for', lending.never_repositories.join(', '));
  const reach = { none: 'nowhere', registries: 'package registries and code hosts' };
  add('Jobs may connect to', reach[lending.egress] ?? 'the public internet');
  return list;
}

function show(now) {
  document.title = `${now.name} · Travis worker`;
  at('name').textContent = now.name;
  const line = now.connected ? 'connected to' : 'no connection to';
  at('about').textContent =
    `${line} ${now.server} · ${now.executor} · version ${now.version} · up ${time(now.up_seconds)}`;
  const presence = at('presence');
  presence.textContent = now.presence.text;
  presence.toggleAttribute('data-lending', now.presence.state === 'lending');
  at('trouble').hidden = !now.trouble;
  at('trouble').textContent = now.trouble ?? '';
  at('pause').hidden = now.presence.state === 'paused';
  at('resume').hidden = now.presence.state !== 'paused';
  const usage = now.usage;
  const month = now.lending.bytes_per_month;
  at('bars').replaceChildren(
    bar('Processors', `${usage.cores.toFixed(2)} of ${now.lent.cores.toFixed(1)} cores`, usage.cores / now.lent.cores),
    bar('Memory', `${bytes(usage.memory_bytes)} of ${bytes(now.lent.memory_bytes)}`, usage.memory_bytes / now.lent.memory_bytes),
    bar('Disk', `${bytes(usage.disk_bytes)} of ${bytes(now.lent.disk_bytes)}`, usage.disk_bytes / now.lent.disk_bytes),
    bar('Network this month', month ? `${bytes(usage.month_bytes)} of ${bytes(month)}` : bytes(usage.month_bytes), month ? usage.month_bytes / month : 0),
    bar('Your own programs', `${usage.others_percent.toFixed(0)} % of the processors${left(now)}`, usage.others_percent / 100, 'others'),
  );
  fill('jobs', 'nothing', now.jobs.map(jobRow));
  fill('contacts', 'nobody', now.contacts.map((contact) => contactRow(contact, now.jobs)));
  at('limits').replaceChildren(
    ...limits(now).flatMap(([name, text]) => [make('dt', name), make('dd', text)]),
  );
}

async function look() {
  try {
    const answer = await fetch('standing');
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.json());
    for (const button of document.querySelectorAll('button')) button.disabled = false;
  } catch {
    at('presence').textContent = 'The worker does not run.';
    at('presence').removeAttribute('data-lending');
    for (const button of document.querySelectorAll('button')) button.disabled = true;
  }
}

async function order(word) {
  if (word === 'quit' && !confirm('Leave at once? What runs is handed back and runs elsewhere.')) return;
  await fetch(`order/${word}`, { method: 'POST' });
  await look();
}

for (const button of document.querySelectorAll('button[data-order]')) {
  button.addEventListener('click', () => void order(button.dataset.order));
}

void look();
setInterval(() => void (document.hidden || look()), 1000);
