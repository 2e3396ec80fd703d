/** What lies over the page, one at a time. */
class Overlays {
  jump = $state(false);
  keys = $state(false);
  /** The slug of the repository to trigger a build of. */
  trigger = $state<string | null>(null);
  /** The slug of the repository whose badge is shown. */
  badge = $state<string | null>(null);
  listHidden = $state(false);

  close = (): void => {
    this.jump = false;
    this.keys = false;
    this.trigger = null;
    this.badge = null;
  };

  get any(): boolean {
    return this.jump || this.keys || this.trigger !== null || this.badge !== null;
  }
}

export const overlays = new Overlays();
