// A page whose network nobody records. The driver of the other pages has the browser keep every
// answer that they fetch, some tens of megabytes in the page's own process: no reader has these.

export class PlainPage {
  #browser;
  #session;
  #context;
  #waiting = new Map();
  #last = 0;

  /** Opens an address in a context of its own; `script` runs before the page's. */
  static async open(session, url, { script, width, height }) {
    const page = new PlainPage();
    page.#browser = session;
    page.#context = (await session.send('Target.createBrowserContext')).browserContextId;
    const { targetId } = await session.send('Target.createTarget', { url: 'about:blank', browserContextId: page.#context, width, height });
    session.on('Target.receivedMessageFromTarget', ({ sessionId, message }) => {
      if (sessionId !== page.#session) return;
      const { id, result, error } = JSON.parse(message);
      const waiting = page.#waiting.get(id);
      page.#waiting.delete(id);
      if (error) waiting?.fail(new Error(error.message));
      else waiting?.done(result);
    });
    page.#session = (await session.send('Target.attachToTarget', { targetId, flatten: false })).sessionId;
    await page.send('Page.enable');
    await page.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
    await page.send('Page.addScriptToEvaluateOnNewDocument', { source: script });
    await page.send('Page.navigate', { url });
    return page;
  }

  send(method, params = {}) {
    const id = ++this.#last;
    const answer = new Promise((done, fail) => this.#waiting.set(id, { done, fail }));
    void this.#browser.send('Target.sendMessageToTarget', { sessionId: this.#session, message: JSON.stringify({ id, method, params }) });
    return answer;
  }

  async evaluate(work, argument = null) {
    const expression = `(${work})(${JSON.stringify(argument)})`;
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Waits until something holds in the page. */
  async until(work, argument = null) {
    const end = performance.now() + 15_000;
    while (!(await this.evaluate(work, argument).catch(() => false))) {
      if (performance.now() > end) throw new Error(`not within 15 s: ${work}`);
      await new Promise((next) => setTimeout(next, 20));
    }
  }

  mouse = {
    at: { x: 0, y: 0 },
    move: (x, y) => {
      this.mouse.at = { x, y };
      return this.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x, y, button: 'left', buttons: this.mouse.buttons ?? 0 });
    },
    down: () => {
      this.mouse.buttons = 1;
      return this.send('Input.dispatchMouseEvent', { type: 'mousePressed', ...this.mouse.at, button: 'left', buttons: 1, clickCount: 1 });
    },
    up: () => {
      this.mouse.buttons = 0;
      return this.send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...this.mouse.at, button: 'left', buttons: 0, clickCount: 1 });
    },
  };

  async close() {
    await this.#browser.send('Target.disposeBrowserContext', { browserContextId: this.#context });
  }
}
