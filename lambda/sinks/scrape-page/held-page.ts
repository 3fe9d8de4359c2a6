/** Keeps the page of the last run in every form that was asked for, and its age. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { escapeRelayed, type Escaping } from '../../exposition/escape-names.ts';
import { openMetricsContentType, writeOpenMetrics } from '../../exposition/write-open-metrics.ts';
import { describeOmissions } from '../../exposition/omission.ts';
import type { Page } from '../../exposition/write-page.ts';
import { prometheusContentType, writePrometheusText } from '../../exposition/write-prometheus-text.ts';
import { writeQuotedText } from '../../exposition/write-quoted-text.ts';
import { gatherFamilies, gatherRelayed, selectFamilies } from '../../exposition/select-families.ts';
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
  readonly chooseContentType: (form: PageForm) => string;
  /** Made at the first request for this form, and kept until the next run. */
  readonly getBody: (form: PageForm, isCompressed: boolean) => Promise<Buffer>;
}

interface Content {
  readonly families: readonly MetricFamily[];
  readonly relayed: readonly RelayedFamily[];
}

type Settings = Pick<ScrapePageConfig, 'metrics' | 'startTimes'>;

function selectContent(batch: Batch, { metrics }: Settings): Content {
  return { families: selectFamilies(gatherFamilies(batch), metrics), relayed: gatherRelayed(batch, metrics) };
}

/** The page that every reader can read: text exposition 0.0.4. */
export async function writePlainPage(batch: Batch, settings: Settings, where: string): Promise<Page> {
  const { families, relayed } = selectContent(batch, settings);
  const escaped = escapeRelayed(relayed, 'underscores');
  const { text, samples, omissions } = await writePrometheusText(families, escaped.families);
  return { text, samples, problems: describeOmissions([...escaped.omissions, ...omissions], where) };
}

const compress = promisify(gzip);

/** `plain`: what `writePlainPage` made of the same batch. */
export function holdPage(batch: Batch, settings: Settings, plain: string, heldSinceMs: number): HeldPage {
  const content = selectContent(batch, settings);
  const made = new Map<string, Promise<Buffer>>();
  const makeOnce = (key: string, make: () => Promise<Buffer>): Promise<Buffer> => {
    const kept = made.get(key) ?? make();
    made.set(key, kept);
    return kept;
  };
  const getBody = (form: PageForm, isCompressed: boolean): Promise<Buffer> => {
    const key = `${form.format} ${form.escaping ?? 'underscores'}`;
    const getText = (): Promise<Buffer> => makeOnce(key, async () => Buffer.from(await write(form)));
    return isCompressed ? makeOnce(`${key} gzip`, async () => await compress(await getText())) : getText();
  };
  const write = async ({ format, escaping = 'underscores' }: PageForm): Promise<string> => {
    if (format === 'text' && escaping === 'underscores') return plain;
    const relayed = escapeRelayed(content.relayed, escaping).families;
    if (format === 'openmetrics')
      return writeOpenMetrics(content.families, relayed, { escaping, startTimes: settings.startTimes });
    if (escaping === 'allow-utf-8') return writeQuotedText(content.families, relayed);
    return (await writePrometheusText(content.families, relayed)).text;
  };
  return { heldSinceMs, chooseContentType: formatContentType, getBody };
}

/** Quoted names are version 1.0.0 of the text format. */
function formatContentType({ format, escaping }: PageForm): string {
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
export function computeLongestAge(intervalMs: number): number {
  return Math.max(missedIntervals * intervalMs, leastAgeMs);
}
