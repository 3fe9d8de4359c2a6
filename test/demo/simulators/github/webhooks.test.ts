/** Tests of the simulated webhooks: signatures, and deliveries that are lost, repeated, late and out of order. */
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createRandom } from '../../../../lambda/demo/simulators/random.ts';
import { createOrganization } from '../../../../lambda/demo/simulators/github/organization/organization.ts';
import type { Happening } from '../../../../lambda/demo/simulators/github/organization/records.ts';
import {
  createWebhooks,
  type Delivery,
  type DeliveryManners,
  politeDeliveries,
  postDeliveries,
  rudeDeliveries,
  signBody,
} from '../../../../lambda/demo/simulators/github/webhooks.ts';
import { startLoopbackServer } from '../../../support/network/loopback-server.ts';
import { startMs } from './simulated-github.ts';

const hourMs = 3_600_000;
const secret = "It's a Secret to Everybody";
const context = { api: 'https://api.github.com', html: 'https://github.com', login: 'acme', bodies: 'lean' } as const;

function deliver(manners: DeliveryManners): {
  readonly told: readonly Happening[];
  readonly deliveries: readonly Delivery[];
  readonly lost: readonly object[];
} {
  const webhooks = createWebhooks({ secret, context, random: createRandom(5), manners });
  const told: Happening[] = [];
  const observe = (happening: Happening): void => {
    told.push(happening);
    webhooks.observe(happening);
  };
  const organization = createOrganization({ seed: 1, startMs, observe });
  organization.advance(startMs + hourMs);
  return { told, deliveries: webhooks.takeUntil(Infinity), lost: webhooks.listLost() };
}

const guidOf = ({ headers }: Delivery): string => headers['x-github-delivery'] ?? '';

describe('deliveries', () => {
  it('are signed as the example of GitHub is', () => {
    expect(signBody('Hello, World!', secret)['x-hub-signature-256']).toBe(
      'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    );
  });

  it('come once each and in order, where nothing goes wrong', () => {
    const { told, deliveries, lost } = deliver(politeDeliveries);
    expect(deliveries.map(({ atMs }) => atMs)).toEqual(told.map(({ atMs }) => atMs));
    expect(new Set(deliveries.map(guidOf)).size).toBe(told.length);
    expect(lost).toEqual([]);
    for (const { headers, body } of deliveries) {
      const expected = createHmac('sha256', secret).update(body).digest('hex');
      expect(headers['x-hub-signature-256']).toBe(`sha256=${expected}`);
    }
  });

  it('get lost, come again with the same identity, come late and change places, where everything does', () => {
    const { told, deliveries, lost } = deliver(rudeDeliveries);
    const guids = deliveries.map(guidOf);
    const unique = new Set(guids);
    expect(unique.size).toBe(told.length - lost.length);
    expect(lost.length).toBeGreaterThan(told.length * 0.02);
    expect(guids.length).toBeGreaterThan(unique.size);
    expect(guids).not.toEqual(guids.toSorted());
    expect(deliveries.map(({ atMs }) => atMs)).toEqual(deliveries.map(({ atMs }) => atMs).sort((a, b) => a - b));
  });

  it('tell a job as it was when it happened, however late they come', () => {
    const { deliveries } = deliver(rudeDeliveries);
    const Event = z.object({
      action: z.string(),
      workflow_job: z
        .object({
          status: z.string(),
          started_at: z.string(),
          created_at: z.string(),
          runner_id: z.number().nullable(),
        })
        .optional(),
    });
    const jobs = deliveries
      .map(({ body }) => Event.parse(JSON.parse(body)))
      .filter(({ workflow_job }) => workflow_job !== undefined);
    const queued = jobs.filter(({ action }) => action === 'queued');
    expect(queued.length).toBeGreaterThan(50);
    for (const { workflow_job } of queued)
      expect(workflow_job).toMatchObject({ status: 'queued', started_at: workflow_job?.created_at, runner_id: 0 });
    for (const { action, workflow_job } of jobs) expect(workflow_job?.status).toBe(action);
  });

  it('are posted', async () => {
    const seen: unknown[] = [];
    await using receiver = await startLoopbackServer((request, response) => {
      seen.push(request.headers['x-github-event']);
      request.resume();
      response.writeHead(202).end();
    });
    const { deliveries } = deliver(politeDeliveries);
    expect(await postDeliveries(receiver.url, deliveries.slice(0, 3))).toEqual([202, 202, 202]);
    expect(seen).toEqual(deliveries.slice(0, 3).map(({ headers }) => headers['x-github-event']));
  });
});
