// Makes the README's picture: the home page of an installation at work. node shot.mjs FILE.png

import { join } from 'node:path';
import { DESKTOP, openBrowser, openPage, sees, signIn } from './support/browser.mjs';
import { Gate, repository, travisYml } from './support/repository.mjs';
import { Server } from './support/server.mjs';

const file = process.argv[2] ?? join(import.meta.dirname, '../docs/screenshot.png');
const ESC = '\\033';
const green = (name) => `printf '   ${ESC}[32m✓${ESC}[0m ${name}\\n'`;
const server = await Server.start({ slots: 4 });
const browser = await openBrowser();
try {
  const page = await openPage(browser);
  await signIn(page, server);
  const gate = new Gate(server.place, 'shot');
  const repo = (name, files, message) => repository(join(server.place, name), files, { message });
  const simple = (script) => ({ '.travis.yml': travisYml(script) });
  const others = {
    'mossworks/fern': [simple(['true']), 'Draw leaves in one pass'],
    'papercrane/fold': [simple(["printf 'corner differs\\n'", 'false']), 'Fold along the diagonal'],
    'tidewater/ledger': [simple(['true']), 'Round half to even'],
    'mossworks/spore': [{ '.travis.yml': 'language: [\n' }, 'Try another matrix'],
    'quietcircuit/solder': [simple(['true']), 'Name the pads'],
  };
  for (const [slug, [files, message]] of Object.entries(others)) {
    await server.add(slug, repo(slug, files, message));
    const id = encodeURIComponent(slug);
    await server.api('POST', `/v3/repo/${id}/requests`, {});
    await server.until(`the end of ${slug}`, async () => {
      const now = await server.api('GET', `/v3/repo/${id}/builds`);
      return now.builds[0]?.finished_at;
    });
  }
  const beacon = repo('beacon', {
    '.travis.yml': `language: minimal
stages: [lint, test, package]
env:
  jobs: [FEATURES=tls, FEATURES=mdns, "FEATURES=tls,mdns"]
script:
  - ${JSON.stringify(green('announces itself within a second'))}
  - ${JSON.stringify(green('three nodes agree on a leader'))}
  - ${JSON.stringify(green('survives a lost first packet'))}
  - printf '   lease handshake, 400 of 1,000 rounds\\n'; if [ "$FEATURES" != tls ]; then ${gate.wait}; fi
jobs:
  include:
    - stage: lint
      name: Format and lint
      env: CHECK=format
      script: 'true'
    - stage: package
      name: Debian package
      env: TARGET=deb
      script: 'true'
`,
  }, 'Retry the lease handshake when the first packet is lost');
  await server.api('POST', '/v3/repos', { slug: 'harborlight/beacon', clone_url: beacon, description: 'Service discovery for small networks' });
  await server.build('harborlight/beacon');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(DESKTOP);
  await page.goto(server.url);
  await sees(page.locator('main'), 'harborlight/beacon');
  await sees(page.locator('main'), '400 of 1,000 rounds');
  await page.getByText('1 of 3 done').first().waitFor();
  await page.screenshot({ path: file });
  gate.open();
} finally {
  await browser.close();
  await server.stop();
}
