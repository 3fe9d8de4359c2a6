/** Keeps the page of the last run, in every form that its readers have asked for, and knows how old it is. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { escapeRelayed, type Escaping } from '../../exposition/escape-names.ts';
import { openMetricsContentType, openMetricsText } from '../../exposition/write-open-metrics.ts';
import { problemsOfOmissions } from '../../exposition/omission.ts';
import type { Page } from '../../exposition/write-page.ts';
import { prometheusContentType, prometheusText } from '../../exposition/write-prometheus-text.ts';
import { quotedText } from '../../exposition/write-quoted-text.ts';
import { allFamilies, allRelayed, selected } from '../../exposition/select-families.ts';
import type { Batch } from '../../model/batch.ts';
import type { MetricFamily } from '../../model/metric.ts';
import type { RelayedFamily } from '../../model/relayed.ts';
import type { ScrapePageConfig } from './config.ts';

/** What a reader has chosen. */
export interface PageForm {
  readonly format: 'text' | 'openmetrics';
  /** Undefined: the reader knows of none, and gets classic names only. */
  readonly escaping: Escaping | undefined;
}

export interface HeldPage {
  /** When its run delivered it. Epoch milliseconds. */
  readonly heldSinceMs: number;
  readonly contentType: (form: PageForm) => string;
  /** Made at the first request for this form, and kept until the next run. */
  readonly body: (form: PageForm, isCompressed: boolean) => Promise<Buffer>;
}

interface Content {
  readonly families: readonly MetricFamily[];
  readonly relayed: readonly RelayedFamily[];
}

type Settings = Pick<ScrapePageConfig, 'metrics' | 'startTimes'>;

function contentOf(batch: Batch, { metrics }: Settings): Content {
  return { families: selected(allFamilies(batch), metrics), relayed: allRelayed(batch, metrics) };
}

/** The page that every reader can read: text exposition 0.0.4. */
export async function plainPageOf(batch: Batch, settings: Settings, where: string): Promise<Page> {
  const { families, relayed } = contentOf(batch, settings);
  const escaped = escapeRelayed(relayed, 'underscores');
  const { text, samples, omissions } = await prometheusText(families, escaped.families);
  return { text, samples, problems: problemsOfOmissions([...escaped.omissions, ...omissions], where) };
}

const compress = promisify(gzip);

/** `plain`: what `plainPageOf` made of the same batch. */
export function holdPage(batch: Batch, settings: Settings, plain: string, heldSinceMs: number): HeldPage {
  const content = contentOf(batch, settings);
  const made = new Map<string, Promise<Buffer>>();
  const once = (key: string, make: () => Promise<Buffer>): Promise<Buffer> => {
    const kept = made.get(key) ?? make();
    made.set(key, kept);
    return kept;
  };
  const body = (form: PageForm, isCompressed: boolean): Promise<Buffer> => {
    const key = `${form.format} ${form.escaping ?? 'underscores'}`;
    const text = (): Promise<Buffer> => once(key, async () => Buffer.from(await write(form)));
    return isCompressed ? once(`${key} gzip`, async () => await compress(await text())) : text();
  };
  const write = async ({ format, escaping = 'underscores' }: PageForm): Promise<string> => {
    if (format === 'text' && escaping === 'underscores') return plain;
    const relayed = escapeRelayed(content.relayed, escaping).families;
    if (format === 'openmetrics')
      return openMetricsText(content.families, relayed, { escaping, startTimes: settings.startTimes });
    if (escaping === 'allow-utf-8') return quotedText(content.families, relayed);
    return (await prometheusText(content.families, relayed)).text;
  };
  return { heldSinceMs, contentType: contentTypeOf, body };
}

/** Quoted names are version 1.0.0 of the text format. */
function contentTypeOf({ format, escaping }: PageForm): string {
  const quoted = prometheusContentType.replace('0.0.4', '1.0.0');
  const text = escaping === 'allow-utf-8' ? quoted : prometheusContentType;
  const type = format === 'openmetrics' ? openMetricsContentType : text;
  return escaping === undefined ? type : `${type}; escaping=${escaping}`;
}

/** Ticks that may be missed: one is a slow source, three are a collector that no longer runs. */
const missedIntervals = 3;

/** Three runs at the default longest time of one (30 s): a short interval does not make a run short. */
const leastAgeMs = 90_000;

/** From this age on a page is no answer to what is going on now. */
export function longestAgeMs(intervalMs: number): number {
  return Math.max(missedIntervals * intervalMs, leastAgeMs);
}
