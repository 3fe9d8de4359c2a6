/** Makes the sink: one group for each source, replaced at every run. */
import { describeHttpProblem } from '../../http/errors/problem.ts';
import { describeWrite } from '../describe-write.ts';
import type { CreateSink } from '../sink.ts';
import type { PushgatewayConfig } from './config.ts';
import { createGateway } from './send/gateway.ts';
import { buildCommonKey, encodeGroups, describeConflicts } from './encode/encode-groups.ts';
import { createOrphanRemoval } from './send/remove-orphans.ts';
import { previewGroups } from './preview.ts';
import { pushGroups } from './send/push-groups.ts';

/** Replaces one group a source at every run, so that what vanished from a source vanishes from the gateway. */
export const createPushgateway: CreateSink<PushgatewayConfig> = (config, ports) => {
  const { collector, log } = ports;
  const where = `pushgateway/${config.name}`;
  const gateway = createGateway(config, ports);
  const removeOrphans = createOrphanRemoval({
    gateway,
    common: buildCommonKey(config, collector),
    log,
    sink: config.name,
  });

  return {
    write: async (batch, { deadline }) => {
      const groups = encodeGroups(batch, config, collector);
      const { isUnreachable, problems, ...sent } = await pushGroups(groups, gateway, where, deadline);
      const sources = batch.sources.map(({ source }) => source);
      if (!isUnreachable) await removeOrphans(sources, deadline);
      return { ...sent, problems: [...describeConflicts(groups, where), ...problems] };
    },
    examine: async ({ deadline }) => {
      try {
        const groups = await gateway.readGroups(deadline);
        return describeWrite(where, `lists its ${String(groups.length)} groups`, undefined);
      } catch (error) {
        const problem = describeHttpProblem(error, where);
        if (problem === undefined) throw error;
        return describeWrite(where, '', problem);
      }
    },
    preview: (batch) => previewGroups(encodeGroups(batch, config, collector), where),
  };
};
