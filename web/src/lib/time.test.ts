import { describe, expect, it } from 'vitest';
import { addDays, ageOf, clockText, isoCivil, shortTime, timeText, verdictPeriod } from './time';

// 2026-11-25 15:04:05 in the county, whatever the zone of the machine that runs the test.
const AT = Date.UTC(2026, 10, 25, 7, 4, 5);

describe('civil time', () => {
  it.each([
    ['day', '2026-11-25'],
    ['hour', '2026-11-25 15:00'],
    ['minute', '2026-11-25 15:04'],
    ['second', '2026-11-25 15:04:05'],
  ] as const)('shows a %s', (precision, expected) => expect(timeText(AT, precision)).toBe(expected));
  it('crosses midnight eight hours before UTC does', () => expect(timeText('2026-11-25T16:30:00Z')).toBe('2026-11-26 00:30'));
  it('leaves a date and an unreadable text alone', () => {
    expect(timeText('2026-11-25')).toBe('2026-11-25');
    expect(timeText('soon')).toBe('soon');
    expect(timeText(null)).toBe('—');
  });
  it('is short today and long in another year', () => {
    expect(shortTime('2026-11-25T01:02:00+08:00', AT)).toBe('01:02');
    expect(shortTime('2026-11-24T01:02:00+08:00', AT)).toBe('11-24 01:02');
    expect(shortTime('2025-11-25T01:02:00+08:00', AT)).toBe('2025-11-25 01:02');
  });
  it('writes what it reads', () => expect(Date.parse(isoCivil(AT))).toBe(AT));
  it('adds days over the end of a month', () => expect(addDays('2024-02-28', 2)).toBe('2024-03-01'));
  it.each([[59_000, 'second', 59], [60_000, 'minute', 1], [3_600_000, 'hour', 1], [86_400_000, 'day', 1]] as const)('ages by %d ms', (span, unit, count) => {
    expect(ageOf(AT - span, AT)).toEqual({ unit, count, ahead: false });
    expect(ageOf(AT + span, AT).ahead).toBe(true);
  });
});

describe('periods and clocks', () => {
  it.each([['17-d20780', 'day', '2026-11-23'], ['17-h498745', 'hour', '2026-11-24 01:00']])('%s names a %s', (id, level, text) => expect(verdictPeriod(id)).toEqual({ level, text }));
  it('what is no verdict has no period', () => expect(verdictPeriod('17')).toBeNull());
  it('today by the clock, other days with the date', () => expect([clockText(AT, AT), clockText(AT - 86_400_000, AT), clockText(null)]).toEqual(['15:04:05', '2026-11-24 15:04:05', '—']));
});
