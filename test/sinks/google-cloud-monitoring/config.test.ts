/** Tests of the configuration of the sink `google-cloud-monitoring`. */
import { describe, expect, it } from 'vitest';
import { prepareSink } from '../../../lambda/sinks/prepare-sink.ts';
import { GoogleCloudMonitoringConfig } from '../../../lambda/sinks/google-cloud-monitoring/config.ts';

const minimal = {
  kind: 'google-cloud-monitoring',
  project: 'acme-ci',
  auth: { serviceAccountKey: { secret: 'ci-metrics/google', key: 'keyFile' } },
};

describe('the settings', () => {
  it('need a project and who the collector is', () => {
    expect(GoogleCloudMonitoringConfig.parse(minimal)).toMatchObject({
      name: 'google-cloud-monitoring',
      typePrefix: 'custom.googleapis.com/ci',
      location: 'global',
      compat: false,
      url: 'https://monitoring.googleapis.com',
    });
  });

  it.each([
    [{ typePrefix: 'custom.googleapis.com/my-ci' }, 'without a dash'],
    [{ typePrefix: 'compute.googleapis.com/ci' }, 'must be custom.googleapis.com/'],
    [{ project: 'Acme' }, 'the ID of a project'],
    [{ labels: { 'my-label': 'x' } }, ''],
    [{ url: 'http://monitoring.example.com' }, 'sends everything readable'],
    [{ auth: {} }, ''],
    [{ misspelt: 1 }, ''],
  ])('%o are refused', (more, said) => {
    const { error } = GoogleCloudMonitoringConfig.safeParse({ ...minimal, ...more });

    expect(error?.message).toContain(said);
  });

  it('name the secrets that are read, and no right in AWS, not even for the federation', () => {
    const provider = 'projects/123456789/locations/global/workloadIdentityPools/aws-pool/providers/collector';
    const keyless = prepareSink({ ...minimal, auth: { federation: { provider } } });

    expect(prepareSink(minimal).secrets).toEqual([{ secret: 'ci-metrics/google', key: 'keyFile' }]);
    expect([keyless.secrets, keyless.grants([])]).toEqual([[], []]);
  });
});
