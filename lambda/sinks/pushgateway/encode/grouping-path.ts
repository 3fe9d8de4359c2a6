/** Writes the labels of a group as a path of the Pushgateway. */

/** Labels of a group; `job` is one of them and comes first in the path. */
export type GroupingKey = Readonly<Record<string, string>>;

/**
 * Values that a path segment carries as they are. A `/` would split it, for `%2F` is decoded before it is split, and a
 * segment of dots alone is a step in a path, which URL parsers take on the way.
 */
const plainValue = /^(?!\.{1,2}$)[A-Za-z0-9_.~-]+$/;

/** `/metrics/job/<job>/<label>/<value>…`, with `@base64` where a value needs it (Pushgateway README, "URL"). */
export function formatGroupingPath({ job = '', ...labels }: GroupingKey): string {
  const segments = [['job', job] as const, ...Object.entries(labels)].map(([name, value]) =>
    formatSegment(name, value),
  );
  return `/metrics/${segments.join('/')}`;
}

function formatSegment(name: string, value: string): string {
  if (plainValue.test(value)) return `${name}/${value}`;
  // Padding alone stands for the empty value.
  return `${name}@base64/${value === '' ? '=' : Buffer.from(value, 'utf8').toString('base64url')}`;
}
