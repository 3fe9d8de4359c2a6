/** Parses times as Buildkite writes them. */

/**
 * Epoch milliseconds of a time as Buildkite writes it: ISO 8601, or `2019-08-11 06:01:16 UTC` for a few fields.
 * Undefined where there is none.
 */
export function parseTime(text: string | null | undefined): number | undefined {
  if (text === null || text === undefined) return undefined;
  const iso = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) UTC$/.exec(text);
  const time = Date.parse(iso === null ? text : `${iso[1] ?? ''}T${iso[2] ?? ''}Z`);
  return Number.isNaN(time) ? undefined : time;
}
