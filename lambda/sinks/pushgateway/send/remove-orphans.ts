/** Removes the groups of sources that have left the configuration. */
import { BadResponseError } from '../../../http/errors/errors.ts';
import { isSameSeries } from '../../../model/families/order.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import type { Logger } from '../../../runtime/log.ts';
import type { Gateway } from './gateway.ts';
import type { GroupingKey } from '../encode/grouping-path.ts';
import { sourceLabel } from '../encode/encode-groups.ts';

export interface OrphanContext {
  readonly gateway: Gateway;
  readonly common: GroupingKey;
  readonly log: Logger;
  /** Name of the sink, for the log. */
  readonly sink: string;
}

export type RemoveOrphans = (sources: readonly string[], deadline: Deadline) => Promise<void>;

/** Tidying up may take only a part of what is left, so that a slow list never makes a delivered run miss its end. */
const shareForTidying = 0.5;

/**
 * Deletes the groups of sources that left the configuration: a Pushgateway keeps a group for ever. Done in the first
 * run of a process and whenever the sources change. A failure is logged and costs no data.
 */
export function createOrphanRemoval({ gateway, common, log, sink }: OrphanContext): RemoveOrphans {
  let tidyFor: string | undefined;
  return async (sources, deadline) => {
    const wanted = JSON.stringify(sources);
    if (wanted === tidyFor) return;
    using tidying = deadline.slice(shareForTidying);
    try {
      const orphans = (await gateway.readGroups(tidying)).filter((key) => isOrphan(key, common, sources));
      for (const key of orphans) await gateway.remove(key, tidying);
      if (orphans.length > 0) log.info('groups of removed sources deleted', { sink, groups: orphans });
      tidyFor = wanted;
    } catch (error) {
      log.warn('groups of removed sources could not be looked for', { sink, error });
      // A list that is too large or is not that of a Pushgateway is the same the next time, and it is not small.
      if (error instanceof BadResponseError) tidyFor = wanted;
    }
  };
}

/** Exactly the common labels and a source that is not configured: groups of others have other labels. */
function isOrphan(key: GroupingKey, common: GroupingKey, sources: readonly string[]): boolean {
  const { [sourceLabel]: source, ...rest } = key;
  return source !== undefined && !sources.includes(source) && isSameSeries(rest, common);
}
