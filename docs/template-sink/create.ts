/** Puts encoding and sending together, and says of every increase what became of it. */
import type { Deadline } from '../../lambda/runtime/deadline.ts';
import type { CreateSink, Delivery } from '../../lambda/sinks/sink.ts';
import type { ExampleConfig } from './config.ts';
import { packPoints, unpackPoints } from './encode/parcels.ts';
import { encodePoints, isAddedUp, type Point } from './encode/points.ts';
import { splitRequests } from './encode/requests.ts';
import { previewPoints } from './preview.ts';
import { deliver, type Loss } from './send/deliver.ts';
import { createPost } from './send/post.ts';
import { tellLosses, tellOmissions } from './send/problems.ts';

export const createExample: CreateSink<ExampleConfig> = (config, ports) => {
  const { collector, intervalMs } = ports;
  const settings = { config, collector };
  const where = `example/${config.name}`;

  const send = async (points: readonly Point[], deadline: Deadline): Promise<Delivery> => {
    const { losses, ...sent } = await deliver(splitRequests(points), createPost(config, ports, deadline));
    return {
      ...sent,
      problems: tellLosses(losses),
      undelivered: packPoints(pointsWith('not taken', losses)),
      unconfirmed: pointsWith('unknown', losses).filter(isAddedUp).length,
      dropped: pointsWith('refused', losses).filter(isAddedUp).length,
    };
  };

  return {
    write: async (batch, { deadline }) => {
      const { points, omissions, lostIncreases } = encodePoints(batch, settings);
      const delivery = await send(points, deadline);
      const dropped = (delivery.dropped ?? 0) + lostIncreases;
      return { ...delivery, dropped, problems: [...tellOmissions(omissions, where), ...delivery.problems] };
    },
    redeliver: async (parcels, { deadline }) => {
      const read = parcels.map((parcel) => ({ parcel, points: unpackPoints(parcel) }));
      const unreadable = read.filter(({ points }) => points === undefined);
      const delivery = await send(
        read.flatMap(({ points = [] }) => points),
        deadline,
      );
      const lost = unreadable.reduce((sum, { parcel }) => sum + parcel.samples, 0);
      return { ...delivery, dropped: (delivery.dropped ?? 0) + lost };
    },
    pack: (batch) => packPoints(encodePoints(batch, settings).points),
    preview: (batch) => previewPoints(encodePoints(batch, settings), { intervalMs, where }),
  };
};

function pointsWith(outcome: Loss['outcome'], losses: readonly Loss[]): readonly Point[] {
  return losses.filter((loss) => loss.outcome === outcome).flatMap(({ points }) => points);
}
