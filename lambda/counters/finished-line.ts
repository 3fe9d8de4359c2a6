/** The log line of a finished run: what every CI system tells has one name, whichever of them it was. */
import type { Span } from '../model/span.ts';
import type { Finish } from './finish.ts';

/** What the span of a run does not say. */
export interface LineFacts {
  readonly system: string;
  readonly source: string;
  readonly number?: number | undefined;
  /** As the metrics tell it; a system that knows no start tells none. */
  readonly durationSeconds: number | undefined;
}

/** `more` is what only this CI system has. */
export function finishedLine(
  { system, source, number, durationSeconds }: LineFacts,
  span: Span,
  more: NonNullable<Finish['line']> = {},
): NonNullable<Finish['line']> {
  const { scope, pipeline, result, attempt, waitSeconds, activeSeconds, branch, commit, url, endMs } = span;
  const fields = {
    system,
    source,
    scope,
    pipeline,
    number,
    result,
    attempt,
    waitSeconds,
    durationSeconds,
    activeSeconds,
    branch,
    commit,
    url,
    finishedAt: new Date(endMs).toISOString(),
  };
  const known = Object.entries(fields).flatMap(([field, value]) =>
    value === undefined ? [] : [[field, value] as const],
  );
  return { ...Object.fromEntries(known), ...more };
}
