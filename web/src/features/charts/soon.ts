/** Fetches again some time after something happened, once for all that happened meanwhile. */
export class Soon {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly run: () => void;
  private readonly ms: number;

  constructor(run: () => void, ms = 1000) {
    this.run = run;
    this.ms = ms;
  }

  call = (): void => {
    if (this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.run();
    }, this.ms);
  };

  stop = (): void => {
    clearTimeout(this.timer);
    this.timer = undefined;
  };
}
