/** What an App may ask for with its own assertion: its installations, tokens of them, and what its webhook has sent. */
import { type AnswerContext, formatTime } from './answers.ts';
import type { AppCredential, Credentials } from './credentials.ts';
import { mapUser } from './links.ts';
import { makeJsonReply, notFound, refuse, type Reply } from './reply.ts';

export interface AppRequest {
  readonly app: AppCredential;
  readonly method: string | undefined;
  /** Behind the base path. */
  readonly path: string;
  readonly body: string;
  readonly atMs: number;
}

export function replyToApp(
  asked: AppRequest,
  context: AnswerContext,
  credentials: Credentials,
  deliveries: () => readonly object[] = () => [],
): Reply {
  const { app, method = '', path, atMs } = asked;
  switch (`${method} ${path}`) {
    case `GET /orgs/${context.login}/installation`:
      return makeJsonReply(200, mapInstallation(app, atMs, context));
    case 'GET /app/installations':
      return makeJsonReply(200, [mapInstallation(app, atMs, context)]);
    case 'GET /app/hook/deliveries':
      return makeJsonReply(200, deliveries());
    case `POST /app/installations/${String(app.installationId)}/access_tokens`:
      return replyWithToken(asked, credentials);
    default:
      return notFound;
  }
}

function replyWithToken({ app, body, atMs }: AppRequest, credentials: Credentials): Reply {
  if (app.isSuspended === true) return refuse(403, 'This installation has been suspended');
  const issued = credentials.issue(app, body === '' ? {} : parseBody(body), atMs);
  if ('status' in issued) return issued;
  const { token, expiresMs, permissions } = issued;
  return makeJsonReply(201, { token, expires_at: formatTime(expiresMs), permissions, repository_selection: 'all' });
}

function parseBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function mapInstallation(app: AppCredential, nowMs: number, context: AnswerContext): object {
  const { installationId, appId, clientId, permissions, isSuspended } = app;
  const at = formatTime(nowMs);
  return {
    ...{ id: installationId, app_id: appId, client_id: clientId, app_slug: 'ci-metrics', target_id: 1 },
    ...{ target_type: 'Organization', repository_selection: 'all', permissions: { metadata: 'read', ...permissions } },
    ...{ events: ['workflow_job', 'workflow_run'], single_file_name: null, created_at: at, updated_at: at },
    account: mapUser(context.login, context, 'Organization'),
    access_tokens_url: `${context.api}/app/installations/${String(installationId)}/access_tokens`,
    repositories_url: `${context.api}/installation/repositories`,
    html_url: `${context.html}/organizations/${context.login}/settings/installations/${String(installationId)}`,
    suspended_by: isSuspended === true ? mapUser('somebody', context) : null,
    suspended_at: isSuspended === true ? at : null,
  };
}
