/** The client of the control plane: pages of runs and workflows. */
import { sendWithCredentials } from '../../../http/auth/credentials.ts';
import { BadResponseError, ResponseTooLargeError } from '../../../http/errors/errors.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { useWithRotation } from '../../../http/auth/rotation.ts';
import type { SourcePorts } from '../../source.ts';
import { call } from '../grpc-web/call.ts';
import type { ChainloopConfig } from '../config.ts';
import { decodeContext, decodeRunList, decodeWorkflowList } from '../grpc-web/decode-answer.ts';
import { type RunQuery, encodeRunListRequest, encodeWorkflowListRequest } from '../grpc-web/encode-request.ts';
import type { RunPage, WorkflowPage } from '../grpc-web/messages.ts';
import { checkClaims } from '../token-claims.ts';
import { WireError } from '../grpc-web/wire.ts';

/** What is read of a control plane. Every method throws what `call` throws, SecretUnavailableError or OtherOrganizationError. */
export interface ControlPlane {
  /** Newest first. */
  requestRuns(query: RunQuery): Promise<RunPage>;
  /** Pages count from 1. */
  requestWorkflows(page: number, pageSize: number): Promise<WorkflowPage>;
  /** The organization that the lists are of, as the server tells it to a user's token; undefined for an API token. */
  requestOrganization(): Promise<string | undefined>;
}

/** A run is below a kilobyte; a page that is too large has long texts, and a tenth of it fits. */
const smallPageSize = 10;

export function createControlPlane(
  config: ChainloopConfig,
  { http, secrets }: Pick<SourcePorts, 'http' | 'secrets'>,
  deadline: Deadline,
): ControlPlane {
  const { url: origin, tls, token: ref, organization } = config;
  const request = <Answer>(method: string, message: Uint8Array, read: (bytes: Uint8Array) => Answer): Promise<Answer> =>
    sendWithCredentials({ tls }, { secrets }, deadline.signal, (credentials) =>
      useWithRotation(secrets, ref, deadline.signal, async (secret) => {
        const token = secret.reveal().trim();
        checkClaims(organization, token);
        const answer = await call(http, {
          origin,
          method,
          message,
          token,
          organization,
          tls: credentials.tls,
          deadline,
        });
        return decodeAs(answer.message, answer.where, read);
      }),
    );
  const requestRunPage = (query: RunQuery): Promise<RunPage> =>
    request('controlplane.v1.WorkflowRunService/List', encodeRunListRequest(query), decodeRunList);
  return {
    requestRuns: async (query) => {
      try {
        return await requestRunPage(query);
      } catch (error) {
        if (!(error instanceof ResponseTooLargeError)) throw error;
        return await requestRunPage({ ...query, limit: smallPageSize });
      }
    },
    requestWorkflows: (page, pageSize) =>
      request('controlplane.v1.WorkflowService/List', encodeWorkflowListRequest(page, pageSize), decodeWorkflowList),
    requestOrganization: () => request('controlplane.v1.ContextService/Current', new Uint8Array(), decodeContext),
  };
}

function decodeAs<Answer>(bytes: Uint8Array, where: string, read: (bytes: Uint8Array) => Answer): Answer {
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof WireError) throw new BadResponseError(where, `the answer is ${error.message}`);
    throw error;
  }
}
