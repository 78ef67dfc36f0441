import { describe, expect, it } from 'vitest';
import type { ProjectState } from '@/api/plan';
import { lookOf, MAP_STATES, mapState, marksOf } from './project-map';

describe('projects on a map', () => {
  it.each([[null, 'none'], ['reserve', 'preparing'], ['tender', 'preparing'], ['building', 'building'], ['accepted', 'done'], ['operating', 'done'], ['suspended', 'halted'], ['of-the-county', 'preparing']])('stage %s is %s', (stage, state) => expect(mapState(stage)).toBe(state));
  it('gives every state its own shape, colour and words', () => {
    for (const part of ['path', 'colour', 'zh', 'en'] as const) expect(new Set(MAP_STATES.map((state) => lookOf(state)[part])).size).toBe(MAP_STATES.length);
  });
  it('marks what stands at the centre of its township, and draws nothing for a project without a place', () => {
    const project = (number: number, sites: ProjectState['sites']) => ({ number, name: '污水厂', stage: null, sites }) as unknown as ProjectState;
    const marks = marksOf([project(1, []), project(2, [{ township: '麻旺镇', lon: 108.95, lat: 28.89, basis: 'township_centre', note: '' }, { township: null, lon: 109, lat: 28.8, basis: 'inspected', note: '' }])]);
    expect(marks.map((mark) => [mark.id, mark.standIn])).toEqual([['2/0', true], ['2/1', false]]);
    expect(marks[0].label).toContain('麻旺镇');
  });
});
