/** Finds pipelines that were renamed or deleted, so that their last result ends in this run and not weeks later. */
import { matchSelection } from '../../../settings/glob.ts';
import { hashKey } from '../../../counters/tick/hash.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { KnownPipelines } from './known-pipelines.ts';
import { type Build, Pipeline } from '../user-api/rest-schema.ts';
import type { TokenFacts } from '../user-api/access-token.ts';
import { BudgetSpentError } from '../user-api/client.ts';
import type { UserRun } from '../user-api/run.ts';
import { hourMs } from '../../../model/time.ts';

export interface RemainingPipelines {
  readonly known: KnownPipelines;
  /** Names under which nothing runs any more. */
  readonly ended: readonly string[];
}

/** What was known of pipelines, without those that are gone: what they left behind ends in this run. */
export async function refreshPipelines(
  run: UserRun,
  token: TokenFacts | undefined,
  builds: readonly Build[],
): Promise<KnownPipelines> {
  const { config, ledger, organization } = run;
  const isSelected = matchSelection(config.pipelines ?? {});
  const renamed = dropRenamed(ledger?.recall('pipelines', KnownPipelines) ?? {}, builds);
  const names = Object.entries(renamed.known);
  const checked = await checkQuietPipeline(
    Object.fromEntries(names.filter(([name]) => isSelected(name))),
    token?.scopes ?? [],
    run,
  );
  const unselected = names.map(([name]) => name).filter((name) => !isSelected(name));
  for (const pipeline of [...renamed.ended, ...checked.ended, ...unselected])
    ledger?.endMarks({ system: 'buildkite', scope: organization, pipeline });
  return checked.known;
}

/** An id tells a pipeline for good; its slug is what people change. */
function dropRenamed(known: KnownPipelines, builds: readonly Build[]): RemainingPipelines {
  const seen = builds.flatMap(({ pipeline }) => {
    const { id, slug } = pipeline ?? {};
    return typeof id === 'string' && slug !== undefined ? [{ id: hashKey(id), slug }] : [];
  });
  return applyRenames(known, new Map(seen.map(({ id, slug }) => [id, slug])));
}

/** What was learnt of a pipeline goes with it to its new name, unless that one is known by itself. */
function applyRenames(known: KnownPipelines, slugs: ReadonlyMap<string, string>): RemainingPipelines {
  const ids = new Map([...slugs].map(([id, slug]) => [slug, id]));
  const moved = Object.entries(known).flatMap(([name, pipeline]) => {
    const slug = slugs.get(pipeline.id ?? '');
    return slug === undefined || slug === name ? [] : [{ name, slug, pipeline }];
  });
  // Another pipeline has the name of one that is gone.
  const replaced = Object.entries(known).flatMap(([name, { id }]) => {
    const now = ids.get(name);
    return id === undefined || now === undefined || now === id ? [] : [name];
  });
  const ended = [...new Set([...moved.map(({ name }) => name), ...replaced])];
  const kept = Object.entries(known).filter(([name]) => !ended.includes(name));
  const taken = new Set(kept.map(([name]) => name));
  const carried = moved.filter(({ slug }) => !taken.has(slug)).map(({ slug, pipeline }) => [slug, pipeline] as const);
  return { known: Object.fromEntries([...kept, ...carried]), ended };
}

/** What of a run it takes to ask for a pipeline. */
type PipelineRun = Pick<UserRun, 'api' | 'organization' | 'nowMs' | 'problemFrom' | 'problems'>;

/** One that ran within the hour is there; and none is asked for more often. */
const quietForMs = hourMs;

const gone: ReadonlySet<number> = new Set([404, 410]);

/**
 * Asks Buildkite for the quiet pipeline that was asked for longest ago: one request a run, so that an organization of a
 * thousand pipelines is gone through in 17 hours. Two answers that a pipeline is gone have to agree, for a single one
 * may be a mistake. A token without `read_pipelines` cannot ask.
 */
async function checkQuietPipeline(
  known: KnownPipelines,
  scopes: readonly string[],
  run: PipelineRun,
): Promise<RemainingPipelines> {
  const name = scopes.includes('read_pipelines') ? pickQuietPipeline(known, run.nowMs) : undefined;
  const pipeline = name === undefined ? undefined : known[name];
  if (name === undefined || pipeline === undefined) return { known, ended: [] };
  const answer = await requestPipeline(name, run);
  if (answer === 'unknown') return { known, ended: [] };
  if (answer === 'gone' && pipeline.isMissing === true) {
    return { known: Object.fromEntries(Object.entries(known).filter(([other]) => other !== name)), ended: [name] };
  }
  const next = { ...known, [name]: { ...pipeline, askedMs: run.nowMs, isMissing: answer === 'gone' } };
  return answer === 'gone' ? { known: next, ended: [] } : applyRenames(next, answer);
}

function pickQuietPipeline(known: KnownPipelines, nowMs: number): string | undefined {
  const quiet = Object.entries(known).filter(
    ([, { seenMs, askedMs = 0, isMissing = false }]) =>
      nowMs - seenMs > quietForMs && (isMissing || nowMs - askedMs > quietForMs),
  );
  // One that was missing is asked for again in the very next run.
  const [next] = quiet.toSorted(([, a], [, b]) => rankPipeline(a) - rankPipeline(b));
  return next?.[0];
}

function rankPipeline({ isMissing = false, askedMs = 0 }: KnownPipelines[string]): number {
  return isMissing ? -1 : askedMs;
}

/** By its id the slug that it has now, or that it is gone; `unknown` where nothing was learned. */
async function requestPipeline(
  name: string,
  { api, organization, problemFrom, problems }: PipelineRun,
): Promise<ReadonlyMap<string, string> | 'gone' | 'unknown'> {
  const url = api.buildUrl(`organizations/${organization}/pipelines/${encodeURIComponent(name)}`);
  try {
    const { value } = await api.requestRest(url, Pipeline);
    return new Map(typeof value.id === 'string' ? [[hashKey(value.id), value.slug]] : []);
  } catch (error) {
    if (error instanceof HttpStatusError && gone.has(error.status)) return 'gone';
    // The next run has a budget of its own.
    if (error instanceof BudgetSpentError) return 'unknown';
    const problem = problemFrom(error, 'pipeline');
    if (problem === undefined) throw error;
    problems.push(problem);
    return 'unknown';
  }
}
