/** Each kind of bad configuration, and the message with place, reason and remedy that it gets. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../lambda/config/config-error.ts';
import { parseConfig } from '../../lambda/config/parse-config.ts';

interface BadConfig {
  readonly title: string;
  readonly text: string;
  /** Every line of the message after its headline, without the file's name. */
  readonly problems: readonly string[];
}

const badConfigs: readonly BadConfig[] = [
  {
    title: 'an empty file',
    text: '',
    problems: [' is empty; docs/configuration.md shows what to write'],
  },
  {
    title: 'a file of comments only',
    text: `
# nothing yet
`,
    problems: [' is empty; docs/configuration.md shows what to write'],
  },
  {
    title: 'a list instead of a mapping',
    text: `
- kind: buildkite
`,
    problems: [':1:1 must be a mapping (key: value), not a list'],
  },
  {
    title: 'a text instead of a mapping',
    text: `
just a text
`,
    problems: [':1:1 must be a mapping (key: value), not a text'],
  },
  {
    title: 'addresses of cloud metadata, to which nothing is ever sent',
    text: `
sources:
  - kind: prometheus
    targets: [{ url: 'http://169.254.169.254/metrics' }]
    plaintext: allow
sinks:
  - kind: otlp
    url: http://[fe80::1]:4318
    plaintext: allow
  - kind: datadog
    url: https://169.254.43518
    apiKey: { secret: ci/dd }
  - kind: statsd
    host: 169.254.170.23
`,
    problems: [
      ':3:22 sources[0].targets[0].url: 169.254.169.254 is a link-local or cloud metadata address, to which nothing is ever sent; write the host of the server',
      ':7:10 sinks[0].url: fe80::1 is a link-local or cloud metadata address, to which nothing is ever sent; write the host of the server',
      ':10:10 sinks[1].url: 169.254.169.254 is a link-local or cloud metadata address, to which nothing is ever sent; write the host of the server',
      ':13:11 sinks[2].host: 169.254.170.23 is a link-local or cloud metadata address, to which nothing is ever sent; write the host of the server',
    ],
  },
  {
    title: 'an unknown setting at the top',
    text: `
sorces: []
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwatch
`,
    problems: [':1:1 sorces: is no setting here; sources stands here already, so remove it'],
  },
  {
    title: 'an unknown setting of a source',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk }]
    quees: {}
sinks:
  - kind: cloudwatch
`,
    problems: [':4:5 sources[0].quees: is no setting here; did you mean queues?'],
  },
  {
    title: 'an unknown setting that resembles none',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk }]
    colour: red
sinks:
  - kind: cloudwatch
`,
    problems: [
      ':4:5 sources[0].colour: is no setting here; there are kind, name, endpoint, agentTokens, apiToken, organization, pipelines, mainBranches, namedBranches, waits, jobs, graphqlEndpoint, restEndpoint, requestsPerMinute, pointsPerFiveMinutes, portal, events, queues, hostedQueues, compat, tls',
    ],
  },
  {
    title: 'an unknown setting deep inside',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk }]
    queues: { includes: [a] }
sinks:
  - kind: cloudwatch
`,
    problems: [':4:15 sources[0].queues.includes: is no setting here; did you mean include?'],
  },
  {
    title: 'settings without sources and sinks',
    text: `
interval: 1 minute
`,
    problems: [':1:1 sources: is missing: What to read', ':1:1 sinks: is missing: Where to publish'],
  },
  {
    title: 'sources without an entry',
    text: `
sources: []
sinks:
`,
    problems: [':1:10 sources: must have an entry', ':2:7 sinks: is empty; it must be a list'],
  },
  {
    title: 'a list written as a mapping',
    text: `
sources:
  kind: buildkite
sinks:
  - kind: cloudwatch
`,
    problems: [':2:3 sources: must be a list, not a mapping; begin each entry with "- "'],
  },
  {
    title: 'an unknown kind of source',
    text: `
sources:
  - kind: jenkins
sinks:
  - kind: cloudwatch
