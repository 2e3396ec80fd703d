// Runs in the page before anything else: what the page can only measure itself.
(() => {
  if (window.probe) return;
  const probe = (window.probe = { shift: 0, moved: new Set(), firstLines: null, painted: {}, frames: [], sockets: [] });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      // Text that grows within a box that stands (a time in its column) moves nothing.
      const moved = entry.sources.some(({ node, previousRect: a, currentRect: b }) => node?.nodeType === 1 && (a.x !== b.x || a.y !== b.y));
      if (entry.hadRecentInput || !moved) continue;
      probe.shift += entry.value;
      for (const { node } of entry.sources) if (node?.nodeType === 1) probe.moved.add(`${node.localName}.${node.className?.baseVal ?? node.className}`.replace(/ ?svelte-\w+/g, ''));
    }
  }).observe({ type: 'layout-shift', buffered: true });

  /** The moment after the next frame was drawn. */
  probe.drawn = () =>
    new Promise((done) =>
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => done(performance.now());
        channel.port2.postMessage(0);
      }),
    );
  /** When something is there for the first time and drawn. */
  probe.when = (name, there) => {
    const look = () => {
      if (probe.painted[name] !== undefined || !there()) return;
      probe.painted[name] = null;
      seen.disconnect();
      void probe.drawn().then((at) => (probe.painted[name] = at));
    };
    const seen = new MutationObserver(look);
    seen.observe(document, { childList: true, subtree: true, characterData: true });
  };
  probe.when('build', () => document.querySelector('article h1')?.textContent.trim());
  probe.when('lines', () => document.querySelector('[role=log] .row .text')?.textContent.trim());

  /** Notes the time of every frame until stopped. */
  probe.startFrames = () => {
    probe.frames = [];
    const turn = (at) => {
      probe.frames.push(at);
      probe.frame = requestAnimationFrame(turn);
    };
    probe.frame = requestAnimationFrame(turn);
  };
  probe.stopFrames = () => {
    cancelAnimationFrame(probe.frame);
    return probe.frames.slice(1).map((at, index) => at - probe.frames[index]);
  };

  // The live channel's messages can be played from here, as if the server had sent them.
  const Real = window.WebSocket;
  window.WebSocket = class extends Real {
    constructor(...args) {
      super(...args);
      probe.sockets.push(this);
      this.addEventListener('message', ({ data }) => {
        if (typeof data !== 'string') return;
        const message = JSON.parse(data);
        if (message.topic && message.seq !== undefined) probe.seqs[message.topic] = message.seq;
      });
    }
  };
  probe.seqs = {};
  probe.play = (topic, event, data) => {
    const seq = (probe.seqs[topic] = (probe.seqs[topic] ?? 0) + 1);
    const text = JSON.stringify({ type: 'event', topic, seq, event, data });
    probe.sockets.at(-1).dispatchEvent(new MessageEvent('message', { data: text }));
  };
})();
