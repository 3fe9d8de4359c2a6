/** Bundles the functions of the stack with the code and the configuration that they need. */
import type { Metafile } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DockerImage, AssetHashType } from 'aws-cdk-lib/core';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { extractRuntimeConfig } from '../../lambda/config/runtime-config.ts';
import type { CollectorConfig } from '../../lambda/config/schema.ts';
import type { ConfiguredKinds } from './only-configured.ts';
import { assemblePrebuilt, copyPrebuilt, findPrebuilt } from './prebuilt.ts';

const repository = join(import.meta.dirname, '../..');

export interface BundleOptions {
  /** The folder that receives the files. */
  readonly directory: string;
  readonly config: CollectorConfig;
  /** The module that exports `handler`. */
  readonly entry?: string;
}

export interface Bundle {
  readonly directory: string;
  /** What esbuild put where: the origin of size budgets. */
  readonly metafile: Metafile;
}

/**
 * Bundles the function and the configuration that it runs with, of sources and sinks only those that it names. Equal
 * input gives equal bytes, so that an unchanged function is not deployed.
 */
export function bundleFunction({ directory, config, entry = 'lambda/handler.ts' }: BundleOptions): Bundle {
  const metafile = bundleEntry({ directory, entry, kinds: collectKinds(config) });
  writeRuntimeConfig(directory, config);
  return { directory, metafile };
}

function collectKinds({ sources, sinks }: CollectorConfig): ConfiguredKinds {
  const kindsOf = (parts: readonly Readonly<Record<string, unknown>>[]): readonly string[] =>
    parts.map(({ kind }) => String(kind));
  return { sources: kindsOf(sources), sinks: kindsOf(sinks) };
}

function writeRuntimeConfig(directory: string, config: CollectorConfig): void {
  writeFileSync(join(directory, 'collector.json'), formatRuntimeConfig(config));
}

interface EntryOptions {
  readonly directory: string;
  readonly entry: string;
  /** Absent: all. */
  readonly kinds?: ConfiguredKinds;
}

function bundleEntry(options: EntryOptions): Metafile {
  const metafile = execFileSync(process.execPath, [join(import.meta.dirname, 'bundle-process.ts')], {
    input: JSON.stringify(options),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(metafile) as Metafile;
}

/** The asset of the function behind a webhook's URL; it has no configuration of its own. */
export function bundleWebhookCode(): lambda.Code {
  const prebuilt = findPrebuilt('webhook');
  return createAsset('webhook', prebuilt, (directory) => {
    if (prebuilt === undefined) bundleEntry({ directory, entry: 'lambda/webhook.ts' });
    else copyPrebuilt(prebuilt, directory);
  });
}

/** The asset of the function that makes messages of alarms; its environment has its settings. */
export function bundleMessengerCode(): lambda.Code {
  const prebuilt = findPrebuilt('alarm-messages');
  return createAsset('alarm-messages', prebuilt, (directory) => {
    if (prebuilt === undefined) bundleEntry({ directory, entry: 'lambda/alarm-messages.ts' });
    else copyPrebuilt(prebuilt, directory);
  });
}

/** What the function reads at start: the checked configuration without what only the stack needs. */
export function formatRuntimeConfig(config: CollectorConfig): string {
  return `${JSON.stringify(extractRuntimeConfig(config), undefined, 2)}\n`;
}

/**
 * The function's asset. In the repository esbuild runs while the app synthesises; a package has the code prebuilt. No
 * container is needed.
 */
export function bundleFunctionCode(config: CollectorConfig): lambda.Code {
  // The CDK keeps one bundle for equal options, and cannot see the configuration inside the function below.
  const identity = createHash('sha256').update(formatRuntimeConfig(config)).digest('hex');
  const prebuilt = findPrebuilt('collector');
  return createAsset(identity, prebuilt, (directory) => {
    if (prebuilt === undefined) bundleFunction({ directory, config });
    else {
      assemblePrebuilt(prebuilt, directory, collectKinds(config));
      writeRuntimeConfig(directory, config);
    }
  });
}

function createAsset(identity: string, source: string | undefined, write: (directory: string) => void): lambda.Code {
  return lambda.Code.fromAsset(source ?? join(repository, 'lambda'), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('never-pulled'),
      local: {
        tryBundle: (directory) => {
          write(directory);
          return true;
        },
      },
      environment: { COLLECTOR_BUNDLE: identity },
    },
  });
}
