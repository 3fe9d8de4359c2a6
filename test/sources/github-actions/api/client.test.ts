/** Tests of reading lists page after page, by the list of runners. */
import { describe, expect, it } from 'vitest';
import { cutPage } from '../../../../lambda/demo/simulators/github/api/pages.ts';
import { makeJsonReply, type Reply } from '../../../../lambda/demo/simulators/github/api/reply.ts';
import { opened, type Opened } from '../opened.ts';

const runnersPath = '/orgs/acme/actions/runners';

/** An organization whose list of runners is answered by `answer`. */
function openedWithRunners(answer: (url: URL) => Reply): Promise<Opened> {
  return opened({ instead: (url) => (url.pathname === runnersPath ? answer(url) : undefined) });
}

function makeRunners(ids: readonly number[]): readonly object[] {
  return ids.map((id) => ({ id, status: 'online', busy: false, labels: [{ name: 'linux' }] }));
}

function listPagesAsked({ server }: Opened): readonly (string | null)[] {
  const asked = server.requests.map(({ path }) => new URL(path, server.endpoint));
  return asked.filter(({ pathname }) => pathname === runnersPath).map(({ searchParams }) => searchParams.get('page'));
}

function answerWith(url: URL, ids: readonly number[]): Reply {
  const { items, headers } = cutPage(url, makeRunners(ids));
  return makeJsonReply(200, { total_count: ids.length, runners: items }, headers);
}

describe('a list', () => {
  it.each([
    [100, ['1']],
    [101, ['1', '2']],
    [250, ['1', '2', '3']],
  ])('of %i elements is read whole, and not a page further', async (count, pages) => {
    await using github = await openedWithRunners((url) => answerWith(url, [...Array(count).keys()]));

    const { values, problems } = await github.tick();

    expect(problems).toEqual([]);
    expect(values('ci_workers', 'state')).toEqual({ idle: count, busy: 0, offline: 0 });
    expect(listPagesAsked(github)).toEqual(pages);
  });

  it('that has moved between two of its pages counts what stands on both once', async () => {
    const ids = [...Array(100).keys(), 99, 100];
    await using github = await openedWithRunners((url) => answerWith(url, ids));

    const { values } = await github.tick();

    expect(values('ci_workers', 'state')).toEqual({ idle: 101, busy: 0, offline: 0 });
  });

  it('whose last page promises another one that is empty ends there', async () => {
    await using github = await openedWithRunners((url) => {
      const page = Number(url.searchParams.get('page'));
      const { body } = answerWith(url, [1, 2]);
      const next = `<${url.origin}${runnersPath}?page=${String(page + 1)}>; rel="next"`;
      return { status: 200, headers: { 'content-type': 'application/json', link: next }, body };
    });

    const { values, problems } = await github.tick();

    expect(problems).toEqual([]);
    expect(values('ci_workers', 'state')).toMatchObject({ idle: 2 });
    expect(listPagesAsked(github)).toEqual(['1', '2']);
  });

  it('that never ends is cut, and that is told', async () => {
    await using github = await openedWithRunners((url) => {
      const page = Number(url.searchParams.get('page'));
      const runners = makeRunners([page]);
      const next = `<${url.origin}${runnersPath}?page=${String(page + 1)}>; rel="next"`;
      return makeJsonReply(200, { total_count: 1_000_000, runners }, { link: next });
    });

    const { values, problems } = await github.tick();

    expect(problems).toMatchObject([{ kind: 'rate-limited' }]);
    expect(problems[0]?.message).toContain(
      'read 100 runners of the organization acme; it has more, which are left out',
    );
    expect(values('ci_workers', 'state')).toMatchObject({ idle: 100 });
    expect(listPagesAsked(github)).toHaveLength(100);
  });
});
