/** Reads which repository an OpenTelemetry span of Pipelines is about. */
import * as z from 'zod';

/** The repository of a run or step that has ended, or why there is none. */
export type SpanEvent = { readonly repository: string } | 'unused' | 'unreadable';

const Attribute = z.object({
  key: z.string(),
  value: z.object({ stringValue: z.string().optional().catch(undefined) }).catch({}),
});
const Attributes = z.array(Attribute).catch([]);
const Span = z.object({ name: z.string(), attributes: Attributes });
const Spans = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: Attributes }).optional().catch(undefined),
      scopeSpans: z.array(z.object({ spans: z.array(Span) })),
    }),
  ),
});

const runSpanName = 'bbc.pipeline_run';

/** Each is the end of something that is counted; commands, containers and logs are not. Both spellings were recorded. */
const wanted: ReadonlySet<string> = new Set([runSpanName, 'bbc.step', 'bbc.pipeline_step']);

/**
 * `pipeline:span_created` is OTLP in JSON. The repository may stand at the span or at its resource; a delivery is of one
 * repository. A step need not name it: its run does, in a delivery of its own.
 */
export function parseSpanEvent(content: unknown): SpanEvent {
  const { data } = Spans.safeParse(content);
  if (data === undefined) return 'unreadable';
  const spans = data.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap((scope) =>
      scope.spans.map(({ name, attributes }) => ({
        name,
        attributes: [...attributes, ...(resource?.attributes ?? [])],
      })),
    ),
  );
  const ended = spans.filter(({ name }) => wanted.has(name));
  if (ended.length === 0) return 'unused';
  const repository = ended.map(({ attributes }) => findRepository(attributes)).find((uuid) => uuid !== undefined);
  if (repository !== undefined) return { repository };
  return ended.some(({ name }) => name === runSpanName) ? 'unreadable' : 'unused';
}

function findRepository(attributes: z.infer<typeof Attributes>): string | undefined {
  const uuid = attributes.find(({ key }) => key === 'pipeline.repository.uuid')?.value.stringValue;
  return uuid === '' ? undefined : uuid;
}
