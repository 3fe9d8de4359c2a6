/** What requests of metrics and of traces have in common in protobuf: the fields around them, and attributes. */
import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import { type Resource, scope } from './resource.ts';

/**
 * Field number and wire type in one byte, as opentelemetry/proto numbers them: resource/v1 and common/v1, and the fields
 * that have the same numbers in metrics/v1 and trace/v1.
 */
const tag = {
  requestResource: 0x0a,
  resourceResource: 0x0a,
  resourceScope: 0x12,
  resourceSchemaUrl: 0x1a,
  resourceAttribute: 0x0a,
  scopeScope: 0x0a,
  scopeSchemaUrl: 0x1a,
  scopeName: 0x0a,
  scopeVersion: 0x12,
  keyValueKey: 0x0a,
  keyValueValue: 0x12,
  anyValueString: 0x0a,
} as const;

/** Resource and scope of a request, around what is in the scope. */
export function writeEnvelope(writer: BinaryWriter, resource: Resource, writeContent: () => void): void {
  const { attributes, schemaUrl, metricsSchemaUrl } = resource;
  writer.uint32(tag.requestResource).fork();
  writer.uint32(tag.resourceResource).fork();
  for (let at = 0; at < attributes.length; at += 2)
    writeText(writer, tag.resourceAttribute, attributes[at] ?? '', attributes[at + 1] ?? '');
  writer.join();
  writer.uint32(tag.resourceScope).fork();
  writer.uint32(tag.scopeScope).fork();
  writer.uint32(tag.scopeName).string(scope.name).uint32(tag.scopeVersion).string(scope.version);
  writer.join();
  writeContent();
  if (metricsSchemaUrl !== undefined) writer.uint32(tag.scopeSchemaUrl).string(metricsSchemaUrl);
  writer.join();
  writer.uint32(tag.resourceSchemaUrl).string(schemaUrl);
  writer.join();
}

/** One attribute with a text, in the given field. */
export function writeText(writer: BinaryWriter, field: number, key: string, value: string): void {
  writer.uint32(field).fork();
  writer.uint32(tag.keyValueKey).string(key);
  writer.uint32(tag.keyValueValue).fork();
  writer.uint32(tag.anyValueString).string(value);
  writer.join();
  writer.join();
}
