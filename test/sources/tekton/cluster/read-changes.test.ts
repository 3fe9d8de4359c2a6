/** Tests of reading what has changed in a list since the last run, by a short watch. */
import { describe, expect, it } from 'vitest';
import { readChanges } from '../../../../lambda/sources/tekton/cluster/read-changes.ts';
import type { ClusterRequest } from '../../../../lambda/sources/tekton/cluster/connect.ts';
import { ResponseTooLargeError } from '../../../../lambda/http/errors/errors.ts';
import { createDeadline } from '../../../../lambda/runtime/deadline.ts';
import { startMs } from '../harness.ts';

const columnDefinitions = ['Name', 'Succeeded', 'Reason'].map((name) => ({ name }));

function event(type: string, version: number, cells: readonly string[], columns: object[] | null = null): string {
  const [name = ''] = cells;
  const metadata = { name, namespace: 'ci', uid: name, creationTimestamp: '2026-11-21T11:59:00Z' };
  const object = {
    kind: 'Table',
    metadata: { resourceVersion: String(version) },
    columnDefinitions: columns,
    rows: [{ cells, object: { metadata } }],
  };
  return `${JSON.stringify({ type, object })}\n`;
}

async function changesOf(body: string) {
  const asked: ClusterRequest[] = [];
  using deadline = createDeadline(1000, Date.now);
  const changes = await readChanges(
    (request) => {
      asked.push(request);
      const where = 'GET cluster/pipelineruns';
      return Promise.resolve({ status: 200, headers: {}, body: Buffer.from(body), receivedAtMs: startMs, where });
    },
    { kind: 'pipelineruns', labelSelector: 'team=a' },
    '100',
    { deadline, clock: () => startMs },
  );
  const rows = changes.rows.map(({ name, condition }) => `${name} ${condition.reason ?? ''}`);
  return { changes, rows, asked };
}

const first = event('ADDED', 101, ['a', 'Unknown', 'Running'], columnDefinitions);

describe('what has changed in a list', () => {
  it('is asked for by a watch that ends after a second, with the selector of the list', async () => {
    const { asked, changes } = await changesOf('');

    expect(asked.map(({ path, query }) => [path, query])).toEqual([
      [
        '/apis/tekton.dev/v1/pipelineruns',
        { watch: '1', resourceVersion: '100', timeoutSeconds: '1', labelSelector: 'team=a' },
      ],
    ]);
    expect(changes).toEqual({ rows: [], unreadable: 0, version: '100', isLost: false });
  });

  it('is the newest state of each run, by the columns of the first event, up to the version of the last', async () => {
    const { rows, changes } = await changesOf(
      first + event('MODIFIED', 102, ['b', 'True', 'Succeeded']) + event('MODIFIED', 103, ['a', 'False', 'Failed']),
    );

    expect(rows).toEqual(['a Failed', 'b Succeeded']);
    expect(changes).toMatchObject({ version: '103', unreadable: 0, isLost: false });
  });

  it('has runs that were deleted if they had ended, for no list shows them any more', async () => {
    const { rows } = await changesOf(
      first + event('DELETED', 102, ['a', 'Unknown', 'Running']) + event('DELETED', 103, ['b', 'True', 'Succeeded']),
    );

    expect(rows).toEqual(['b Succeeded']);
  });

  it('leaves a line that was cut off to the next run, and counts one that is damaged', async () => {
    const { rows, changes } = await changesOf(
      `${first}{"type":7}\n${event('MODIFIED', 102, ['b', 'True', 'Succeeded']).slice(0, -9)}`,
    );

    expect(rows).toEqual(['a Running']);
    expect(changes).toMatchObject({ version: '101', unreadable: 1 });
  });

  it.each([
    ['too old', { kind: 'Status', code: 410 }, undefined],
    ['another error', { kind: 'Status', code: 500 }, 'BadResponseError'],
  ])('is lost where the server says so, but for what it told before: %s', async (_what, object, error) => {
    const { rows, changes } = await changesOf(`${first}${JSON.stringify({ type: 'ERROR', object })}\n`);

    expect(rows).toEqual(['a Running']);
    expect(changes).toMatchObject({ version: undefined, isLost: true });
    expect(changes.error instanceof Error ? changes.error.name : undefined).toBe(error);
  });

  it('is lost where it is more than one answer may be', async () => {
    using deadline = createDeadline(1000, Date.now);
    const tooLarge = () => Promise.reject(new ResponseTooLargeError('GET cluster/pipelineruns', 'is too large'));

    const changes = await readChanges(tooLarge, { kind: 'pipelineruns' }, '100', { deadline, clock: () => startMs });

    expect(changes).toEqual({ rows: [], unreadable: 0, version: undefined, isLost: true });
  });
});
