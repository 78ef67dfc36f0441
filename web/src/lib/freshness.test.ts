import { describe, expect, it } from 'vitest';
import { OLD_AFTER, SILENCE_MILLIS, cadenceOf, isOld, isSilent, retryPause, viewOfLink, type Cadence } from './freshness';

const NOW = Date.parse('2026-11-25T12:00:00+08:00');

describe('the link', () => {
  it('is live until the stream is lost', () => {
    expect(viewOfLink({ status: 'open', lostAt: null, heardAt: NOW }, { last: NOW, failed: 0 })).toEqual({ mode: 'live', valuesAt: null });
    expect(viewOfLink({ status: 'connecting', lostAt: null, heardAt: null }, { last: 0, failed: 0 })).toEqual({ mode: 'live', valuesAt: null });
  });
  it('is offline when nothing answered since, and says of when the values are', () => {
    expect(viewOfLink({ status: 'lost', lostAt: NOW, heardAt: NOW - 3000 }, { last: NOW - 9000, failed: 0 })).toEqual({ mode: 'offline', valuesAt: NOW - 3000 });
    expect(viewOfLink({ status: 'lost', lostAt: NOW, heardAt: NOW - 9000 }, { last: NOW - 3000, failed: 0 })).toEqual({ mode: 'offline', valuesAt: NOW - 3000 });
    expect(viewOfLink({ status: 'lost', lostAt: NOW, heardAt: null }, { last: 0, failed: 0 })).toEqual({ mode: 'offline', valuesAt: NOW });
  });
  it('is offline again when a request that was under way was answered and the next reached nobody', () => {
    expect(viewOfLink({ status: 'lost', lostAt: NOW, heardAt: null }, { last: NOW + 10, failed: NOW + 2000 }).mode).toBe('offline');
    expect(viewOfLink({ status: 'lost', lostAt: NOW, heardAt: null }, { last: NOW + 4000, failed: NOW + 2000 }).mode).toBe('polling');
  });
  it('polls when requests still work', () => {
    expect(viewOfLink({ status: 'lost', lostAt: NOW, heardAt: NOW - 3000 }, { last: NOW + 20_000, failed: 0 })).toEqual({ mode: 'polling', valuesAt: NOW + 20_000 });
  });
  it('is dead after three missed signs of life, though nobody closed it', () => {
    expect([isSilent(NOW, NOW + SILENCE_MILLIS), isSilent(NOW, NOW + SILENCE_MILLIS + 1), isSilent(null, NOW)]).toEqual([false, true, false]);
  });
  it('waits longer each time, never longer than half a minute', () => {
    expect([1, 2, 3, 4, 5, 6, 60].map(retryPause)).toEqual([2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });
});

describe('old data', () => {
  const check = (cadence: Cadence, millis: number, expected: boolean) => expect(isOld(new Date(NOW - millis).toISOString(), cadence, NOW), `${cadence} ${millis}`).toBe(expected);
  it('are marked once the next is overdue', () => {
    for (const [cadence, after] of Object.entries(OLD_AFTER) as [Cadence, number][]) {
      check(cadence, after, false);
      check(cadence, after + 1, true);
    }
  });
  it('a date is the county’s midnight; no time or no date is not old but missing', () => {
    expect(isOld('2026-11-23', 'day', NOW)).toBe(true);
    expect(isOld('2026-11-24', 'day', NOW)).toBe(false);
    expect([isOld(null, 'hour', NOW), isOld('', 'hour', NOW), isOld('soon', 'hour', NOW)]).toEqual([false, false, false]);
  });
  it('each command has its cadence', () => {
    expect([2011, 2051, 2061, 2031].map(cadenceOf)).toEqual(['realtime', 'minute', 'hour', 'day']);
  });
});
