/** Holds the answers and the events of the simulated GitHub against the shapes that GitHub publishes. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createRandom } from '../../../../lambda/demo/simulators/random.ts';
import { createOrganization } from '../../../../lambda/demo/simulators/github/organization/organization.ts';
import { createWebhooks } from '../../../../lambda/demo/simulators/github/webhooks.ts';
import { vendorFacts } from '../../../support/vendor-facts.ts';
import { findMismatches, Shape } from '../../../support/vendor-shapes.ts';
import { app, openGithub, signAssertion, startMs } from './simulated-github.ts';

const Named = z.record(z.string(), Shape);
const rest = vendorFacts('github/rest.json', z.object({ answers: Named, shapes: Named }));
const events = vendorFacts('github/events.json', z.object({ events: Named, shapes: Named }));

/** What real deliveries have and the schema lacks for one action of three. */
const gaps: ReadonlySet<string> = new Set(['$.workflow_run.display_title is not known']);

const hourMs = 3_600_000;
const storefront = '/repos/acme/storefront';

describe('every answer has the shape that GitHub publishes', () => {
  it('for what any credential may read', async () => {
    await using github = await openGithub();
    github.pass(hourMs);
    const { runs } = github.organization.repositories[0] ?? { runs: [] };
    const again = runs.find(({ attempts }) => attempts.length > 1);
    const deploying = runs.find(({ attempts }) =>
      attempts.some(({ jobs }) => jobs.some(({ plan }) => plan.environment)),
    );
    const job = deploying?.attempts[0]?.jobs.find(({ plan }) => plan.environment !== undefined);
    const run = `${storefront}/actions/runs/${String(again?.id)}`;
    const asked: Readonly<Record<string, string>> = {
      'GET /repos/{owner}/{repo}/actions/runs': `${storefront}/actions/runs?per_page=100`,
      'GET /repos/{owner}/{repo}/actions/runs/{run_id}': run,
      'GET /repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}': `${run}/attempts/1`,
      'GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs': `${run}/jobs?filter=all`,
      'GET /repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}/jobs': `${run}/attempts/2/jobs`,
      'GET /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments': `${run}/pending_deployments`,
      'GET /repos/{owner}/{repo}/actions/workflows': `${storefront}/actions/workflows`,
      'GET /repos/{owner}/{repo}/deployments': `${storefront}/deployments`,
      'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses': `${storefront}/deployments/${String(job?.id)}/statuses`,
      'GET /orgs/{org}/actions/runners': '/orgs/acme/actions/runners',
      'GET /orgs/{org}/actions/runner-groups': '/orgs/acme/actions/runner-groups',
      'GET /orgs/{org}/actions/hosted-runners': '/orgs/acme/actions/hosted-runners',
      'GET /orgs/{org}/repos': '/orgs/acme/repos',
      'GET /organizations/{org}/settings/billing/usage': '/organizations/acme/settings/billing/usage',
      'GET /rate_limit': '/rate_limit',
    };
    for (const [name, path] of Object.entries(asked)) {
      const { status, body } = await github.ask(path);
      expect({ name, status }).toEqual({ name, status: 200 });
      expect(mismatchesOf(name, body)).toEqual([]);
    }
  });

  it('for approvals that are waited for', async () => {
    await using github = await openGithub();
    const run = github.organization.begin('storefront', 'release.yml', {
      kind: 'usual',
      failsAt: Infinity,
      cancelledAfterSeconds: Infinity,
    });
    const path = `${storefront}/actions/runs/${String(run.id)}`;
    for (let minutes = 0; minutes < 60; minutes += 1) {
      const { body } = await github.ask(`${path}/pending_deployments`);
      expect(mismatchesOf('GET /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments', body)).toEqual([]);
      if (Array.isArray(body) && body.length > 0) {
        expect((await github.ask(path)).body).toMatchObject({ status: 'waiting', conclusion: null });
        return;
      }
      github.pass(20_000);
    }
    expect.unreachable('no approval was ever waited for');
  });

  it('for what an App asks', async () => {
    await using github = await openGithub();
    const headers = { authorization: `Bearer ${signAssertion(startMs)}` };
    const installation = await github.ask('/orgs/acme/installation', { headers });
    expect(mismatchesOf('GET /orgs/{org}/installation', installation.body)).toEqual([]);
    const path = `/app/installations/${String(app.installationId)}/access_tokens`;
    const issued = await github.ask(path, { headers, method: 'POST' });
    expect(issued.status).toBe(201);
    expect(mismatchesOf('POST /app/installations/{installation_id}/access_tokens', issued.body)).toEqual([]);
    const { token } = z.object({ token: z.string() }).parse(issued.body);
    const repositories = await github.ask('/installation/repositories', {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(mismatchesOf('GET /installation/repositories', repositories.body)).toEqual([]);
  });
});

it('every event has the shape that GitHub publishes', () => {
  const context = {
    api: 'https://api.github.com',
    html: 'https://github.com',
    login: 'acme',
    bodies: 'whole',
  } as const;
  const webhooks = createWebhooks({ secret: 'secret', context, random: createRandom(1) });
  const organization = createOrganization({ seed: 1, startMs, observe: webhooks.observe });
  organization.advance(startMs + hourMs);

  const seen = new Set<string>();
  for (const { headers, body } of webhooks.takeUntil(startMs + hourMs)) {
    const payload: unknown = JSON.parse(body);
    const { action } = z.object({ action: z.string() }).parse(payload);
    const name = `${headers['x-github-event'] ?? ''}-${action}`.replaceAll('_', '-');
    seen.add(name);
    const shape = events.events[name];
    const found = shape === undefined ? ['no shape'] : findMismatches(payload, shape, events.shapes);
    expect({ name, found: found.filter((text) => !gaps.has(text)) }).toEqual({ name, found: [] });
  }
  expect([...seen].sort()).toEqual(Object.keys(events.events).sort());
});

function mismatchesOf(name: string, body: unknown): readonly string[] {
  const shape = rest.answers[name];
  return shape === undefined ? [`no shape of ${name}`] : findMismatches(body, shape, rest.shapes);
}
