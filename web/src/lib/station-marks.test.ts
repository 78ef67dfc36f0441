import { describe, expect, it } from 'vitest';
import type { StationMark, StationMarks } from '@/api/schema';
import { drawnOf, MOST_IN_A_RING, sizeOf, stateCounts } from './station-marks';

const name = { zh: '站', en: 'station' };
const state = { code: 'normal' as const, name, since: null, reason: null };
const stations = (count: number) => [...Array(count).keys()].map((at) => ({ id: String(at), name, kind: 'air_station' as const, kind_name: name, state, simulated: true, schematic: true }));
const mark = (count: number, named: number, parts = false): StationMark => ({ lon: 108.77, lat: 28.84, count, around: parts ? [108.7, 28.8, 108.8, 28.9] : null, state: 'normal', state_name: name, state_count: count, stations: stations(named) });

/** Marks → how many stations and how many groups are drawn. */
function check(marks: StationMark[], expected: [number, number]) {
  const drawn = drawnOf(marks);
  expect([drawn.stations.length, drawn.groups.length]).toEqual(expected);
}

describe('the map of stations', () => {
  it('draws one by one what can be told apart, and a number for the rest', () => {
    check([], [0, 0]);
    check([mark(1, 1)], [1, 0]);
    check([mark(3, 0, true)], [0, 1]);
    check([mark(3, 3), mark(1, 1)], [4, 0]);
    check([mark(MOST_IN_A_RING + 1, MOST_IN_A_RING + 1)], [0, 1]);
    // Named in part: never taken for all.
    check([mark(5, 4)], [0, 1]);
  });
  it('moves those of one spot apart', () => {
    const offsets = drawnOf([mark(3, 3)]).stations.map((one) => one.offset.join(' '));
    expect(new Set(offsets).size).toBe(3);
  });
  it('counts states of a kind or of all, whatever the box', () => {
    const counts = { total: 5, by_state: {}, by_kind: [{ kind: 'air_station', name, total: 2, by_state: { normal: 1, offline: 1 } }, { kind: 'water_section', name, total: 3, by_state: { normal: 3 } }] };
    const answer = { counts } as unknown as StationMarks;
    expect(stateCounts(answer, '')).toEqual({ normal: 4, offline: 1 });
    expect(stateCounts(answer, 'air_station')).toEqual({ normal: 1, offline: 1 });
  });
  it('grows within bounds', () => {
    expect(sizeOf(2)).toBeLessThan(sizeOf(20));
    expect(sizeOf(1e9)).toBeLessThanOrEqual(46);
  });
});
