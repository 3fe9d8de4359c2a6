/** The schema of the configuration for editors, as JSON Schema. */
import * as z from 'zod';
import { CollectorConfig } from './schema.ts';

/** The configuration's schema for editors, JSON Schema draft 2020-12; what has a default may be left out. */
export function buildConfigJsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(CollectorConfig, { io: 'input', target: 'draft-2020-12' });
}
