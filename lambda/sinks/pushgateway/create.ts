import type { CreateSink } from '../sink.ts';
import type { PushgatewayConfig } from './config.ts';
import { gatewayAt } from './send/gateway.ts';
import { commonKey, groupsOf, problemsOfConflicts } from './encode/encode-groups.ts';
import { orphanRemoval } from './send/remove-orphans.ts';
import { previewOfGroups } from './preview.ts';
import { pushAll } from './send/push-groups.ts';

/** Replaces one group a source at every run, so that what vanished from a source vanishes from the gateway. */
export const createPushgateway: CreateSink<PushgatewayConfig> = (config, ports) => {
  const { collector, log } = ports;
  const where = `pushgateway/${config.name}`;
  const gateway = gatewayAt(config, ports);
  const removeOrphans = orphanRemoval({ gateway, common: commonKey(config, collector), log, sink: config.name });

  return {
    write: async (batch, { deadline }) => {
      const groups = groupsOf(batch, config, collector);
      const { isUnreachable, problems, ...sent } = await pushAll(groups, gateway, where, deadline);
      const sources = batch.parts.map(({ source }) => source);
      if (!isUnreachable) await removeOrphans(sources, deadline);
      return { ...sent, problems: [...problemsOfConflicts(groups, where), ...problems] };
    },
    preview: (batch) => previewOfGroups(groupsOf(batch, config, collector), where),
  };
};
