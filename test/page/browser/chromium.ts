/** Opens the page in a real Chromium, and notes whatever it complains about. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { serverFor } from '../../servers/require.ts';

const command = '/usr/bin/chromium';

export const withChromium = serverFor('Chromium', command, 'apt-get install --no-install-recommends chromium');

export async function startChromium(): Promise<Browser> {
  // In a container Chromium is root and has neither a sandbox of its own nor a large /dev/shm.
  const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
  return await chromium.launch({ executablePath: command, args, timeout: 120_000 });
}

export interface Look {
  readonly width: number;
  readonly height?: number;
  readonly theme?: 'light' | 'dark';
}

export interface OpenedPage extends AsyncDisposable {
  readonly page: Page;
  /** Errors and warnings of the console, and whatever was thrown. */
  readonly complaints: readonly string[];
}

export async function openPage(
  browser: Browser,
  url: string,
  { width, height = 900, theme = 'light' }: Look,
): Promise<OpenedPage> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: 'reduce',
    timezoneId: 'UTC',
  });
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() !== 'log') complaints.push(message.text());
  });
  page.on('pageerror', ({ message }) => complaints.push(message));
  await page.goto(url);
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
}

/** Kept for people: what the page looked like in this run of the tests. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  const folder = join(import.meta.dirname, '../../../.cache/screenshots');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true, animations: 'disabled' });
}
