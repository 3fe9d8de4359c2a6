/** The answers of a small GitHub, made by hand after its published schema, for contracts that need no simulation. */

export interface SmallGithub {
  /** Names of the repositories of the organization acme. */
  readonly repositories: readonly string[];
  /** Whether the one run of each repository has ended. */
  readonly hasEnded: boolean;
  /** When the test began; the runs were created a minute before. Epoch milliseconds. */
  readonly startMs: number;
  readonly runners?: readonly (readonly string[])[];
  /** By the number of the repository; default: names that do no harm. */
  readonly nameOf?: (index: number) => string;
}

const minuteMs = 60_000;

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** The body for a path without its query; undefined for what is not there. */
export function answerGithub(path: string, github: SmallGithub): unknown {
  const { repositories, runners = [] } = github;
  if (path === '/orgs/acme/repos') return repositories.map(makeRepository);
  if (path === '/orgs/acme/actions/runners')
    return {
      total_count: runners.length,
      runners: runners.map((labels, index) => ({
        ...{ id: index + 1, name: `r${String(index)}`, os: 'linux', status: 'online', busy: index % 2 === 1 },
        labels: labels.map((name, place) => ({ id: place, name, type: 'custom' })),
      })),
    };
  const [, name = '', rest = ''] = /^\/repos\/acme\/([^/]+)(\/.*)?$/.exec(path) ?? [];
  const index = repositories.map(encodeURIComponent).indexOf(name);
  return index < 0 ? undefined : answerRepository(rest, index, github);
}

function makeRepository(name: string, index: number): object {
  return {
    ...{ id: 501 + index, name, full_name: `acme/${name}`, default_branch: 'main', private: true, fork: false },
    ...{ archived: false, disabled: false, pushed_at: '2026-01-01T00:00:00Z' },
  };
}

function answerRepository(rest: string, index: number, github: SmallGithub): unknown {
  const run = makeRun(index, github);
  if (rest === '') return makeRepository(github.repositories[index] ?? '', index);
  if (rest === '/actions/runs') return { total_count: 1, workflow_runs: [run] };
  if (rest === `/actions/runs/${String(9001 + index)}/attempts/1`) return run;
  return rest.endsWith('/jobs') ? { total_count: 1, jobs: [makeJob(index, github)] } : undefined;
}

function nameOf(index: number, github: SmallGithub): string {
  return github.nameOf?.(index) ?? `name-${String(index)}`;
}

function makeRun(index: number, github: SmallGithub): object {
  const { startMs, hasEnded } = github;
  return {
    ...{ id: 9001 + index, run_number: 1, run_attempt: 1, event: 'push', workflow_id: 77 },
    ...{ name: nameOf(index, github), path: `.github/workflows/${nameOf(index, github)}`, head_sha: 'a'.repeat(40) },
    ...{ status: hasEnded ? 'completed' : 'in_progress', conclusion: hasEnded ? 'success' : null },
    ...{ head_branch: github.nameOf === undefined ? 'main' : nameOf(index, github) },
    ...{ created_at: iso(startMs - minuteMs), run_started_at: iso(startMs - minuteMs) },
    updated_at: iso(startMs + (hasEnded ? minuteMs / 2 : 0)),
  };
}

function makeJob(index: number, github: SmallGithub): object {
  const { startMs, hasEnded } = github;
  return {
    ...{ id: 9501 + index, run_id: 9001 + index, run_attempt: 1, name: nameOf(index, github) },
    ...{ status: hasEnded ? 'completed' : 'in_progress', conclusion: hasEnded ? 'success' : null },
    ...{ created_at: iso(startMs - minuteMs), started_at: iso(startMs - minuteMs / 2) },
    completed_at: hasEnded ? iso(startMs + minuteMs / 2) : null,
    ...{ labels: [nameOf(index, github)], runner_id: 1, runner_name: 'r', runner_group_name: 'Default', steps: [] },
  };
}
