/** Tests of what a dry run says about how often a source can read how much. */
import { describe, expect, it } from 'vitest';
import { renderPlan } from '../../../lambda/cli/render/dry-run.ts';
import { buildPlan } from '../../../lambda/crawl/build-table.ts';
import { createPaint } from '../../../lambda/cli/render/colour.ts';
import { chooseSigns } from '../../../lambda/cli/render/signs.ts';

const plain = { paint: createPaint({ isTty: false, variables: {}, isRefused: false }), signs: chooseSigns({}) };

describe('the plan of a source in a dry run', () => {
  it('shows how fresh each size can be, with the workspace that was read among them', () => {
    const lines = renderPlan({ id: 'bitbucket-pipelines/acme', plan: buildPlan(1000, 120, 'workspace') }, plain);

    const [title, header, ...rows] = lines;
    expect(title).toBe(
      'bitbucket-pipelines/acme How fresh 1000 requests an hour keep a workspace (oldest look at a repository)',
    );
    expect(header).toMatch(
      /^ {2}REPOSITORIES +WITH AN OPEN RUN +A RUN IN THE LAST HOUR +ANY +AFTER A WEBHOOK +REQUESTS AN HOUR$/,
    );
    expect(rows.map((row) => row.trim().split(/ {2,}/)[0])).toEqual(['5', '50', '120 (this workspace)', '500', '5000']);
  });
});
