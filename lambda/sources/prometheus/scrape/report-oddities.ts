/** Logs what is odd on a page, once a process: it would be the same in each run. */
import { type Remark, formatRemark } from '../../../prometheus-text/remarks.ts';
import type { Logger } from '../../../runtime/log.ts';
import type { Relayed } from '../relabel/relay.ts';

type Tell = (where: string, remarks: readonly Remark[], relayed: Pick<Relayed, 'unsound' | 'untimely'>) => void;

/** Oddities that are remembered: a page that has a new one every minute must not fill the memory. */
const maxRemembered = 1000;

export function createOddityReporter(log: Logger): Tell {
  const reported = new Set<string>();
  const tellOnce = (where: string, key: string, oddity: string): void => {
    const known = `${where} ${key}`;
    if (reported.has(known) || reported.size >= maxRemembered) return;
    reported.add(known);
    log.warn('a page is odd and was read as Prometheus reads it', { where, oddity });
  };
  return (where, remarks, { unsound, untimely: { old } }) => {
    for (const remark of remarks) if (!remark.isLoss) tellOnce(where, remark.text, formatRemark(remark));
    for (const name of unsound)
      tellOnce(where, name, `buckets of ${name} fall, or do not add up to the count; they go on as untyped series`);
    if (old !== undefined && !reported.has(where)) {
      reported.add(where);
      log.warn('a page has samples older than maxSampleAgeMinutes; they are left out', { where, ...old });
    }
  };
}
