/** Sends a request without a point, for the doctor: the key and the way are proven, and no figure changes. */
import { gzipSync } from 'node:zlib';
import type { Finding } from '../../../model/finding.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { describeWrite } from '../../describe-write.ts';
import type { SinkPorts } from '../../sink.ts';
import type { DatadogConfig } from '../config.ts';
import { createPost } from './post.ts';

export async function examineWrite(
  config: DatadogConfig,
  ports: SinkPorts,
  deadline: Deadline,
): Promise<readonly Finding[]> {
  const body = gzipSync('{"series":[]}');
  const fate = await createPost(config, ports, deadline)({ route: 'series', items: [], body });
  const problem = fate.outcome === 'stored' ? undefined : fate.problem;
  return describeWrite(`datadog/${config.name}`, 'takes a request without points', problem);
}
