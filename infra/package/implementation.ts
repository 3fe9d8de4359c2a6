/** What stands behind the published construct: in the package one bundled file, here the code of the repository. */
import { parseConfigValue } from '../../lambda/config/parse-config.ts';
import type { CollectorConfig } from '../../lambda/config/schema.ts';

export { CiMetricsCollector as Implementation } from '../ci-metrics-collector.ts';

/** A mapping as a checked configuration. @throws ConfigError with every problem at once. */
export function checkMapping(config: Readonly<Record<string, unknown>>): CollectorConfig {
  return parseConfigValue(config, { file: 'config', environment: 'lambda' });
}
