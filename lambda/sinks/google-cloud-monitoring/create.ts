/** Makes the sink: descriptors first, then the points, each series at most once a request. */
import type { Batch } from '../../model/batch.ts';
import type { Deadline } from '../../runtime/deadline.ts';
import { deliver } from '../../series/delivery/deliver.ts';
import { cutRun } from '../../series/delivery/cut-requests.ts';
import { createRequestSize } from '../../series/delivery/request-size.ts';
import { createSuspects } from '../../series/delivery/suspects.ts';
import type { Settled, Reception } from '../../series/delivery/reception.ts';
import { countRequest, type Traffic } from '../../series/delivery/traffic.ts';
import type { CreateSink, Delivery } from '../sink.ts';
import type { GoogleCloudMonitoringConfig } from './config.ts';
import type { Point } from './encode/point.ts';
import { encodePoints } from './encode/encode-points.ts';
import { type EncodedRequest, encodeRequests } from './encode/encode-requests.ts';
import { maxSeriesPerRequest } from './limits.ts';
import { previewPoints } from './preview.ts';
import { createDescriptors } from './send/descriptors.ts';
import { examineWrite } from './send/examine-write.ts';
import { judge } from './send/judge.ts';
import { rememberLastPoints } from './send/last-points.ts';
import { type Attempts, createPost } from './send/post.ts';
import { describeDelivery, describeHeldBack, describeOmissions } from './send/problems.ts';
import { startTally, type Tally } from './send/tally.ts';
import { type Setup, setUp } from './setup.ts';

export const createGoogleCloudMonitoring: CreateSink<GoogleCloudMonitoringConfig> = (config, ports) => {
  const setup = setUp(config, ports);
  const write = createWriter(setup);
  return {
    write: (batch, { deadline }) => write(batch, deadline),
    examine: ({ deadline }) => examineWrite(setup, deadline),
    preview: (batch) => previewPoints(setup, batch),
  };
};

/** Remembers between warm runs what was stored when, which descriptors exist, and what was refused. */
function createWriter(setup: Setup): (batch: Batch, deadline: Deadline) => Promise<Delivery> {
  const { encode, resources, where } = setup;
  const descriptors = createDescriptors(setup);
  const lastPoints = rememberLastPoints();
  const suspects = createSuspects<Point>(({ family }) => family.type);
  const size = createRequestSize(maxSeriesPerRequest);
  return async (batch, deadline) => {
    const { names, omissions } = encodePoints(batch, encode);
    const run = lastPoints.startRun(batch.collectedAtMs);
    const suspected = suspects.startRun();
    const undescribed = await descriptors.ensure(
      names.map(({ metric }) => metric),
      deadline,
    );
    const pieces = cutRun<Point>({
      names,
      suspects,
      recognise: ({ series }) => run.selectSendable(series),
      // A series ends by getting no more points.
      markers: () => [],
      size: size.samples,
    });
    const requests = encodeRequests(pieces, { resources, endMs: batch.collectedAtMs });
    const { tally, ...traffic } = await sendRequests(setup, requests, { deadline, observers: [run, suspected, size] });
    run.commit();
    suspected.commit();
    return {
      accepted: tally.accepted,
      ...traffic,
      problems: [
        ...describeOmissions(omissions, where),
        ...describeHeldBack(run.countHeldBack(), where),
        ...undescribed,
        ...describeDelivery(tally, where),
      ],
    };
  };
}

interface Sending {
  readonly deadline: Deadline;
  readonly observers: readonly { readonly note: (settled: Settled<Point>) => void }[];
}

/** Never rejects for what can be expected of a network. */
async function sendRequests(
  setup: Setup,
  requests: Iterator<EncodedRequest>,
  { deadline, observers }: Sending,
): Promise<{ readonly tally: Tally; readonly requests: number; readonly bytes: number }> {
  const post = createPost(setup, deadline);
  const counting = startTally();
  const traffic: Traffic = { requests: 0, bytes: 0 };
  const send = async ({ points, body }: EncodedRequest): Promise<Reception> => {
    const attempts: Attempts = { isRepeated: false, refusal: undefined };
    return await judge(
      points.length,
      countRequest(traffic, body.byteLength, () => post('timeSeries', body, attempts)),
      attempts,
      setup.where,
    );
  };
  await deliver({
    pieces: requests,
    samplesIn: ({ points }) => points,
    send,
    note: (settled: Settled<Point>) => {
      for (const observer of [counting, ...observers]) observer.note(settled);
    },
    signal: deadline.signal,
    parallel: setup.config.parallelRequests,
  });
  return { tally: counting.tally(), ...traffic };
}
