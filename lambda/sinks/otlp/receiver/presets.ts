/** The known receivers: their addresses, limits and whether they take totals or increases. */
import type { Temporality } from '../encode/points/point.ts';
import {
  cloudWatchLimits,
  datadogLimits,
  googleCloudLimits,
  newRelicLimits,
  type ReceiverLimits,
  usualLimits,
} from '../limits.ts';

export const presetNames = [
  'cloudwatch',
  'collector',
  'datadog',
  'google-cloud',
  'grafana-cloud',
  'new-relic',
] as const;
export type PresetName = (typeof presetNames)[number];

export interface Preset {
  /** Without `/v1/metrics`; undefined where it differs from customer to customer. */
  readonly url?: string;
  /** What the settings must have so that a request is let in. */
  readonly needs?: 'sigv4' | 'basic' | 'google' | 'apiKey';
  /** The header that carries `apiKey`. */
  readonly keyHeader?: string;
  readonly temporality?: Temporality;
  readonly limits: ReceiverLimits;
  /** Why traces cannot go where the metrics go. */
  readonly tracesElsewhere?: string;
}

export const cloudWatchTraces =
  'CloudWatch takes metrics here and traces at X-Ray, which is not supported; send traces by a further sink to an OpenTelemetry Collector that passes them on';

const datadogTraces =
  'Datadog takes metrics here and traces at its agent; send traces by a further sink to the OTLP port of a Datadog agent or of an OpenTelemetry Collector';

/** Attribute of the resource that names the project in Google Cloud; without it the Telemetry API answers 400. */
export const projectAttribute = 'gcp.project_id';

/** The attributes that Google takes the label `location` from, the first one first; without one it rejects the points. */
export const locationAttributes = ['location', 'cloud.availability_zone', 'cloud.region'] as const;

export const presets: Readonly<Record<PresetName, Preset>> = {
  // Its URL follows from the Region that requests are signed for.
  cloudwatch: { needs: 'sigv4', limits: cloudWatchLimits, tracesElsewhere: cloudWatchTraces },
  // The port of OTLP/HTTP, on the machine that the collector runs on.
  collector: { url: 'http://127.0.0.1:4318', limits: usualLimits },
  // Its intake is another host on every site; sums and histograms are taken as increases only.
  datadog: {
    needs: 'apiKey',
    keyHeader: 'dd-api-key',
    temporality: 'delta',
    limits: datadogLimits,
    tracesElsewhere: datadogTraces,
  },
  // The Telemetry API, which keeps metrics in Managed Service for Prometheus.
  'google-cloud': { url: 'https://telemetry.googleapis.com', needs: 'google', limits: googleCloudLimits },
  'grafana-cloud': { needs: 'basic', limits: usualLimits },
  'new-relic': { url: 'https://otlp.nr-data.net', needs: 'apiKey', keyHeader: 'api-key', limits: newRelicLimits },
};
