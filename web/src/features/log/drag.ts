/** The line whose row an element is in. */
export function lineOf(element: Element | null): number | null {
  const line = element?.closest<HTMLElement>('.row')?.dataset['line'];
  return line === undefined ? null : Number(line);
}

const EDGE = 24;
const STEP = 40;

/**
 * Lines chosen by pressing the pointer on a number and drawing it on. A finger scrolls instead and
 * chooses by a tap.
 */
export class LineDrag {
  /** The pointer that was pressed last has chosen already: its click means nothing more. */
  took = false;
  private pressed = false;
  private last = -1;
  private readonly scroller: () => HTMLElement;
  private readonly choose: (line: number, extend: boolean) => void;
  private readonly scroll: (by: number) => void;

  constructor(
    scroller: () => HTMLElement,
    choose: (line: number, extend: boolean) => void,
    scroll: (by: number) => void,
  ) {
    this.scroller = scroller;
    this.choose = choose;
    this.scroll = scroll;
  }

  down(event: PointerEvent): void {
    this.took = false;
    const target = event.target as HTMLElement;
    const line = lineOf(target);
    if (line === null || event.button !== 0 || event.pointerType === 'touch') return;
    if (!target.closest('.n')) return;
    this.took = true;
    this.pressed = true;
    this.last = line;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    event.preventDefault();
    this.scroller().focus({ preventScroll: true });
    this.choose(line, event.shiftKey);
  }

  move(event: PointerEvent): void {
    if (!this.pressed) return;
    const box = this.scroller().getBoundingClientRect();
    if (event.clientY < box.top + EDGE) this.scroll(-STEP);
    else if (event.clientY > Math.min(box.bottom, innerHeight) - EDGE) this.scroll(STEP);
    const y = Math.min(Math.max(event.clientY, box.top + 1), box.bottom - 1);
    const line = lineOf(document.elementFromPoint(box.left + EDGE, y));
    if (line === null || line === this.last) return;
    this.last = line;
    this.choose(line, true);
  }

  up(event: PointerEvent): void {
    if (!this.pressed) return;
    this.pressed = false;
    (event.currentTarget as HTMLElement).releasePointerCapture(event.pointerId);
  }
}
