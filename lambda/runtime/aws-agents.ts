/** The sockets that a client of the AWS SDK is given, so that it connects as every other request does. */
import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';

/** One pool for each kind of connection, under the names that the SDK has for them. */
export interface AwsAgents {
  readonly httpAgent: HttpAgent;
  readonly httpsAgent: HttpsAgent;
}
