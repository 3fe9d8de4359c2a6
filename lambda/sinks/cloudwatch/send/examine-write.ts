/** Writes one figure of its own into each namespace, for the doctor: CloudWatch takes nothing that is empty. */
import type { Finding } from '../../../model/finding.ts';
import { collectMetricNames, resolveNamespace } from '../../../model/for-sinks/cloud-watch-shape.ts';
import { matchSelection } from '../../../settings/glob.ts';
import { describeWrite } from '../../describe-write.ts';
import type { ExamineContext } from '../../sink.ts';
import type { CloudWatchConfig } from '../config.ts';
import { createDatumWriter, type Datum } from '../encode/datum.ts';
import { buildRequest } from '../encode/split-requests.ts';
import type { MetricClient } from './client.ts';
import { explainError } from './explain-error.ts';

/** Nothing reads it. It is a custom metric of one hour, which costs $0.0004 (a 730th of $0.30). */
const examinedMetric = 'DoctorWrites';

/** `metrics`: what the sources may emit decides which namespaces are written to. */
export interface Examining extends ExamineContext {
  readonly client: MetricClient;
  readonly config: CloudWatchConfig;
}

export async function examineWrite(examining: Examining): Promise<readonly Finding[]> {
  const namespaces = findNamespaces(examining);
  if (namespaces.size === 0) return [describeNothingToSend(examining.config)];
  const found = await Promise.all([...namespaces].map((namespace) => examineNamespace(namespace, examining)));
  return found.flat();
}

/** Those that a run may write to. */
function findNamespaces({ metrics, config }: Examining): ReadonlySet<string> {
  const isPublished = matchSelection(config.metrics ?? {});
  const roles = metrics
    .filter(({ cloudWatch }) => collectMetricNames(cloudWatch).some(isPublished))
    .map(({ cloudWatch }) => cloudWatch.namespace)
    .filter((role) => role !== 'collector');
  const own = config.collectorMetrics === 'api' ? (['collector'] as const) : [];
  return new Set([...roles, ...own].map((role) => resolveNamespace(role, config.namespace)));
}

function describeNothingToSend({ name }: CloudWatchConfig): Finding {
  return {
    subject: 'write',
    where: `cloudwatch/${name}`,
    verdict: 'warning',
    message: 'no source has a metric for this sink, so that nothing is ever sent to it',
    remedy: 'take its `metrics` out or wider, add a source, or remove the sink',
  };
}

async function examineNamespace(
  namespace: string,
  { client, config, nowMs, deadline }: Examining,
): Promise<readonly Finding[]> {
  const where = `cloudwatch/${config.name} ${namespace}`;
  const datum: Datum = {
    namespace,
    name: examinedMetric,
    dimensions: [],
    unit: 'Count',
    value: 1,
    resolution: 'standard',
    reading: 'level',
  };
  const { body } = buildRequest([datum], createDatumWriter(nowMs));
  const { error } = await client.put({ namespace, body }, 'level', deadline.signal);
  if (error === undefined) return describeWrite(where, `takes a figure, of the metric ${examinedMetric}`, undefined);
  if (deadline.signal.aborted)
    return describeWrite(where, '', {
      kind: 'timeout',
      where,
      message: 'CloudWatch did not answer in time; check the route to it: in a VPC it needs an endpoint or a NAT',
    });
  const { kind, reason, remedy } = explainError(error, namespace);
  return describeWrite(where, '', { kind, where, message: `${reason}; ${remedy}` });
}
