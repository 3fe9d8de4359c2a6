/** Builds the addresses that a message about an alarm leads to. */

/** What the function knows of its stack. */
export interface Places {
  readonly region: string;
  /** Domain of the AWS console of this partition. */
  readonly console: string;
  /** Of the collector's function. */
  readonly logGroup: string;
  /** Empty where there is no dashboard. */
  readonly dashboard: string;
  /** Where people read the runbook, docs/operating.md or their own; empty where the configuration does not say. */
  readonly runbook: string;
  /** Pages of CI systems by the name of their source. */
  readonly ciPages: Readonly<Record<string, string>>;
}

export interface Link {
  readonly text: 'Dashboard' | 'Log' | 'Runbook' | 'CI system' | 'Alarm';
  readonly href: string;
}

/** The query of docs/operating.md, "First look". */
const query = `fields @timestamp, outcome, @message
| filter message = "run finished" and outcome != "ok"
| sort @timestamp desc
| limit 20`;

/** Seconds before now that the log is searched. */
const logSeconds = 3 * 3600;

/**
 * @param alarm The whole name of the alarm.
 * @param alarmKind The first part of its own name, which is the heading of its section.
 */
export function buildLinks(places: Places, alarm: string, alarmKind: string, source: string): readonly Link[] {
  const { region, console, logGroup, dashboard, runbook, ciPages } = places;
  const base = `https://${region}.${console}/cloudwatch/home?region=${region}`;
  const ciPage = ciPages[source];
  return [
    ...(dashboard === '' ? [] : [{ text: 'Dashboard' as const, href: `${base}#dashboards/dashboard/${dashboard}` }]),
    { text: 'Alarm', href: `${base}#alarmsV2:alarm/${encodeURIComponent(alarm)}` },
    { text: 'Log', href: `${base}#logsV2:logs-insights$3FqueryDetail$3D${formatQueryDetail(logGroup)}` },
    ...(runbook === '' ? [] : [{ text: 'Runbook' as const, href: `${runbook}#${alarmKind}` }]),
    ...(ciPage === undefined ? [] : [{ text: 'CI system' as const, href: ciPage }]),
  ];
}

/**
 * The state of the page as the console writes it into its own address: values begin with `'`, and what is escaped has
 * `*` for `%`; the whole is escaped once more with `$`.
 */
function formatQueryDetail(logGroup: string): string {
  const text = (value: string): string => `'${encodeURIComponent(value).replaceAll("'", '*27').replaceAll('%', '*')}`;
  const detail = [
    `~(end~0~start~-${String(logSeconds)}~timeType~'RELATIVE~unit~'seconds`,
    `~editorString~${text(query)}~source~(~${text(logGroup)}))`,
  ].join('');
  return encodeURIComponent(detail).replaceAll("'", '%27').replaceAll('%', '$');
}
