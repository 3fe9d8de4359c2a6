/** The words of the collector's own output: a secret that is made of nothing else hides nothing, and tells nothing. */

/**
 * Names and values of metrics, settings and kinds of plugins, words of eight letters or more of log lines, problems and
 * help texts, and the usual default passwords. Lower case, sorted.
 */
const words = `
2xx 3xx 4xx 5xx 95 accepted action actions active addresses admin admission affinity after age agent agents allowed
although amazon amazonaws annotation annotations anonymous answered anything api appended applicable
application approvals argument arn array assigned assistant assuming atlassian attempt attestation attestations
attested attribute auth authority authorization aws azure backslash bad balancer bare basic bearer billed bindings
bitbucket blocked bookmarks boundary bracketed branch branches bug build buildkite builds busy bypassed bytes calendar
callback canceled canceling cancellation cancelled catalogue celevaluation certificate certificates chainloop
character characters chunk ci circleci circular clock cloud cloudwatch cluster clustered clusters code
collected collection collector collectors collects commands compat complete completed completion complexity
component compressed compression condition config configuration configured connected connection consumer
container contains contexts continue continued continues contradict controller controlplane conversion cost costs
couldnt count counter counters counting create creating creation credential credentials currency custom dagger
dashboard database dated deadline debug debugging declares decompressed decrypted decryption default degraded deletion
delivered deploy deployed deployment deployments depth description deserialize detail details dev differently
dimension dimensions disabled dispatcher distribution distributions document documents down dropped duplicate
duration durations dynamodb elements elsewhere embedded encoding ended endpoint endpoints enumerated
environment environments error errored errors escaping evaluations events everyday everything evicted examples
exception excess executing exemplar exemplars expected expiration expired expiry exported exporter exposition
external failed failure failures fallback false families file finalizing findings finished first five followed
format fraction function furthest gauge gaugehistogram get github gitlab google graph grapheme graphql greatest
grouping groups handler headers histogram histograms honor host hosted hour http https id idempotent identity idle
ignored image impossible included incompatible increase increases indented indexing indicate info ingested
ingestion init initialized insecure installation instance instanceof integration interface interrupted interval
invalid invocation jenkins job jobs json keys kind kn kubeconfig kubernetes label labeldrop labelkeep labelmap
labels lag lambda larger last left lengthen level lifecycle lifetime likewise limit limited limiting limits lists
localhost location logs look looks loopback lost main mainbranch mark marked matrix max meanwhile measures
megabytes merge message messages metadata metrics milliseconds minute minutes mismatch miss missing monitoring
multiplied name named names namespace namespaces nearlimit negative neighbours new node none not nsuccess null
nverdict object objects observations observed offline ok oldest online oom open openmetrics openshift operation
operator opposite optional or org organization organizations original other otherwise out outdated overflow
overridden overtaken overwrite page parallel param parameter parameters passed password passwords path paused
peak pending per percentage permission permissions pings pipeline pipelinerun pipelineruns pipelines
pipelinesascode plain plaintext platform pod points policies policy portal positional positive possible
prefault prefer preparation price prices printable probably problems processes prod production profile projects
prometheus proposes protobuf protocol published publishes pull pullrequest pullrequests pushgateway pushgateways pvc
quantile queue queued queues quiet quota rank rate ratelimit ratio read readable readonly reason reasons
received receiver receivers recent recognise recommends redacted redactor redirects reference references
refreshed refusals region registries registry rejected relabel relabeling relabelling released releases relic
remaining remember remembered remote rename repetition repetitions replaced replaces replicas repositories
repository request requested requests required reserved resolution resolved resource response rest result
results retained retry role root run runner runners running runs sample samples sampling sandbox scheduled
scheduler scheduling scope scopes scrape seconds secret secretsmanager security selection selector selectors self
sequence serialize series service services set settings sidecar signature sigv4 since sink skip skipped
somebody something source specs staging staleness standard start started starting starved state stateful
stateset statistic status stdout step steps stop stopping strategy stringify structured stuck subscribe
succeeded success successful summaries summary supported suspects suspended suspicious system targets task
taskrun taskruns tasks teamcity tekton template tenant terminal terminator test text textfile than themselves
thousand throttled throttling throughput time timeout timestamp timestamps tls together token tokens total
totals transfer true truncated type types unattested unavailable unblocked unchanged unclustered unconfirmed
uncounted undefined undelivered underscores understand unexpected unexpectedly unfinished unknown unnamed
unread unreadable unrecognized unseen unselected unspecified unsuccessful untimely up update uploaded uploads
url urlencoded user username utf8 utilization validation value variable variables verdict verdicts verification
version versions violated violations wait waiting waits warn warning watermark webhook whatever wildcard
wildcards without worker workers workflow workflows workqueue workspace workspaces writable write
`;

const known: ReadonlySet<string> = new Set(words.trim().split(/\s+/));

/** Whether a text is made of such words alone: `prometheus`, `ok`, `remote-write`, `ci_queue_jobs`, `agentTokens`. */
export function isOwnWord(text: string): boolean {
  const parts = text.split(/[-_ .:/]|(?<=[a-z0-9])(?=[A-Z])/);
  return parts.every((part) => known.has(part.toLowerCase()));
}
