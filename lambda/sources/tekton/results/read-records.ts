/** Reads the records of a range of time from the API of Tekton Results. */
import * as z from 'zod';
import { BadResponseError, ResponseTooLargeError } from '../../../http/errors/errors.ts';
import { parseJson } from '../../../http/answers/json.ts';
import { parseJsonText } from '../../../model/text/outside-text.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import type { TimeRange } from '../cluster/age.ts';
import type { ListTarget } from '../cluster/list-runs.ts';
import type { ClusterRequest, ClusterSend } from '../cluster/connect.ts';
import { RunObject } from '../cluster/schema.ts';
import type { RunKind } from '../cluster/state.ts';

/** The Results API and how much of it may be read. */
export interface RecordsOptions {
  readonly send: ClusterSend;
  readonly deadline: Deadline;
  readonly maxRecords: number;
}

export interface Records {
  readonly objects: readonly RunObject[];
  /** Records that cannot be read. */
  readonly unreadable: number;
  /** Whether the range has more than `maxRecords`. */
  readonly isCut: boolean;
}

/** Snake case by tektoncd/results v0.20; camel case is what other builds of the same gateway write. */
const RecordPage = z.object({
  records: z.array(z.unknown()).nullish(),
  next_page_token: z.string().nullish(),
  nextPageToken: z.string().nullish(),
});

/** A record holds the whole run as JSON in base64. */
const RunRecord = z.object({ data: z.object({ value: z.base64() }) });

const dataTypes: Readonly<Record<RunKind, string>> = {
  pipelineruns: 'tekton.dev/v1.PipelineRun',
  taskruns: 'tekton.dev/v1.TaskRun',
};

/** Whole runs of up to 50 kB, a third larger in base64: 50 are below the limit of an answer. */
const pageRecords = 50;

/** The least that the API takes (pkg/api/server/v1alpha2, lister). */
const leastPageRecords = 5;

/** Runs that ended in a range of time: after its first moment, and up to its last one. @throws HttpError */
export async function readRecords(target: ListTarget, range: TimeRange, options: RecordsOptions): Promise<Records> {
  const { send, deadline, maxRecords } = options;
  const objects: RunObject[] = [];
  let unreadable = 0;
  let size = pageRecords;
  let token = '';
  while (objects.length + unreadable < maxRecords) {
    const query = {
      filter: buildFilter(target.kind, range),
      page_size: String(size),
      ...(token === '' ? {} : { page_token: token }),
    };
    const page = await readRecordPage(
      send,
      { path: buildPath(target), query, accept: 'application/json', deadline },
      size,
    );
    if (page === 'too large') {
      size = Math.max(leastPageRecords, size / 10);
      continue;
    }
    for (const raw of page.records) {
      const object = parseObject(raw);
      if (object === undefined) unreadable += 1;
      else objects.push(object);
    }
    if (page.next === '') return { objects, unreadable, isCut: false };
    if (page.next === token) throw new BadResponseError(buildPath(target), 'the list continues where it has just been');
    token = page.next;
  }
  return { objects, unreadable, isCut: true };
}

/** `-` is every namespace, and every result of one. */
function buildPath({ namespace = '-' }: ListTarget): string {
  return `/apis/results.tekton.dev/v1alpha2/parents/${namespace}/results/-/records`;
}

/** In CEL; `data` is the run itself. */
function buildFilter(kind: RunKind, { fromMs, toMs }: TimeRange): string {
  const formatTime = (ms: number): string => `timestamp("${new Date(ms).toISOString()}")`;
  const end = 'data.status.completionTime';
  return `data_type == '${dataTypes[kind]}' && ${end} > ${formatTime(fromMs)} && ${end} <= ${formatTime(toMs)}`;
}

async function readRecordPage(
  send: ClusterSend,
  request: ClusterRequest,
  size: number,
): Promise<{ readonly records: readonly unknown[]; readonly next: string } | 'too large'> {
  try {
    const answer = await send(request);
    const page = parseJson(answer.where, answer, RecordPage);
    return { records: page.records ?? [], next: page.next_page_token ?? page.nextPageToken ?? '' };
  } catch (error) {
    if (error instanceof ResponseTooLargeError && size > leastPageRecords) return 'too large';
    throw error;
  }
}

function parseObject(raw: unknown): RunObject | undefined {
  const record = RunRecord.safeParse(raw);
  if (!record.success) return undefined;
  const text = Buffer.from(record.data.data.value, 'base64').toString('utf8');
  try {
    return RunObject.safeParse(parseJsonText(text)).data;
  } catch {
    return undefined;
  }
}
