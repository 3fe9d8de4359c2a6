/** Warns at the synthesis of settings that do nothing, as the rest of the configuration stands. */
import { Annotations } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { findIdleSettings } from '../lambda/config/checks/find-idle-settings.ts';
import { formatPath } from '../lambda/config/config-error.ts';
import type { CollectorConfig } from '../lambda/config/schema.ts';

export function warnOfIdleSettings(construct: IConstruct, config: CollectorConfig): void {
  for (const { path, message } of findIdleSettings(config)) {
    const setting = formatPath(path);
    // The CDK appends the id in brackets of its own, and takes it for ended by the first that closes.
    const id = setting.replaceAll(/[[\]]/g, '.').replaceAll('..', '.');
    Annotations.of(construct).addWarningV2(`ci-metrics:idle:${id}`, `${setting}: ${message}`);
  }
}
