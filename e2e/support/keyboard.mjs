// A person who has a keyboard and nothing else: goes by Tab, and sees at each stop where they are.

import assert from 'node:assert/strict';

/** Where the focus is: what it is called, and what is wrong with it. */
const stop = (page) =>
  page.evaluate(() => {
    const at = document.activeElement;
    // Behind the last thing of a dialog come the browser's own, which nothing is seen of here.
    if (at === document.body && document.querySelector('dialog[open]')) return { name: 'the browser', wrong: null };
    if (!at || at === document.body) return { name: 'body', wrong: 'the focus is lost' };
    const name = `${at.tagName.toLowerCase()} “${(at.getAttribute('aria-label') ?? at.innerText ?? at.value ?? '').trim().split('\n')[0].slice(0, 50)}”`;
    // What only waits for the next Tab, as a page that was just opened.
    if (at.tabIndex < 0 && !at.matches('[role^=menuitem], [role=option], [role=tab], tr, dialog')) return { name, wrong: null };
    const shown = (one) => {
      const style = one && getComputedStyle(one);
      return Boolean(style) && ((style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1) || style.boxShadow.includes('0px 0px 0px 2px'));
    };
    // A switch or a radio is a box that nobody sees, beside one that is drawn.
    const around = [at, at.nextElementSibling, at.previousElementSibling, at.parentElement, at.parentElement?.parentElement];
    if (!around.some(shown)) return { name, wrong: 'nothing shows that it has the focus' };
    const box = at.getBoundingClientRect();
    if (box.bottom < 0 || box.top > innerHeight || box.right < 0 || box.left > innerWidth) return { name, wrong: 'it is out of sight' };
    return { name, wrong: null };
  });

/** The stop must be seen; a scroll that is on its way may end first. */
async function seen(page) {
  let now;
  for (let turn = 0; turn < 20; turn++) {
    now = await stop(page);
    if (!now.wrong) return now.name;
    await page.waitForTimeout(50);
  }
  assert.fail(`${now.wrong}: ${now.name} at ${page.url()}`);
}

export class Keyboard {
  constructor(page) {
    this.page = page;
  }

  /** Presses a key, and knows afterwards where it is. */
  async press(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
    return seen(this.page);
  }

  type(text) {
    return this.page.keyboard.type(text);
  }

  /** Goes on by Tab until the thing has the focus. */
  async to(thing, { key = 'Tab', most = 90 } = {}) {
    await thing.first().waitFor();
    const stops = [];
    for (let turn = 0; turn < most; turn++) {
      if (await thing.first().evaluate((one) => one === document.activeElement || one.matches(':focus'))) {
        await seen(this.page);
        return;
      }
      await this.page.keyboard.press(key);
      stops.push(await seen(this.page));
    }
    assert.fail(`${thing} is not reached by ${key}; the stops were:\n${stops.join('\n')}`);
  }

  /** Goes there and presses a key on it. */
  async on(thing, key = 'Enter', options) {
    await this.to(thing, options);
    await this.page.keyboard.press(key);
  }

  /** Goes there, and writes over what stands there. */
  async fill(field, text) {
    await this.to(field);
    await this.page.keyboard.press('Control+a');
    await this.type(text);
  }

  /** Where it is now, which is somewhere. */
  here() {
    return seen(this.page);
  }
}
