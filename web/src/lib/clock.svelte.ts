/** One clock for the page, so that all elapsed times tick together. */
class Clock {
  now = $state(Date.now());
  private timer: ReturnType<typeof setTimeout> | undefined;
  private frozen = false;

  start(): void {
    document.addEventListener('visibilitychange', () => this.plan());
    this.plan();
  }

  /** Stands still while nothing is heard of the server: what is shown is "as of" then. */
  freeze(frozen: boolean): void {
    if (this.frozen === frozen) return;
    this.frozen = frozen;
    this.plan();
  }

  private plan(): void {
    clearTimeout(this.timer);
    if (document.hidden || this.frozen) return;
    this.now = Date.now();
    this.timer = setTimeout(() => this.plan(), 1000 - (this.now % 1000) + 5);
  }
}

export const clock = new Clock();
