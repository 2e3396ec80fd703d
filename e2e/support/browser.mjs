// Debian's Chromium, and waits that end with what they wait for.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

export async function openBrowser() {
  const executablePath =
    process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
  if (!executablePath) throw new Error('no Chromium: install the package chromium, or set CHROMIUM');
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A page of a browser that knows nothing yet. `page.trouble` gathers what went wrong in it. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: DESKTOP, reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  page.trouble = [];
  page.on('pageerror', (error) => page.trouble.push(String(error)));
  page.on('dialog', (dialog) => {
    page.trouble.push(`a dialog opened: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return page;
}

/** Signs in by the server's one-time link. */
export async function signIn(page, server) {
  await page.goto(server.link);
  await page.getByRole('button', { name: /^Account of/ }).waitFor();
}

/** Waits until one element of the locator has the text; else says what the page shows. */
export async function sees(locator, text, timeout = 15_000) {
  try {
    await locator.filter({ hasText: text }).first().waitFor({ timeout });
  } catch {
    const page = locator.page();
    const shown = await page.locator('body').innerText().catch(() => '');
    throw new Error(`“${text}” is not shown at ${page.url()}; what is shown:\n${shown}`);
  }
}

/** A mark that a reload would wipe away. */
export const mark = (page) => page.evaluate(() => void (window.travisMark = true));
export const unbroken = async (page) => assert.equal(await page.evaluate(() => window.travisMark), true, 'the page was loaded anew');

/** Violations of the accessibility rules, or of some of them, one line each. */
export async function axe(page, rules) {
  // Evaluated, since the page's policy lets no foreign script element in.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  return page.evaluate(async (rules) => {
    const { violations } = await window.axe.run(document, {
      runOnly: rules ?? ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
      resultTypes: ['violations'],
    });
    return violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} (${node.any[0]?.message ?? ''})`).join('; ')}`);
  }, rules);
}
