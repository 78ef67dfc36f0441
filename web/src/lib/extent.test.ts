import { afterEach, describe, expect, it } from 'vitest';
import type { County } from '@/api';
import { exampleOf, extent, isWorld, WORLD } from './extent';
import { sessionState } from './session';

describe('where the county lies', () => {
  afterEach(() => (sessionState.county = null));
  function check(bounds: number[] | null, expected: { extent: readonly number[]; world: boolean; lon: string; lat: string }) {
    sessionState.county = bounds === null ? null : ({ extent: bounds } as unknown as County);
    expect({ extent: extent(), world: isWorld(), ...exampleOf() }).toEqual(expected);
  }
  it('is anywhere in the world while nobody says, and no other county', () => {
    check(null, { extent: WORLD, world: true, lon: '', lat: '' });
    check([100, 30, 101, 31.5], { extent: [100, 30, 101, 31.5], world: false, lon: '100.50', lat: '30.75' });
  });
});
