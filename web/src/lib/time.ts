// The county's civil time is a fixed +08:00, whatever the reader's computer thinks.

const OFFSET = 8 * 3600_000;
const two = (n: number) => String(n).padStart(2, '0');

function civil(millis: number) {
  const date = new Date(millis + OFFSET);
  return {
    year: date.getUTCFullYear(),
    month: two(date.getUTCMonth() + 1),
    day: two(date.getUTCDate()),
    hour: two(date.getUTCHours()),
    minute: two(date.getUTCMinutes()),
    second: two(date.getUTCSeconds()),
  };
}

export type Precision = 'day' | 'hour' | 'minute' | 'second';

const millisOf = (time: string | number) => (typeof time === 'number' ? time : Date.parse(time));

/** `2026-11-25 15:04`; a date alone stays a date. */
export function timeText(time: string | number | null | undefined, precision: Precision = 'minute'): string {
  if (time === null || time === undefined || time === '') return '—';
  if (typeof time === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(time)) return time;
  const millis = millisOf(time);
  if (Number.isNaN(millis)) return String(time);
  const c = civil(millis);
  const date = `${c.year}-${c.month}-${c.day}`;
  if (precision === 'day') return date;
  if (precision === 'hour') return `${date} ${c.hour}:00`;
  return `${date} ${c.hour}:${c.minute}${precision === 'second' ? `:${c.second}` : ''}`;
}

/** `15:04` today, `11-24 15:04` this year, the whole date otherwise. */
export function shortTime(time: string | null | undefined, now = Date.now()): string {
  if (!time) return '—';
  const millis = Date.parse(time);
  if (Number.isNaN(millis)) return time;
  const c = civil(millis);
  const today = civil(now);
  const clock = `${c.hour}:${c.minute}`;
  if (c.year === today.year && c.month === today.month && c.day === today.day) return clock;
  return c.year === today.year ? `${c.month}-${c.day} ${clock}` : `${c.year}-${c.month}-${c.day} ${clock}`;
}

/** `15:04:05` today, with the date otherwise. */
export function clockText(millis: number | null, now = Date.now()): string {
  if (millis === null) return '—';
  const text = timeText(millis, 'second');
  return text.slice(0, 10) === timeText(now, 'day') ? text.slice(11) : text;
}

/** The period that an id of a verdict names: `17-h493211` is an hour, `17-d20780` a day, both counted from 1970 at +08:00. */
export function verdictPeriod(id: string): { level: 'hour' | 'day' | 'month' | 'year'; text: string } | null {
  const match = /-([hdmy])(\d+)$/.exec(id);
  if (!match) return null;
  const count = Number(match[2]);
  if (match[1] === 'h') return { level: 'hour', text: timeText(count * 3600_000 - OFFSET, 'hour') };
  if (match[1] === 'd') return { level: 'day', text: timeText(count * 86_400_000 - OFFSET, 'day') };
  if (match[1] === 'm') return { level: 'month', text: `${Math.floor(count / 12)}-${two((count % 12) + 1)}` };
  return { level: 'year', text: String(count) };
}

export function today(now = Date.now()): string {
  return timeText(now, 'day');
}
export function yearNow(now = Date.now()): number {
  return civil(now).year;
}
/** Midnight of a civil day as the API wants it. */
export const startOfDay = (day: string) => `${day}T00:00:00+08:00`;
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}
/** Milliseconds as ISO 8601 with +08:00. */
export function isoCivil(millis: number): string {
  return `${timeText(millis, 'second').replace(' ', 'T')}+08:00`;
}

export interface Age {
  unit: 'second' | 'minute' | 'hour' | 'day';
  count: number;
  ahead: boolean;
}
export function ageOf(time: string | number, now = Date.now()): Age {
  const span = now - millisOf(time);
  const seconds = Math.floor(Math.abs(span) / 1000);
  const ahead = span < 0;
  if (seconds < 60) return { unit: 'second', count: seconds, ahead };
  if (seconds < 3600) return { unit: 'minute', count: Math.floor(seconds / 60), ahead };
  if (seconds < 86_400) return { unit: 'hour', count: Math.floor(seconds / 3600), ahead };
  return { unit: 'day', count: Math.floor(seconds / 86_400), ahead };
}