`,
    problems: [
      ':2:11 sources[0].kind: is no kind of source; there are bitbucket-pipelines, buildkite, chainloop, github-actions, prometheus, tekton',
    ],
  },
  {
    title: 'a misspelt kind of sink',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwach
`,
    problems: [':5:11 sinks[0].kind: is no kind of sink; did you mean cloudwatch?'],
  },
  {
    title: 'an unknown kind of sink',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: graphite
`,
    problems: [
      ':5:11 sinks[0].kind: is no kind of sink; there are cloudwatch, datadog, file, google-cloud-monitoring, new-relic, otlp, pushgateway, remote-write, scrape-page, statsd, stdout',
    ],
  },
  {
    title: 'a sink without a kind',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - url: https://host
`,
    problems: [
      ':5:5 sinks[0].kind: is missing; it must be one of cloudwatch, datadog, file, google-cloud-monitoring, new-relic, otlp, pushgateway, remote-write, scrape-page, statsd, stdout',
    ],
  },
  {
    title: 'a source that is a text',
    text: `
sources: [buildkite]
sinks:
  - kind: cloudwatch
`,
    problems: [':1:11 sources[0]: must be a mapping (key: value), not a text'],
  },
  {
    title: 'a source without tokens',
    text: `
sources:
  - kind: buildkite
    name: main
sinks:
  - kind: cloudwatch
`,
    problems: [':2:5 sources[0].agentTokens: give agentTokens, apiToken or both'],
  },
  {
    title: 'two sources of one name',
    text: `
sources:
  - { kind: buildkite, name: main, agentTokens: [{ secret: a }] }
  - { kind: buildkite, name: main, agentTokens: [{ secret: b }] }
sinks:
  - kind: cloudwatch
`,
    problems: [':3:30 sources[1].name: sources[0] is named main too; give each a name of its own'],
  },
  {
    title: 'two sinks with the default name',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwatch
  - kind: cloudwatch
    namespace: Other
`,
    problems: [':6:5 sinks[1].name: sinks[0] is named cloudwatch too; give each a name of its own'],
  },
  {
    title: 'a name with a space',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk }]
    name: my source
sinks:
  - kind: cloudwatch
`,
    problems: [
      ':4:11 sources[0].name: must be 1 to 64 letters, digits, dots, dashes or underscores and start with a letter or digit',
    ],
  },
  {
    title: 'a name that is a number',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk }]
    name: 2024
sinks:
  - kind: cloudwatch
`,
    problems: [':4:11 sources[0].name: must be a text, not a number; put it in quotes'],
  },
  {
    title: 'a token instead of a reference',
    text: `
sources:
  - kind: buildkite
    agentTokens: [bkct_this-must-not-be-shown]
sinks:
  - kind: cloudwatch
`,
    problems: [
      ':3:19 sources[0].agentTokens[0]: is a text; put the value into Secrets Manager and refer to it: { secret: NAME, key: KEY }',
    ],
  },
  {
    title: 'a token in the place of the list',
    text: `
sources:
  - kind: buildkite
    agentTokens: bkct_this-must-not-be-shown
sinks:
  - kind: cloudwatch
`,
    problems: [':3:18 sources[0].agentTokens: must be a list, not a text'],
  },
  {
    title: 'a password instead of a reference',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: pushgateway
    url: https://host
    auth: { basic: { username: ci, password: this-must-not-be-shown } }
`,
    problems: [
      ':7:46 sinks[0].auth.basic.password: is a text; put the value into Secrets Manager and refer to it: { secret: NAME, key: KEY }',
    ],
  },
  {
    title: 'a reference to two places',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, parameter: /ci/bk }]
sinks:
  - kind: cloudwatch
`,
    problems: [':3:19 sources[0].agentTokens[0]: has secret and parameter, which exclude each other; keep one'],
  },
  {
    title: 'a reference to no place',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ key: token }]
sinks:
  - kind: cloudwatch
`,
    problems: [':3:19 sources[0].agentTokens[0]: needs one of secret, parameter, env, file'],
  },
  {
    title: 'references with what only another form has',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ file: x, key: a }, { env: B, kei: c }, { secrt: ci/bk, key: d }]
sinks:
  - kind: stdout
