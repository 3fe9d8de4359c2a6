/** Sends a request without a series, for the doctor: receivers take it as a success, and no figure changes. */
import type { Finding } from '../../../model/finding.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { describeWrite } from '../../describe-write.ts';
import type { SinkPorts } from '../../sink.ts';
import type { RemoteWriteConfig } from '../config.ts';
import { encodeV1 } from '../encode/encode-v1.ts';
import { encodeV2 } from '../encode/encode-v2.ts';
import type { Dialect } from './dialect.ts';
import { explainError } from './explain-error.ts';
import { parseSamplesWritten, type Version } from './protocol.ts';
import { createPost } from './post.ts';
import type { Post } from './send-series.ts';

export interface Examining {
  readonly config: RemoteWriteConfig;
  readonly ports: SinkPorts;
  readonly dialect: Dialect;
  readonly where: string;
  readonly deadline: Deadline;
}

/** The version that is found out is not kept: the first run finds it out by what it sends. */
export async function examineWrite({
  config,
  ports,
  dialect,
  where,
  deadline,
}: Examining): Promise<readonly Finding[]> {
  const { post } = createPost(config, ports, deadline);
  try {
    const version = await sendNothing(post, dialect.version());
    return describeWrite(where, `takes a request without series, in version ${version}`, undefined);
  } catch (error) {
    const { kind, text: message } = explainError(error, where);
    return describeWrite(where, '', { kind, where, message });
  }
}

/** Resolves with the version that the receiver speaks. @throws as `HttpPort.send` does. */
async function sendNothing(post: Post, version: Version): Promise<Version> {
  if (version === '2.0') {
    const isSpoken = await post(encodeV2([], 0), version).then(
      (response) => parseSamplesWritten(response) !== undefined,
      (error: unknown) => {
        if (error instanceof HttpStatusError && error.status === 415) return false;
        throw error;
      },
    );
    if (isSpoken) return version;
  }
  await post(encodeV1([], 0), '1.0');
  return '1.0';
}
