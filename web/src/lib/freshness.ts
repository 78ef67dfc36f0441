// What is live, what is old, what is only the last that was heard: pure, so that it can be tested without a browser.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The server says something at least every 15 s; after three times that, the connection is dead though nobody closed it. */
export const SILENCE_MILLIS = 45_000;
export const isSilent = (heardAt: number | null, now: number): boolean => heardAt !== null && now - heardAt > SILENCE_MILLIS;

/** Pause before the next attempt: 2 s, 4 s, … 30 s. */
export const retryPause = (attempt: number): number => Math.min(30_000, 1000 * 2 ** Math.min(Math.max(attempt, 1), 5));

export interface Link {
  status: 'idle' | 'connecting' | 'open' | 'lost';
  lostAt: number | null;
  heardAt: number | null;
}
/** When the server last answered a request, and when one last reached nobody; 0 is never. */
export interface Contact {
  last: number;
  failed: number;
}
/** `offline`: nothing has answered since the stream was lost, or the newest request reached nobody. `polling`: the stream is lost, ordinary requests work. */
export interface LinkView {
  mode: 'live' | 'polling' | 'offline';
  /** When the server was last heard, by either way: the numbers on the page are not newer. */
  valuesAt: number | null;
}
export function viewOfLink(link: Link, contact: Contact): LinkView {
  if (link.lostAt === null) return { mode: 'live', valuesAt: null };
  const valuesAt = Math.max(link.heardAt ?? 0, contact.last) || link.lostAt;
  return { mode: contact.last > Math.max(link.lostAt, contact.failed) ? 'polling' : 'offline', valuesAt };
}

/** How often something is to come, by what it is. */
export type Cadence = 'realtime' | 'minute' | 'hour' | 'section' | 'day';
/** Age of the data time (the start of the period) from which it is old. The hours of air and of sections are those of the public page. */
export const OLD_AFTER: Record<Cadence, number> = { realtime: 20 * MINUTE, minute: 40 * MINUTE, hour: 4 * HOUR, section: 10 * HOUR, day: 54 * HOUR };

export function isOld(time: string | null | undefined, cadence: Cadence, now: number): boolean {
  if (!time) return false;
  // A bare date is the county's midnight.
  const millis = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(time) ? `${time}T00:00:00+08:00` : time);
  return !Number.isNaN(millis) && now - millis > OLD_AFTER[cadence];
}

/** Of a value by the HJ 212 command that brought it. */
export const cadenceOf = (command: number): Cadence => ({ 2051: 'minute', 2061: 'hour', 2031: 'day' } as Record<number, Cadence>)[command] ?? 'realtime';