`,
    problems: [
      ':3:30 sources[0].agentTokens[0].key: is no setting here; key stands beside secret: write secret in place of file, or remove it',
      ':3:50 sources[0].agentTokens[1].kei: is no setting here; key stands beside secret: write secret in place of env, or remove it',
      ':3:60 sources[0].agentTokens[2]: needs one of secret, parameter, env, file; did you mean secret by secrt?',
    ],
  },
  {
    title: 'a reference with a misspelt key',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, kei: token }]
sinks:
  - kind: cloudwatch
`,
    problems: [':3:36 sources[0].agentTokens[0].kei: is no setting here; did you mean key?'],
  },
  {
    title: 'a reference whose name cannot be one',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: 'this must: not be shown' }]
sinks:
  - kind: cloudwatch
`,
    problems: [
      ':3:29 sources[0].agentTokens[0].secret: must be the name or ARN of a secret: letters, digits and /_+=.@- only',
    ],
  },
  {
    title: 'a parameter whose name cannot be one',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ parameter: 'this must not be shown' }]
sinks:
  - kind: cloudwatch
`,
    problems: [
      ':3:32 sources[0].agentTokens[0].parameter: must be the name or ARN of a parameter: letters, digits and /_.- only',
    ],
  },
  {
    title: 'an environment variable in AWS Lambda',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ env: BUILDKITE_TOKEN }]
sinks:
  - kind: cloudwatch
`,
    problems: [
      ':3:19 sources[0].agentTokens[0]: an environment variable is no place for a secret in AWS Lambda; put the value into Secrets Manager and refer to it: { secret: NAME, key: KEY }',
    ],
  },
  {
    title: 'a file in AWS Lambda',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: remote-write
    url: https://host/write
    headers: { X-Key: { file: /run/key } }
    labels: { env: production }
`,
    problems: [
      ':7:23 sinks[0].headers.X-Key: AWS Lambda has no such file; put the value into Secrets Manager and refer to it: { secret: NAME, key: KEY }',
    ],
  },
  {
    title: 'an interval that divides no minute',
    text: `
interval: 7 seconds
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwatch
`,
    problems: [
      ':1:11 interval: must be "1 minute" to "60 minutes", or 5, 6, 10, 12, 15, 20 or 30 "seconds" (a part of a minute)',
    ],
  },
  {
    title: 'an interval of more than an hour',
    text: `
interval: 2 hours
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwatch
`,
    problems: [
      ':1:11 interval: must be "1 minute" to "60 minutes", or 5, 6, 10, 12, 15, 20 or 30 "seconds" (a part of a minute)',
    ],
  },
  {
    title: 'an interval that is a number',
    text: `
interval: 60
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwatch
`,
    problems: [
      ':1:11 interval: must be "1 minute" to "60 minutes", or 5, 6, 10, 12, 15, 20 or 30 "seconds" (a part of a minute)',
    ],
  },
  {
    title: 'a level that does not exist',
    text: `
logLevel: warning
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwatch
`,
    problems: [':1:11 logLevel: must be one of debug, info, warn, error'],
  },
  {
    title: 'numbers out of range',
    text: `
secretCacheMinutes: 61
seriesPerMetric: 1
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwatch
`,
    problems: [':1:21 secretCacheMinutes: must be at most 60', ':2:18 seriesPerMetric: must be at least 10'],
  },
  {
    title: 'a number in quotes',
    text: `
seriesPerMetric: '500'
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwatch
`,
    problems: [':1:18 seriesPerMetric: must be a number, not a text; remove the quotes'],
  },
  {
    title: 'a fraction',
    text: `
secretCacheMinutes: 2.5
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwatch
`,
    problems: [':1:21 secretCacheMinutes: must be a whole number, not a fraction'],
  },
  {
    title: 'a word for a truth value',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk }]
    compat: yes
sinks:
  - kind: cloudwatch
`,
    problems: [':4:13 sources[0].compat: must be true or false, not a text'],
  },
  {
    title: 'an empty value',
    text: `
sources:
  - kind: buildkite
    agentTokens:
sinks:
  - kind: cloudwatch
