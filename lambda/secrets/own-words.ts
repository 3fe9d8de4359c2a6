/** The words of the collector's own output: a secret that is made of nothing else hides nothing, and tells nothing. */

/**
 * Names and values of metrics, settings and kinds of plugins, words of eight letters or more of log lines, problems and
 * help texts, and what is set where nobody has chosen a password. Lower case, sorted.
 */
const words = `
accepted action active addresses admin agent agents agenttokens although amazon amazonaws annotation
annotations anonymous answered anything api apitoken appended applicable application argument assigned assuming
atlassian attempt attestation attestations attested attribute auth authority authorization aws azure backslash
bad balancer baretotals basic bearer bitbucket blocked bookmarks boundary bracketed branch branches bug build
buildkite builds busy bypassed bytes calendar callback canceled canceling cancellation cancelled catalogue
celevaluationfailed certificate certificates chainloop character characters chunk ci circleci circular clock
cloud cloudwatch cluster clustered clusters code collected collection collector collectormetrics collectors
collects commands compat complete completed completion complexity component compressed compression condition
configuration configured connected connection consumer contains contexts continue continued continues
contradict controller controllermetrics controlplane conversion couldntgetpipeline couldntgettask count counter
counters counting createrunfailed creating creation credential credentials custom dagger dashboard database
deadline debug debugging declares decompressed decrypted decryption default degraded deletion delivered deploy
deployed deployment deployments depth description detailrequests details dev differently dimension dimensions
disabled dispatcher distribution distributions document documents down dropped duplicate duration durations
dynamodb elements elsewhere embedded encoding ended endpoint endpoints enumerated environment environments
error errored errors escaping evaluations events everything examples exception excess executing exemplar
exemplars expected expiration expired expiry exported exporter exposition external externalid failed failure
failureignored failurereasons failures false families file finalizing findings finished first followed format
fraction function furthest gauge gaugehistogram github gitlab grapheme graphqlendpoint greatest grouping
handler headers histogram histograms honorlabels honortimestamps host hostedqueues http https idempotent
identity idle image included incompatible increase increases indented indicate info ingested ingestion
initcontainerfailed initcontaineroom initialized insecure installation instance instanceof integration
interface interrupted interval invalidparamvalue invalidtaskrunspecs invocation jenkins job jobs json kind kn
kubeconfig kubernetes labeldrop labelkeep labelmap labels labelselector lag lambda last left lengthen level
lifecycle likewise limit limited limiting limits lists localhost location logs look looks loopback lost main
mainbranch mainbranches markdatedseries meanwhile measures megabytes message messages metadata metrics
milliseconds monitoring multiplied name namedbranches names namespace namespaces nearlimit negative neighbours
node none not nsuccess null nverdict object objects observations observed offline ok oldest online open
openmetrics openshift operation operator opposite optional org organization organizations original other
otherwise out outdated overflow overridden overtaken overwrite parallel parameter parametermissing parameters
parametertypemismatch passed password passwords path paused peak pending percentage permission permissions
pings pipeline pipelineinvalidgraph pipelinerun pipelineruns pipelineruntimeout pipelines pipelinesascode plain
plaintext platform pod podadmissionfailed podcreationfailed podevicted pointsperfiveminutes policies policy
portal positional positive possible prefault prefer preparation printable probably problems processes prod
production profile projects prometheus proposes protobuf protocol published publishes pullrequest pullrequests
pushgateway pushgateways quantile queue queued queues quiet quota rank rate ratelimit ratio read readable
readonly reason received receiver receivers recent recognise recommends redacted redirects reference references
refreshed refusals region registries registry rejected relabel relabeling relabelling released releases
remaining remember remembered remote rename repetition repetitions replaced replaces replicas repositories
repository requested requests requestsperhour requestsperminute reserved resolution resolved resource response
restendpoint result results retained retry rolearn root run runner runners running runs samples sampling
sandbox scheduled scheduler scheduling scope scopes seconds secret secretsmanager security selection selector
selectors sequence serialize series seriesperrequest service services settings sidecarfailed sidecaroom
signature sigv since sink skip skipped somebody something source staging staleness standard start started
starting starved state stateset statistic status stdout step stepfailed stepoom steps stopping strategy
stringify structured stuck stuckafterminutes subscribe succeeded success successful summaries summary supported
suspects suspended suspicious system targets task taskrun taskruncancelled taskrunimagepullfailed taskruns
taskruntimeout tasks taskvalidationfailed teamcity tekton template tenant terminal terminator test text
textfile themselves thousand throttled throttling throughput time timeout timeoutseconds timestamp timestamps
tls together token total transfer true truncated type unattested unavailable unblocked unchanged unclustered
unconfirmed uncounted undefined undelivered underscores understand unexpected unexpectedly unfinished unknown
unnamed unread unreadable unrecognized unseen unselected unspecified unsuccessful up uploaded uploads url
urlencoded user username utf utilization variable variables verdict verdicts version versions violated
violations wait waiting waits warn warning watermark webhook whatever wildcard wildcards without worker workers
workflow workflows workqueue workspace workspaces writable write xx
`;

const known: ReadonlySet<string> = new Set(words.trim().split(/\s+/));

/** Whether a text is made of such words alone: `prometheus`, `ok`, `remote-write`, `ci_queue_jobs`. */
export function isOwnWord(text: string): boolean {
  const parts = text.toLowerCase().split(/[-_ .:/]/);
  return parts.every((part) => known.has(part));
}
