/** Google's Telemetry API on loopback: OTLP, with Google's tokens, its quota project, its limits and its labels. */
import { type GoogleFake, project } from './google-fake.ts';
import { type Answer, type OtlpFake, type RecordedRequest, startOtlpFake } from './otlp-fake.ts';
import type { ReceivedRequest } from '../aws/verify-sigv4.ts';

const scopes = {
  metrics: 'https://www.googleapis.com/auth/monitoring.write',
  traces: 'https://www.googleapis.com/auth/trace.append',
};
const anyScope = 'https://www.googleapis.com/auth/cloud-platform';

/** The message of the API where a request has more. */
const maxPoints = 200;

export async function startGoogleTelemetryFake(google: GoogleFake): Promise<OtlpFake> {
  return await startOtlpFake({
    answer: (request) => callerFault(request, google, scopes.metrics) ?? metricsFault(request),
    answerTraces: (request) => callerFault(request, google, scopes.traces),
  });
}

function callerFault(request: ReceivedRequest, google: GoogleFake, scope: string): Answer | undefined {
  const refusal = google.refusal(request, [scope, anyScope]);
  if (refusal !== undefined) return refusal;
  const isQuotaKnown = request.headers['x-goog-user-project'] === project;
  return isQuotaKnown ? undefined : { status: 403, says: 'Caller does not have permission to use the quota project.' };
}

function metricsFault({ series }: RecordedRequest): Answer | undefined {
  if (series.length > maxPoints)
    return { status: 400, says: `A maximum of ${String(maxPoints)} points can be written in a single request.` };
  if (series.some(({ resource }) => resource['gcp.project_id'] !== project))
    return { status: 400, says: 'Resource is missing required attribute "gcp.project_id"' };
  const places = ['location', 'cloud.availability_zone', 'cloud.region'];
  const homeless = series.filter(
    ({ resource }) =>
      places.every((name) => resource[name] === undefined) || resource['service.instance.id'] === undefined,
  );
  if (homeless.length === 0) return undefined;
  const message = 'write for resource failed: Unrecognized region or location.';
  return { status: 200, partial: { rejected: homeless.length, message } };
}