`,
    problems: [':3:17 sources[0].agentTokens: is empty; it must be a list'],
  },
  {
    title: 'a URL without a protocol',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: pushgateway
    url: pushgateway:9091
`,
    problems: [':6:10 sinks[0].url: must be an http or https URL'],
  },
  {
    title: 'a URL of another protocol',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: pushgateway
    url: ftp://host
`,
    problems: [':6:10 sinks[0].url: must be an http or https URL'],
  },
  {
    title: 'a readable URL that leaves the machine',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: pushgateway
    url: http://push.internal:9091
`,
    problems: [':6:10 sinks[0].url: an http:// URL sends everything readable; use https:// or set plaintext: allow'],
  },
  {
    title: 'a readable URL together with another fault',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: pushgateway
    url: http://push.internal:9091
    jobb: ci
`,
    problems: [
      ':6:10 sinks[0].url: an http:// URL sends everything readable; use https:// or set plaintext: allow',
      ':7:5 sinks[0].jobb: is no setting here; did you mean job?',
    ],
  },
  {
    title: 'a certificate without its key',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: pushgateway
    url: https://host
    tls: { cert: { secret: ci/cert } }
`,
    problems: [':7:10 sinks[0].tls: a client certificate needs both cert and key'],
  },
  {
    title: 'two kinds of authentication',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: pushgateway
    url: https://host
    auth: { basic: { username: ci, password: { secret: a } }, bearer: { secret: b } }
`,
    problems: [':7:11 sinks[0].auth: has basic and bearer, which exclude each other; keep one'],
  },
  {
    title: 'an authentication that the sink does not have',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: pushgateway
    url: https://host
    auth: { sigv4: { region: eu-west-1 } }
`,
    problems: [':7:11 sinks[0].auth: needs one of basic, bearer'],
  },
  {
    title: 'an authentication that is half there',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: pushgateway
    url: https://host
    auth: { basic: { username: ci } }
`,
    problems: [':7:20 sinks[0].auth.basic.password: is missing: A reference to a secret value, never the value itself'],
  },
  {
    title: 'a header that belongs to the collector',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: remote-write
    url: https://host/write
    headers: { Authorization: x }
`,
    problems: [
      ':7:16 sinks[0].headers.Authorization: is set by the collector and cannot be overridden; use auth for Authorization, tenant for X-Scope-OrgID',
    ],
  },
  {
    title: 'a header value that is a number',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: remote-write
    url: https://host/write
    headers: { X-Tenant: 5 }
`,
    problems: [
      ':7:26 sinks[0].headers.X-Tenant: must be a text or a reference to a secret such as { secret: NAME, key: KEY }, not a number',
    ],
  },
  {
    title: 'a label that Prometheus does not take',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: remote-write
    url: https://host/write
    labels: { my-label: a }
`,
    problems: [':7:15 sinks[0].labels.my-label: the name must be a Prometheus label name'],
  },
  {
    title: 'a namespace of AWS',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwatch
    namespace: AWS/CI
`,
    problems: [':6:16 sinks[0].namespace: must not start with AWS/, which belongs to AWS services'],
  },
  {
    title: 'a dimension that is not ASCII',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwatch
    dimensions: { Umgebung: größer }
`,
    problems: [':6:29 sinks[0].dimensions.Umgebung: must be printable ASCII and not blank'],
  },
  {
    title: 'a dimension name that is too long',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwatch
    dimensions: { ${'n'.repeat(256)}: a }
`,
    problems: [':6:19 sinks[0].dimensions.(unusual name): the name must have at most 255 characters'],
  },
  {
    title: 'Amazon Managed Prometheus without a signature',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: remote-write
    url: https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write
`,
    problems: [
      ':5:5 sinks[0].auth: Amazon Managed Service for Prometheus takes signed requests only; set auth: { sigv4: { region: eu-west-1 } }',
    ],
  },
  {
    title: 'a signature for another Region',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: remote-write
    url: https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write
    auth: { sigv4: { region: us-east-1 } }
`,
    problems: [':7:30 sinks[0].auth.sigv4.region: the URL is in eu-west-1; sign for the same Region'],
  },
  {
    title: 'an address of Amazon Managed Prometheus that takes no samples',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: remote-write
    url: https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/query
    auth: { sigv4: { region: eu-west-1 } }
`,
    problems: [
      ':6:10 sinks[0].url: a workspace takes samples at https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-…/api/v1/remote_write only',
    ],
  },
  {
    title: 'a role that is no ARN of a role, and an external ID without a role',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwatch
    roleArn: metrics
  - kind: cloudwatch
    name: other
    namespace: Other
    externalId: acme-7
  - kind: remote-write
    url: https://host/write
    auth: { sigv4: { region: eu-west-1, externalId: acme-7 } }
`,
    problems: [
      ':6:14 sinks[0].roleArn: must be the ARN of a role, such as arn:aws:iam::123456789012:role/metrics',
      ':10:17 sinks[1].externalId: is part of assuming a role; set roleArn too',
      ':13:53 sinks[2].auth.sigv4.externalId: is part of assuming a role; set roleArn too',
    ],
  },
  {
    title: 'names beyond ASCII and a version that cannot carry them',
    text: `
sources:
  - kind: prometheus
    targets: [{ url: https://host/metrics }]
    utf8Names: keep
sinks:
  - kind: remote-write
    url: https://host/write
    version: '1.0'
  - kind: remote-write
    name: other
    url: https://host/write2
`,
    problems: [
      ':8:14 sinks[0].version: 1.0 cannot carry the names of a source with utf8Names: keep; use auto or 2.0, or utf8Names: escape',
    ],
  },
  {
    title: 'relabelling patterns that RE2 does not have',
    text: `
sources:
  - kind: prometheus
    targets: [{ url: https://host/metrics }]
    relabel:
      - { action: labeldrop, regex: 'otel_.*' }
      - { action: labeldrop, regex: '(?=a)' }
      - { action: labelkeep, regex: 'a{0,1000}' }
sinks:
  - kind: stdout
`,
    problems: [
      ':6:37 sources[0].relabel[1].regex: is no pattern that can be used: invalid or unsupported Perl syntax: "(?=" at character 1; RE2 has no look-around',
      ':7:37 sources[0].relabel[2].regex: is no pattern that can be used: the pattern is too large: repetitions counted, it has more than 2000 steps; lower the counts in braces, or use several rules',
    ],
  },
  {
    title: 'a Region that cannot be one',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: remote-write
    url: https://host/write
    auth: { sigv4: { region: Ireland } }
`,
    problems: [':7:30 sinks[0].auth.sigv4.region: must be an AWS Region such as eu-west-1'],
  },
  {
    title: 'two Pushgateway sinks for one group',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - { kind: pushgateway, name: a, url: 'https://host', grouping: { a: x, b: y } }
  - { kind: pushgateway, name: b, url: 'https://host', grouping: { b: y, a: x } }
`,
    problems: [':6:5 sinks[1]: replaces the group of sinks[0]; set another job or grouping, or remove one'],
  },
  {
    title: 'two remote-write sinks with equal labels',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - { kind: remote-write, name: a, url: 'https://host/write' }
  - { kind: remote-write, name: b, url: 'https://host/write' }
`,
    problems: [
      ':6:5 sinks[1]: writes the same series as sinks[0], which their receiver refuses; set other labels, or remove one',
    ],
  },
  {
    title: 'two CloudWatch sinks for the same metrics',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - { kind: cloudwatch, name: a }
  - { kind: cloudwatch, name: b }
`,
    problems: [
      ':6:5 sinks[1]: publishes the same metrics as sinks[0], which spoils every average; set other dimensions, or remove one',
    ],
  },
  {
    title: 'an alarm setting that does not exist',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwatch
alarms: { email: [a@example.com] }
`,
    problems: [':6:11 alarms.email: is no setting here; did you mean emails?'],
  },
  {
    title: 'an address that is none',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwatch
alarms: { emails: [on-call] }
`,
    problems: [':6:20 alarms.emails[0]: must be an e-mail address'],
  },
  {
    title: 'an alarm on a queue of an unknown source',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwatch
alarms:
  queues:
    - { source: bk, scope: default, queue: linux }
`,
    problems: [':8:17 alarms.queues[0].source: there is no source named "bk"; configured: "buildkite"'],
  },
  {
    title: 'a deployment with an impossible retention',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwatch
deployment: { logRetentionDays: 2 }
`,
    problems: [
      ':6:33 deployment.logRetentionDays: must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653',
    ],
  },
  {
    title: 'a timeout beyond the interval',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwatch
deployment: { timeoutSeconds: 90 }
`,
    problems: [
      ':6:31 deployment.timeoutSeconds: a run may not outlive the interval of 1 minute; use less, or leave it out',
    ],
  },
  {
    title: 'a key that stands twice',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwatch
interval: 1 minute
interval: 5 minutes
logLevel: loud
`,
    problems: [
      ':7:1 interval stands twice in one mapping; remove one',
      ':8:11 logLevel: must be one of debug, info, warn, error',
    ],
  },
  {
    title: 'a tab',
    text: `
sources:
	- kind: buildkite
`,
    problems: [':2:1 a tab cannot indent YAML; use spaces'],
  },
  {
    title: 'a bracket that is not closed',
    text: `
sources: [{ kind: buildkite }
sinks: []
`,
    problems: [':2:1 a closing bracket is missing, or this line is indented differently from its neighbours'],
  },
  {
    title: 'a quote that is not closed',
    text: `
collector: "ci
sources: []
`,
    problems: [':3:1 a closing quote or bracket, or a comma is missing'],
  },
  {
    title: 'two colons in a line',
    text: `
sources:
  - kind: buildkite
    name: a: b
`,
    problems: [
      ':3:11 this line has two "key: value" pairs, or the next one is indented too far; quote a text that contains ": "',
    ],
  },
  {
    title: 'a line that is indented differently',
    text: `
sources:
  - kind: buildkite
   name: main
`,
    problems: [':3:1 a closing quote or bracket, or a comma is missing'],
  },
  {
    title: 'a character that YAML reserves',
    text: `
collector: @ci
`,
    problems: [':1:12 a text that begins with this character must be put in quotes'],
  },
  {
    title: 'an escape that YAML does not know',
    text: `
collector: "\\q"
`,
    problems: [':1:13 a text in double quotes has an unknown escape; write \\\\ for a backslash, or use single quotes'],
  },
  {
    title: 'two documents',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwatch
---
a: 1
`,
    problems: [':6:1 a second document begins here (---); the file must have one'],
  },
  {
    title: 'a tag',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwatch
collector: !env NAME
`,
    problems: [':6:12 tags (!name) are not supported; remove it'],
  },
  {
    title: 'an alias without an anchor',
    text: `
sources:
  - kind: buildkite
    agentTokens: [*token]
sinks:
  - kind: cloudwatch
`,
    problems: [':3:19 the alias *token has no anchor (&) above it'],
  },
  {
    title: 'an alias that contains itself',
    text: `
sources:
  - kind: buildkite
    agentTokens: &all [*all]
sinks:
  - kind: cloudwatch
`,
    problems: [':3:24 the alias *all contains itself'],
  },
  {
    title: 'aliases that multiply',
    text: `
a: &a [x, x, x, x, x, x, x, x, x, x]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
d: [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
`,
    problems: [':1:1 its aliases (*name) repeat too much; at most 100 repetitions are read'],
  },
  {
    title: 'a list as a name of a setting',
    text: `
? [a]
: b
`,
    problems: [':1:3 the name of a setting must be a text'],
  },
  {
    title: 'a setting named like an inherited one',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - kind: cloudwatch
constructor: 1
__proto__: 2
`,
    problems: [
      ':6:1 constructor: is no setting here; there are collector, interval, logLevel, secretCacheMinutes, queuesPerMetric, seriesPerMetric, counting, prices, collectorNamespace, sources, sinks, alarms, deployment',
      ':7:1 __proto__: is no setting here; there are collector, interval, logLevel, secretCacheMinutes, queuesPerMetric, seriesPerMetric, counting, prices, collectorNamespace, sources, sinks, alarms, deployment',
    ],
  },
  {
    title: 'a fault behind an alias',
    text: `
sources:
  - &one { kind: buildkite, agentTokens: [{ secret: a }], compat: 1 }
  - *one
sinks:
  - kind: cloudwatch
`,
    problems: [
      ':2:67 sources[0].compat: must be true or false, not a number',
      ':2:67 sources[1].compat: must be true or false, not a number',
      ':3:5 sources[1].name: sources[0] is named buildkite too; give each a name of its own',
    ],
  },
  {
    title: 'a fault in a merged mapping',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk, key: token }]
sinks:
  - &one { kind: cloudwatch, region: 5 }
  - { <<: *one, name: other, namespace: Other }
`,
    problems: [
      ':5:38 sinks[0].region: must be a text, not a number; put it in quotes',
      ':6:5 sinks[1].region: must be a text, not a number; put it in quotes',
    ],
  },
  {
    title: 'a token as the name of a setting',
    text: `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk }]
    bkct_this-must-not-be-shown-this-must-not-be-shown: 1
sinks:
  - kind: cloudwatch
`,
    problems: [
      ':4:5 sources[0].(unusual name): is no setting here; there are kind, name, endpoint, agentTokens, apiToken, organization, pipelines, mainBranches, namedBranches, waits, jobs, graphqlEndpoint, restEndpoint, requestsPerMinute, pointsPerFiveMinutes, portal, events, queues, hostedQueues, compat, tls',
    ],
  },
  {
    title: 'several faults at once, from top to bottom',
    text: `
interval: 3 days
sources:
  - kind: buildkite
    agentTokens: [{ secret: a }, token]
  - kind: buildkite
    agentTokens: [{ secret: a }]
    compat: 1
  - kind: buildkite
    agentTokens: [{ env: T }]
sinks:
  - kind: pushgateway
  - kind: stdout
    format: xml
`,
    problems: [
      ':1:11 interval: must be "1 minute" to "60 minutes", or 5, 6, 10, 12, 15, 20 or 30 "seconds" (a part of a minute)',
      ':4:34 sources[0].agentTokens[1]: is a text; put the value into Secrets Manager and refer to it: { secret: NAME, key: KEY }',
      ':5:5 sources[1].name: sources[0] is named buildkite too; give each a name of its own',
      ':7:13 sources[1].compat: must be true or false, not a number',
      ':8:5 sources[2].name: sources[0] is named buildkite too; give each a name of its own',
      ':9:19 sources[2].agentTokens[0]: an environment variable is no place for a secret in AWS Lambda; put the value into Secrets Manager and refer to it: { secret: NAME, key: KEY }',
      ':11:5 sinks[0].url: is missing; it must be an http or https URL',
      ':13:13 sinks[1].format: must be one of prometheus, json',
    ],
  },
];

function messageOf(text: string): string {
  try {
    parseConfig(text, { file: 'collector.yaml', environment: 'lambda' });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

describe('a bad configuration', () => {
  it.each(badConfigs)('is explained with place, reason and remedy: $title', ({ text, problems }) => {
    const message = messageOf(text.replace(/^\n/, ''));

    const headline = problems.length === 1 ? '1 problem' : `${String(problems.length)} problems`;
    expect(message.split('\n')).toEqual([
      `collector.yaml has ${headline}:`,
      ...problems.map((problem) => `  collector.yaml${problem}`),
    ]);
  });

  it('never shows what stands in the place of a secret', () => {
    const messages = badConfigs.map(({ text }) => messageOf(text));

    expect(messages.filter((message) => message.includes('must-not-be-shown'))).toEqual([]);
    expect(messages.filter((message) => message.includes('not be shown'))).toEqual([]);
  });

  it('is refused when it is no text, or larger than any configuration', () => {
    expect(messageOf('a\0b')).toBe('collector.yaml has 1 problem:\n  collector.yaml is not a text file');
    expect(messageOf('#'.repeat(1024 * 1024 + 1))).toBe(
      'collector.yaml has 1 problem:\n  collector.yaml is larger than 1 MiB; it is not a configuration of the collector',
    );
  });
});
