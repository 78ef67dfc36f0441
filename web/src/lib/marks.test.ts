import { describe, expect, it } from 'vitest';
import { boxText, countImage, countText, featuresOf, markOf, radiusOf, shapesOf, toAsk, widened } from './marks';

const view = { west: 108, south: 28, east: 109, north: 29 };
describe('the map of a list', () => {
  it('asks for a wider box, and again only when the view leaves it or the zoom changes', () => {
    const asked = toAsk(view, 9.7, null);
    expect(asked).toEqual({ box: { west: 107.5, south: 27.5, east: 109.5, north: 29.5 }, zoom: 9 });
    const moved = { west: 108.4, south: 28.4, east: 109.4, north: 29.4 };
    expect(toAsk(moved, 9.1, asked)).toBeNull();
    expect(toAsk(moved, 10, asked)?.zoom).toBe(10);
    expect(toAsk({ ...moved, east: 109.6 }, 9.1, asked)).not.toBeNull();
    expect(toAsk(view, 33, null)?.zoom).toBe(20);
  });
  it('stays on earth', () => {
    expect(widened({ west: -170, south: -80, east: 170, north: 80 })).toEqual({ west: -180, south: -90, east: 180, north: 90 });
    expect(boxText(view)).toBe('108.000000,28.000000,109.000000,29.000000');
  });
  it('writes counts short and draws them within bounds', () => {
    expect([7, 999, 1234, 50_000].map(countText)).toEqual(['7', '999', '1.2k', '50k']);
    expect(radiusOf(1)).toBeLessThan(radiusOf(2));
    expect(radiusOf(1e9)).toBeLessThan(27);
    const mark = { lon: 108.77, lat: 28.84, count: 2, around: null, state: null, records: [] };
    expect(featuresOf([mark]).features[0]).toMatchObject({ properties: { at: 0, many: true, colour: '#2d6250', ring: '#fff' }, geometry: { coordinates: [108.77, 28.84] } });
    const red = { colour: '#c0392b', name: { zh: '红', en: 'red' }, count: 1 };
    expect(featuresOf([{ ...mark, state: red }, { ...mark, count: 1, state: red }]).features.map((one) => [one.properties?.colour, one.properties?.ring])).toEqual([['#2d6250', '#c0392b'], ['#c0392b', '#fff']]);
  });
  it('draws lines and areas in the colour of their state, and names them when they are picked', () => {
    const record = { id: '7', key: 'p', title: { zh: '斑块', en: 'patch' }, simulated: false, schematic: true };
    const geometry = { type: 'LineString', coordinates: [[108, 28], [109, 29]] };
    const red = { colour: '#c0392b', name: { zh: '红', en: 'red' }, count: 1 };
    const shapes = [{ geometry, state: null, record }, { geometry, state: red, record }];
    expect(shapesOf(shapes).features.map((one) => [one.properties?.at, one.properties?.colour, one.geometry])).toEqual([[0, '#2d6250', geometry], [1, '#c0392b', geometry]]);
    expect(markOf(shapes[1]!, 108.5, 28.5)).toEqual({ lon: 108.5, lat: 28.5, count: 1, around: null, state: red, records: [record] });
    expect([1, 999, 1234].map(countImage)).toEqual(['', 'count-999', 'count-1.2k']);
  });
});
