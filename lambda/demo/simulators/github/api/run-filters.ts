/** Chooses runs by the parameters of their list. */
import type { Shown } from './answers.ts';
import { dayMs } from '../../../../model/time.ts';

/** Any of these, and the list ends at 1,000 runs (OpenAPI, "List workflow runs for a repository"). */
const filters = ['actor', 'branch', 'check_suite_id', 'created', 'event', 'head_sha', 'status'] as const;

export function isFiltered({ searchParams }: URL): boolean {
  return filters.some((name) => searchParams.has(name));
}

/** Undefined for a time that cannot be understood. */
export function chooseRuns({ searchParams }: URL, shown: readonly Shown[]): readonly Shown[] | undefined {
  const created = parseCreated(searchParams.get('created'));
  if (created === undefined) return undefined;
  const [status, branch, event] = ['status', 'branch', 'event'].map((name) => searchParams.get(name));
  return shown.filter(({ run, moment }) => {
    if (run.createdMs < created.fromMs || run.createdMs > created.toMs) return false;
    if (branch !== null && run.branch !== branch) return false;
    if (event !== null && run.event !== event) return false;
    return status === null || moment.status === status || moment.conclusion === status;
  });
}

interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The syntax of dates in searches: `>=A`, `>A`, `<=B`, `<B`, `A..B`, or one day. */
function parseCreated(text: string | null): Range | undefined {
  if (text === null) return { fromMs: -Infinity, toMs: Infinity };
  const [, sign, at = ''] = /^([<>]=?)(.+)$/.exec(text) ?? [];
  const range = sign === undefined ? parseSpan(text) : parseBound(sign, Date.parse(at));
  return Number.isNaN(range.fromMs) || Number.isNaN(range.toMs) ? undefined : range;
}

function parseSpan(text: string): Range {
  const [from = '', to] = text.split('..');
  const fromMs = from === '*' ? -Infinity : Date.parse(from);
  if (to === undefined) return { fromMs, toMs: fromMs + dayMs - 1 };
  return { fromMs, toMs: to === '*' ? Infinity : Date.parse(to) };
}

/** Times have whole seconds: later than one is from the next on. */
function parseBound(sign: string, atMs: number): Range {
  const offMs = sign.endsWith('=') ? 0 : 1000;
  return sign.startsWith('>')
    ? { fromMs: atMs + offMs, toMs: Infinity }
    : { fromMs: -Infinity, toMs: atMs + 999 - offMs };
}
