const STOPS =
  'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), summary, [tabindex="0"]';

/** What may take the place of something that had the focus: as near to it as can be. */
export function stand(trail: readonly HTMLElement[]): HTMLElement | null {
  for (const around of trail) {
    if (!around.isConnected) continue;
    if (around.matches('main, body')) break;
    const next = [...around.querySelectorAll<HTMLElement>(STOPS)].find((one) =>
      one.checkVisibility(),
    );
    if (next) return next;
  }
  return document.getElementById('main');
}

/**
 * Keeps the focus on the page: a button that goes away or is switched off for a moment, a page that
 * is left. Without it whoever has only a keyboard or a screen reader begins at the top again.
 */
export function keepFocus(): () => void {
  let last: HTMLElement | null = null;
  /** What was around it, from near to far. */
  let trail: HTMLElement[] = [];
  let planned = false;
  const came = (event: FocusEvent): void => {
    last = event.target as HTMLElement;
    trail = [];
    for (let one = last.parentElement; one; one = one.parentElement) trail.push(one);
  };
  const went = (event: FocusEvent): void => {
    const from = event.target as HTMLElement;
    if (event.relatedTarget) return;
    // Left on purpose, when it could still be here.
    queueMicrotask(() => {
      if (last === from && from.isConnected && !from.matches(':disabled')) last = null;
    });
  };
  const forget = (): void => void (last = null);
  const look = (): void => {
    planned = false;
    if (!last || document.activeElement !== document.body || document.hidden) return;
    if (!last.isConnected) stand(trail)?.focus({ preventScroll: true });
    else if (!last.matches(':disabled')) last.focus({ preventScroll: true });
  };
  const changes = new MutationObserver(() => {
    if (planned || !last || document.activeElement !== document.body) return;
    planned = true;
    requestAnimationFrame(look);
  });
  addEventListener('focusin', came);
  addEventListener('focusout', went);
  addEventListener('pointerdown', forget);
  changes.observe(document.body, {
    childList: true,
    subtree: true,
    attributeFilter: ['disabled'],
  });
  return () => {
    removeEventListener('focusin', came);
    removeEventListener('focusout', went);
    removeEventListener('pointerdown', forget);
    changes.disconnect();
  };
}
