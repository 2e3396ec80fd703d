import type { Shape } from './states';

export interface Toast {
  text: string;
  shape: Shape;
  action?: { text: string; run: () => void };
}

const LIFE_MS = 6000;

/** One short notice at a time; never the only place of an error. */
class Toasts {
  current = $state.raw<Toast | null>(null);
  private timer: ReturnType<typeof setTimeout> | undefined;

  show(text: string, shape: Shape = 'passed', action?: Toast['action']): void {
    this.current = { text, shape, ...(action && { action }) };
    this.resume();
  }

  /** Stays while it is pointed at or focused. */
  hold(): void {
    clearTimeout(this.timer);
  }

  resume(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.close(), LIFE_MS);
  }

  close(): void {
    clearTimeout(this.timer);
    this.current = null;
  }
}

export const toasts = new Toasts();
