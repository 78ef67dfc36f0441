// The map of stations: what the marks of the server become on the screen.
import type { MarkedStation, StateCode, StationMark, StationMarks } from '@/api/schema';
import { spread } from './geometry';

/** Stations at one spot that are drawn one by one, in a ring; more are a number that opens as a list. */
export const MOST_IN_A_RING = 8;

export interface DrawnStation { station: MarkedStation; lon: number; lat: number; offset: [number, number] }
/** Stations that can be told apart, and marks that hold several. */
export interface Drawn { stations: DrawnStation[]; groups: StationMark[] }

export function drawnOf(marks: readonly StationMark[]): Drawn {
  const alone = (mark: StationMark) => mark.stations.length === mark.count && mark.count <= MOST_IN_A_RING;
  const places = marks.filter(alone).flatMap((mark) => mark.stations.map((station) => ({ station, lon: mark.lon, lat: mark.lat })));
  const offsets = spread(places);
  return { stations: places.map((place, at) => ({ ...place, offset: offsets[at] })), groups: marks.filter((mark) => !alone(mark)) };
}

/** How many stations are in each state, of one kind or of all. */
export function stateCounts(answer: Pick<StationMarks, 'counts'>, kind: string): Partial<Record<StateCode, number>> {
  const counts: Record<string, number> = {};
  for (const one of answer.counts.by_kind.filter((one) => !kind || one.kind === kind)) {
    for (const [state, count] of Object.entries(one.by_state)) counts[state] = (counts[state] ?? 0) + count;
  }
  return counts;
}

/** Pixels across: larger with the number of stations, and never so large that neighbours are hidden. */
export const sizeOf = (count: number) => Math.round(Math.min(46, 24 + 8 * Math.log10(count)));
