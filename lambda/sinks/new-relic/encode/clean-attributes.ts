/** Writes the keys and values of attributes so that New Relic keeps them. */
import { maxNameLength, maxValueLength } from '../limits.ts';

/**
 * Metric API, "Restricted attributes": what stands in the JSON of a metric, what New Relic sets itself or tells entities
 * by, and the reserved words of NRQL that it names. A point with one of them is dropped, or the value is.
 */
const restricted: ReadonlySet<string> = new Set([
  'accountId',
  'accountID',
  'appId',
  'common',
  'count',
  'endTimestamp',
  'entity.guid',
  'entity.name',
  'entity.type',
  'eventType',
  'interval.ms',
  'max',
  'metricName',
  'metrics',
  'min',
  'newrelic.source',
  'sum',
  'timestamp',
  'value',
]);

/** Stands before the key of an attribute that may not be called as it is. */
const mark = 'label.';

/** Attribute keys: letters, digits, colons, dots and underscores, and none of the restricted ones. */
export function isAllowedKey(key: string): boolean {
  return /^[A-Za-z0-9:._]+$/.test(key) && key.length <= maxNameLength && !restricted.has(key);
}

/** The key under which a label of a metric is sent. A key that equals the metric's name makes the metric invalid. */
export function cleanKey(label: string, metric: string): string {
  const written = label.replace(/[^A-Za-z0-9:._]/gu, '_').slice(0, maxNameLength - mark.length);
  return written === metric || !isAllowedKey(written) ? `${mark}${written}` : written;
}

/** A value as it is sent: longer ones are cut between characters. */
export function cleanValue(value: string): string {
  const written = value.isWellFormed() ? value : value.toWellFormed();
  if (written.length <= maxValueLength) return written;
  return written
    .slice(0, maxValueLength)
    .toWellFormed()
    .replace(/\ufffd$/, '');
}
