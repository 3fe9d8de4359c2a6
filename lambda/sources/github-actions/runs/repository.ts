/** The repository that runs come from, and how it, its branches and its workflows are named in labels. */
import type { BranchLabel } from '../../../crawl/branch-label.ts';
import type { Watched } from '../../../crawl/watched.ts';
import { minuteMs } from '../../../model/time.ts';
import { makeLabelValue } from '../../../model/text/labels.ts';
import type { RunRecord } from '../api/schema.ts';

/** A repository that is followed, with what is remembered of it between ticks. Times are epoch milliseconds. */
export interface Repository extends Watched {
  /** `owner/name` */
  readonly fullName: string;
  /** Empty where GitHub does not tell. */
  readonly defaultBranch: string;
  /** The pass over the list of repositories that found it last. */
  readonly pass: number;
  /** When an event told last of a run or job of it; 0: never. */
  readonly toldMs: number;
  /** Since when its runs answer 404; 0: they do not. */
  readonly unseenMs: number;
}

/** Older figures are left out, because an autoscaler may use them. */
const longestHeldMs = 15 * minuteMs;

/** Whether what is known of its open runs is the present: a visit or an event has told of them in the last 15 minutes. */
export function isCurrent({ visitedMs, toldMs }: Pick<Repository, 'visitedMs' | 'toldMs'>, tickMs: number): boolean {
  return tickMs - Math.max(visitedMs, toldMs) <= longestHeldMs;
}

/** A repository as its runs need it. */
export interface RepositoryIdentity {
  /** The operator's name of the source. */
  readonly source: string;
  readonly organization: string;
  readonly fullName: string;
  readonly defaultBranch: string;
  readonly branchLabel: BranchLabel;
  /** `leave` means that the ends of jobs are not read, so that a run's duration ends when it was changed last. */
  readonly jobs: 'read' | 'leave';
  /** The web address of GitHub, without a path. */
  readonly webOrigin: string;
}

export function scopeOf({ fullName }: Pick<RepositoryIdentity, 'fullName'>): string {
  return makeLabelValue(fullName) ?? 'unnamed';
}

/** The name without the organization, as selections have it. */
export function bareNameOf(fullName: string): string {
  return fullName.slice(fullName.indexOf('/') + 1);
}

/**
 * Undefined for pull requests, whose branch may have any name in a fork, and for what a merge queue makes: neither is
 * the state of a branch.
 */
export function branchOf({ event, head_branch }: Pick<RunRecord, 'event' | 'head_branch'>): string | undefined {
  if (/^(pull_request|merge_group)/.test(event ?? '')) return undefined;
  return head_branch ?? undefined;
}

/** The file of the workflow: its name may change, and the title of a run is one for each. */
export function choosePipelineName({ path, name }: Pick<RunRecord, 'path' | 'name'>): string {
  // A workflow of another repository has its version behind an `@`.
  const file = (path ?? '').split('@')[0]?.split('/').at(-1) ?? '';
  return makeLabelValue(file) ?? makeLabelValue(name ?? '') ?? 'other';
}

/** The web page of an attempt, for people. */
export function buildRunUrl(
  { webOrigin, fullName }: Pick<RepositoryIdentity, 'webOrigin' | 'fullName'>,
  id: string,
  attempt: number,
): string {
  return `${webOrigin}/${fullName}/actions/runs/${id}/attempts/${String(attempt)}`;
}
