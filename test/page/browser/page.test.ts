/** The page in a real Chromium: what it shows, that it lives, that everybody can use it, and that it complains of nothing. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type PageUnderTest, scrapePage } from '../../sinks/scrape-page/harness.ts';
import { batchOfStatus, batchWith, type QueueSpec, reportOf } from '../runs.ts';
import { keepScreenshot, openPage, startChromium, withChromium } from './chromium.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What breaks a rule of accessibility, by rule and place. */
async function findBarriers(page: Page): Promise<readonly string[]> {
  // By the debugger: the policy of the page lets no script in.
  await page.evaluate(axeSource);
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run: (options: object) => Promise<AxeResult> } };
    const { violations } = await axe.run({ resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id} ${target.join(' ')}`));
  });
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly target: readonly string[] }[];
  }[];
}

const wave = (run: number, length: number, height: number): number =>
  Math.round(height * (1 + Math.sin((run / length) * 2 * Math.PI)));

/** A fleet as it was in one of the runs. `integration` loses its workers in the last ten of 60. */
const fleetAt = (run: number): readonly QueueSpec[] => [
  {
    queue: 'default',
    queued: wave(run, 30, 3),
    running: 8 + wave(run, 25, 3),
    busy: 8 + wave(run, 25, 3),
    idle: 2,
    waits: [wave(run, 30, 9)],
  },
  { queue: 'deploy', queued: run % 9 === 0 ? 1 : 0, running: 2, busy: 2, idle: 2, waits: [1] },
  {
    queue: 'integration',
    queued: run > 50 ? run - 50 : 0,
    running: run > 50 ? 0 : 4,
    busy: run > 50 ? 0 : 4,
    oldestWait: run > 50 ? (run - 50) * 3 : 0,
  },
  {
    queue: 'mobile',
    scope: 'Apple',
    queued: wave(run, 18, 1),
    running: 3,
    busy: 3,
    idle: 1,
    oldestWait: wave(run, 18, 20),
    waits: [wave(run, 18, 20)],
  },
  { queue: '<img src=x onerror=alert(1)>', scope: 'Apple', running: 1, busy: 1 },
];

const pipelinesAt = (run: number) => [
  { pipeline: 'web', passed: run % 3 === 0 ? 1 : 0, failed: run % 11 === 0 ? 1 : 0 },
  { pipeline: 'api', passed: run % 2 },
  { pipeline: 'integration', passed: run % 5 === 0 ? 1 : 0, failed: run > 52 ? 1 : 0 },
];

withChromium('the page in Chromium', () => {
  let browser: Browser;
  let now = Date.UTC(2026, 4, 6, 7, 8);
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser.close();
  });

  const tell = async (sink: PageUnderTest, run: number): Promise<void> => {
    now += 60_000;
    await sink.write(batchWith(fleetAt(run), pipelinesAt(run)));
    sink.noteRun(reportOf());
  };

  const openLive = async (runs: number): Promise<PageUnderTest & { readonly live: string }> => {
    const sink = scrapePage({}, { clock: () => now, intervalMs: 60_000 });
    const live = new URL('/', await sink.open()).href;
    for (let run = 1; run <= runs; run += 1) await tell(sink, run);
    return { ...sink, live };
  };

  it('waits for the first run, shows it when it comes, and each one after it', async () => {
    await using sink = await openLive(0);
    await using opened = await openPage(browser, sink.live, { width: 1280 });
    const { page, complaints } = opened;
    await page.getByText('Waiting for the first run …').first().waitFor();

    await tell(sink, 1);
    await page.locator('tr', { hasText: 'default' }).waitFor();
    const first = await page.locator('#tiles article', { hasText: 'Queued' }).locator('.value').innerText();
    await tell(sink, 8);
    await page.locator('#tiles article', { hasText: 'Queued' }).locator('.value', { hasNotText: first }).waitFor();

    expect(await page.locator('#status').innerText()).toBe('ok');
    expect(await page.locator('#queues-note').innerText()).toBe('5 queues');
    expect(complaints).toEqual([]);
  });

  it('shows starved queues first and red, names as text, and problems with their remedies', async () => {
    await using sink = await openLive(60);
    sink.noteRun(
      reportOf([{ kind: 'auth', where: 'buildkite/main GET /v3/metrics', message: 'refused (401); make a new token' }]),
    );
    await tell(sink, 60);
    sink.noteRun(
      reportOf([{ kind: 'auth', where: 'buildkite/main GET /v3/metrics', message: 'refused (401); make a new token' }]),
    );
    await using opened = await openPage(browser, sink.live, { width: 1280 });
    const { page, complaints } = opened;
    await page.getByText('refused (401); make a new token').waitFor();

    expect(await page.locator('#status').innerText()).toBe('degraded');
    expect(await page.locator('#problems h2').innerText()).toBe('1 problem');
    expect(await findBarriers(page)).toEqual([]);
    await tell(sink, 60);
    await page.locator('tr[data-state=starved]').waitFor();
    const rows = await page.locator('#queues tr.row').allInnerTexts();
    expect(rows[0]).toMatch(/^integration\n▲ starved .* · main · Linux/);
    expect(rows.join()).toContain('<img src=x onerror=alert(1)>');
    expect(await page.locator('#problems').isHidden()).toBe(true);
    expect(await page.title()).toBe('▲ 1 starved · CI metrics · ci');
    expect(complaints).toEqual([]);
  });

  it.each([
    { name: 'light', width: 1440, theme: 'light' },
    { name: 'dark', width: 1440, theme: 'dark' },
    { name: 'narrow', width: 400, theme: 'light' },
    { name: 'narrow-dark', width: 400, theme: 'dark' },
    { name: 'wide', width: 2000, theme: 'light' },
  ] as const)('can be used by everybody, and fits: $name', async ({ name, ...look }) => {
    await using sink = await openLive(60);
    await using opened = await openPage(browser, sink.live, look);
    const { page, complaints } = opened;
    await page.locator('tr[data-state=starved]').waitFor();

    expect(await findBarriers(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
    await keepScreenshot(page, name);
    expect(complaints).toEqual([]);
  });

  it('is worked by keyboard: order by a column, filter by name, change the theme', async () => {
    await using sink = await openLive(3);
    await using opened = await openPage(browser, sink.live, { width: 1280 });
    const { page } = opened;
    await page.locator('tr', { hasText: 'default' }).waitFor();

    await page.getByRole('button', { name: 'Queued' }).press('Enter');
    expect(await page.locator('th[aria-sort=descending]').innerText()).toContain('Queued');
    await page.getByLabel('Filter queues by name').pressSequentially('apple mob');
    expect(await page.locator('#queues tr.row').count()).toBe(1);
    expect(await page.locator('#queues-note').innerText()).toBe('1 of 5 queues');
    const before = await page.evaluate(
      'getComputedStyle(document.body).color + getComputedStyle(document.documentElement).backgroundColor',
    );
    await page.getByRole('button', { name: /^Theme/ }).press('Enter');
    await page.getByRole('button', { name: /^Theme/ }).press('Enter');
    expect(await page.getByRole('button', { name: /^Theme/ }).innerText()).toBe('Theme: dark');
    expect(
      await page.evaluate(
        'getComputedStyle(document.body).color + getComputedStyle(document.documentElement).backgroundColor',
      ),
    ).not.toBe(before);
  });

  it('says so when a source is not read, when the collector ends, and recovers', async () => {
    const sink = await openLive(3);
    await using opened = await openPage(browser, sink.live, { width: 1280 });
    const { page } = opened;
    await page.locator('tr', { hasText: 'default' }).waitFor();
    await sink.write(batchOfStatus('failed'));
    sink.noteRun(reportOf([], { outcome: 'failed' }));
    await page.locator('tr[data-state=unknown]').first().waitFor();
    expect(await page.locator('tr[data-state=unknown]').first().innerText()).toContain('not read');
    expect(await page.locator('#announcer').innerText()).toContain('The collector is failed.');

    await sink.close();
    await page.getByText('The collector does not answer').waitFor();
    expect(await page.locator('#status').innerText()).toBe('not live');
    expect(await findBarriers(page)).toEqual([]);
  });

  it('stays fluid with 1,000 queues: few rows exist, and any can be scrolled to', async () => {
    await using sink = await openLive(0);
    const many = Array.from({ length: 1000 }, (_, index) => ({
      queue: `queue-${String(index).padStart(4, '0')}`,
      queued: index % 7,
      busy: 1,
    }));
    await using opened = await openPage(browser, sink.live, { width: 1280 });
    const { page, complaints } = opened;
    await sink.write(batchWith(many));
    sink.noteRun(reportOf());
    await page.locator('tr', { hasText: 'queue-0000' }).waitFor();
    const rows = page.locator('#queues tr.row');

    expect(await rows.count()).toBeLessThan(40);
    expect(await page.locator('#queues table').getAttribute('aria-rowcount')).toBe('1001');
    await page.evaluate("document.querySelector('#queues .scroll').scrollTop = Number.MAX_SAFE_INTEGER");
    await page.locator('tr', { hasText: 'queue-0999' }).waitFor();
    expect(await page.locator('tr', { hasText: 'queue-0999' }).getAttribute('aria-rowindex')).toBe('1001');
    await page.getByLabel('Filter queues by name').fill('0500');
    await page.locator('tr', { hasText: 'queue-0500' }).waitFor();
    expect(await rows.count()).toBe(1);
    expect(complaints).toEqual([]);
  });
});
