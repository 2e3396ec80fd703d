import { formProblem, freshForm, lendingOf, type LendForm } from './lending';
import { wayOnWire, type ServiceKind, type Way } from './ways';
import { api } from '../../api/endpoints';
import type { Download, Enrolment, EnrolmentToken, Worker } from '../../api/types';
import { connection } from '../../lib/connection.svelte';
import { entities } from '../../lib/entities.svelte';
import { Loading } from '../../lib/loading.svelte';

/** A change of what is lent is told to the server when nothing more was changed for so long. */
const SETTLE_MS = 600;
/** Without a word from the live channel the token is asked about this often. */
const ASK_MS = 5000;

/** One machine on its way in: its token, what is lent, and what was heard of it. */
export class Join {
  way = $state<Way>('command');
  kind = $state<ServiceKind>('systemd');
  form = $state.raw<LendForm>(freshForm());
  /** The reader said that the machine was started. */
  started = $state(false);
  startedAt = $state(0);
  /** When the token was made, by this machine's clock. */
  askedAt = $state(0);
  /** What of the form the token does not carry yet. */
  unsaved = $state(false);
  /** Another choice was made since the page was opened. */
  changed = $state(false);
  private seen = $state.raw<Enrolment | null>(null);
  private timer: ReturnType<typeof setTimeout> | undefined;

  readonly making = new Loading<EnrolmentToken>(
    () =>
      api.enrolmentToken({
        way: wayOnWire(this.way, this.kind),
        lending: lendingOf(this.form),
      }),
    () => {
      this.askedAt = Date.now();
      this.unsaved = false;
      this.seen = null;
      this.saving.reset();
    },
  );
  readonly asking = new Loading<Enrolment | null>(
    async () => {
      const token = this.making.value;
      return token ? api.enrolment(token.id) : null;
    },
    (found) => {
      if (found?.id !== this.making.value?.id) return;
      this.seen = found;
      if (found?.worker) entities.putWorker(found.worker);
    },
  );
  /** Tells what is lent: the token that is shown carries it, or the worker that came meanwhile. */
  readonly saving = new Loading<LendForm | null>(
    async () => {
      const token = this.making.value;
      const form = this.form;
      if (!token || formProblem(form) !== '') return null;
      const lending = lendingOf(form);
      try {
        await api.changeEnrolment(token.id, { lending, way: wayOnWire(this.way, this.kind) });
      } catch (failure) {
        const came = (await api.enrolment(token.id)).worker;
        if (!came) throw failure;
        entities.putWorker(await api.patchWorker(came.id, { lending }));
      }
      return form;
    },
    (told) => (this.unsaved &&= told !== this.form),
  );
  readonly downloading = new Loading<Download[]>(async () => (await api.downloads()).downloads);

  readonly token = $derived(this.making.value);
  /** What became of the token. */
  readonly enrolment = $derived(this.seen);
  /** The worker that came with it, as it is now. */
  readonly worker = $derived.by<Worker | undefined>(() => {
    const id = this.seen?.worker?.id;
    return id === undefined ? undefined : entities.workers.get(id);
  });
  /** It came, was measured, and is heard of. */
  readonly online = $derived(this.worker !== undefined && this.worker.state !== 'enrolled');
  readonly step = $derived(this.online ? 3 : this.worker || this.started ? 2 : 1);

  /** Makes the token and listens for the worker, until the page is left. */
  start(user: number): () => void {
    void this.making.load();
    void this.downloading.load();
    const ask = (): void => {
      if (this.token && !this.online) void this.asking.load();
    };
    const stops = [
      connection.subscribe(`user:${user}`, { event: ask, sync: ask }),
      connection.subscribe('workers', { event: ask, sync: ask }),
    ];
    const every = setInterval(ask, ASK_MS);
    return () => {
      clearInterval(every);
      clearTimeout(this.timer);
      for (const stop of stops) stop();
    };
  }

  /** Another token; the one before is worth nothing from then on. */
  async renew(): Promise<void> {
    clearTimeout(this.timer);
    const before = this.token;
    await this.making.load();
    if (before && before.id !== this.token?.id && !this.making.error) {
      await api.revokeEnrolment(before.id).catch(() => undefined);
    }
  }

  /** What is lent was changed: the token has to carry it, and stays the same. */
  change(part: Partial<LendForm>): void {
    this.form = { ...this.form, ...part };
    this.unsaved = true;
    this.changed = true;
    this.save();
  }

  choose(way: Way): void {
    this.way = way;
    this.save();
  }

  private save(): void {
    clearTimeout(this.timer);
    if (formProblem(this.form) === '')
      this.timer = setTimeout(() => void this.saving.load(), SETTLE_MS);
  }

  begin(): void {
    if (this.unsaved) {
      clearTimeout(this.timer);
      void this.saving.load();
    }
    this.started = true;
    this.startedAt = Date.now();
  }
}
