/** Reads the figure behind an alarm out of the reason that CloudWatch gives, and says what it counts. */

/**
 * The first value in brackets: of one metric the most recent point, of a series the most recent one that crossed
 * (`[3.0 (01/12/25 13:34:00)]`, CloudWatch user guide, "Alarm events and EventBridge").
 */
const point = /\[(-?\d+(?:\.\d+)?(?:E-?\d+)?) \(/;

/** Undefined where the reason names no value, as that of a composite alarm. */
function findFigure(reason: string): number | undefined {
  const text = point.exec(reason)?.[1];
  return text === undefined ? undefined : Number(text);
}

/** `4 jobs wait and no worker takes them`; empty where there is nothing to say. */
export function describeFigure(alarmKind: string, reason: string): string {
  const figure = findFigure(reason);
  if (figure === undefined || figure <= 0) return '';
  switch (alarmKind) {
    case 'queue-starved':
    case 'any-queue-starved':
      return `${formatJobs(figure)} and no worker takes ${figure === 1 ? 'it' : 'them'}`;
    case 'queue-waits':
    case 'any-queue-waits':
      return `its oldest job has waited for ${formatMinutes(figure)}`;
    case 'runs-stuck':
      return figure === 1 ? '1 run is stuck' : `${String(figure)} runs are stuck`;
    default:
      return '';
  }
}

function formatJobs(count: number): string {
  return count === 1 ? '1 job waits' : `${String(count)} jobs wait`;
}

function formatMinutes(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${String(minutes)} ${minutes === 1 ? 'minute' : 'minutes'}`;
  return `${String(Math.floor(minutes / 60))} h ${String(minutes % 60)} min`;
}
