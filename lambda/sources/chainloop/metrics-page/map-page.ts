import * as z from 'zod';
import type { Ledger } from '../../../counters/ledger.ts';
import { withCredentials } from '../../../http/auth/credentials.ts';
import { BadResponseError } from '../../../http/errors/errors.ts';
import type { HttpResponse, TlsMaterial } from '../../../http/port.ts';
import { whereOf } from '../../../http/where.ts';
import { labelValue } from '../../../model/text/labels.ts';
import { gauge, type MetricFamily } from '../../../model/metric.ts';
import { formatOf } from '../../../prometheus-text/content-type.ts';
import { histogramsOf } from '../../../prometheus-text/histograms.ts';
import type { Page, PageFamily, PageLabels } from '../../../prometheus-text/page.ts';
import { lossesIn } from '../../../prometheus-text/remarks.ts';
import { parsePage } from '../../../prometheus-text/parser.ts';
import { PageSyntaxError } from '../../../prometheus-text/syntax-error.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { withRotation } from '../../../secrets/rotation.ts';
import type { SourcePorts } from '../../source.ts';
import type { ChainloopConfig } from '../config.ts';
import { workflowRunDuration, workflowUp } from '../metrics.ts';
import { claimsFor } from '../token-claims.ts';

/** Only that: with a wider choice the server may answer protobuf. */
const accept = 'text/plain;version=0.0.4';

/** The metrics page that the server keeps for an organization. @throws HttpError, SecretUnavailableError */
export async function readMetricsPage(
  config: ChainloopConfig,
  { http, secrets }: Pick<SourcePorts, 'http' | 'secrets'>,
  deadline: Deadline,
): Promise<Page> {
  const { url: origin, organization, token: ref, tls } = config;
  const url = new URL(`${origin.replace(/\/+$/, '')}/prom/${organization}/metrics`);
  const get = (token: string, material: TlsMaterial | undefined): Promise<HttpResponse> =>
    http.send({
      method: 'GET',
      url,
      headers: { accept, authorization: `Bearer ${token}` },
      signal: deadline.signal,
      remainingMs: () => deadline.remainingMs(),
      ...(material === undefined ? {} : { tls: material }),
    });
  const response = await withCredentials({ tls }, { secrets }, deadline.signal, (credentials) =>
    withRotation(secrets, ref, deadline.signal, async (secret) => {
      const token = secret.reveal().trim();
      claimsFor(organization, token);
      return await get(token, credentials.tls);
    }),
  );
  return pageOf(response, whereOf('GET', url));
}

function pageOf({ headers, body }: HttpResponse, where: string): Page {
  const format = formatOf(headers['content-type'] ?? 'text/plain');
  if (typeof format === 'object') throw new BadResponseError(where, format.refused);
  try {
    return parsePage(body, { format });
  } catch (error) {
    // The server sends 200 before it encodes, so an error text may stand at the end of a page.
    if (error instanceof PageSyntaxError)
      throw new BadResponseError(where, `the metrics page ends in an error or is damaged: ${error.message}`);
    throw error;
  }
}

export interface Relayed {
  readonly families: readonly MetricFamily[];
  /** What is missing or wrong on the page, in words for a problem. */
  readonly faults: readonly string[];
}

/**
 * What the page says, under its own names. The gauge is passed on as it is; the histogram goes to the ledger, which tells
 * a restart of the server from a decrease.
 */
export function relayedFamilies(
  page: Page,
  ledger: Ledger | undefined,
  isSelected: (workflow: string) => boolean,
): Relayed {
  const up = page.families.find(({ name }) => name === workflowUp.name);
  const durations = page.families.find(({ name }) => name === workflowRunDuration.name);
  const follower = ledger !== undefined && areCounted(ledger) ? undefined : ledger;
  const unsound = durations === undefined ? 0 : followDurations(durations, follower, isSelected);
  return {
    families: up === undefined ? [] : [upFamily(up, isSelected)],
    faults: [
      ...listed(lossesIn(page.remarks)),
      // Durations without a single verdict cannot be: the server leaves the gauge out when its database fails.
      ...(up === undefined && durations !== undefined
        ? [`the page has no ${workflowUp.name}: the server could not read its database, or has just started`]
        : []),
      ...(unsound === 0
        ? []
        : [`${String(unsound)} histograms of ${workflowRunDuration.name} contradict themselves and were left out`]),
    ],
  };
}

function listed(fault: string | undefined): readonly string[] {
  return fault === undefined ? [] : [fault];
}

function upFamily({ samples }: PageFamily, isSelected: (workflow: string) => boolean): MetricFamily {
  return gauge(
    workflowUp,
    samples
      .map(({ labels, value }) => ({ labels: labelsOf(labels), value }))
      .filter(({ labels, value }) => Number.isFinite(value) && isSelected(labels.workflow)),
  );
}

const countedName = 'durations';

/** From now on the histogram is the one that was counted from runs: two with one name would be one series twice. */
export function countDurations(ledger: Ledger): void {
  ledger.remember(countedName, 'counted');
}

function areCounted(ledger: Ledger): boolean {
  return ledger.recall(countedName, z.literal('counted')) !== undefined;
}

/** How many histograms could not be used. */
function followDurations(
  family: PageFamily,
  ledger: Ledger | undefined,
  isSelected: (workflow: string) => boolean,
): number {
  const { histograms, unsound } = histogramsOf(family);
  for (const { labels, bounds, counts, sum, startMs } of histograms) {
    const own = { ...labelsOf(labels), status: valueOf(labels, 'status') };
    if (!isSelected(own.workflow) || sum === undefined || !Number.isFinite(sum)) continue;
    ledger?.followHistogram(workflowRunDuration, own, {
      bounds,
      counts,
      sum,
      ...(startMs === undefined ? {} : { startMs }),
    });
  }
  return unsound.length;
}

function labelsOf(labels: PageLabels): Record<'org' | 'workflow' | 'runner', string> {
  return { org: valueOf(labels, 'org'), workflow: valueOf(labels, 'workflow'), runner: valueOf(labels, 'runner') };
}

/** The first builds with this page had no label for the runner. */
function valueOf(labels: PageLabels, name: string): string {
  return labelValue(labels.get(name) ?? '') ?? 'unknown';
}
