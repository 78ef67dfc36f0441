import { describe, expect, it } from 'vitest';
import { AQI_COLOURS, STATE_ORDER, STATE_SHAPES, classColour, classText, inkOn, percent, shortNumber } from './format';
import { labelPoint, spread } from './geometry';

describe('numbers', () => {
  it.each([['631.5042', '631.5'], ['24.2236', '24.22'], ['0.2398', '0.2398'], ['0.239812', '0.2398'], ['-9.55555', '-9.556'], ['2051.1583', '2051'], ['50', '50'], ['7.3', '7.3'], ['', '—'], [null, '—'], ['<0.01', '<0.01']])('%s is %s in a narrow place', (text, expected) => expect(shortNumber(text)).toBe(expected));
  it.each([['1', '100%'], ['0.9996', '99.9%'], ['0.9', '90.0%'], ['0', '0.0%'], [null, '—'], ['', '—']])('share %s is %s', (given, expected) => expect(percent(given)).toBe(expected));
});

describe('colours', () => {
  it('never puts ink on a level that cannot be read (contrast at least 4.5)', () => {
    const luminance = (colour: string) => [0, 2, 4].map((at) => parseInt(colour.slice(1 + at, 3 + at), 16) / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)).reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
    for (const colour of [...AQI_COLOURS, ...['I', 'II', 'III', 'IV', 'V', 'V+'].map(classColour)]) {
      const [a, b] = [luminance(colour), luminance(inkOn(colour))].sort((x, y) => y - x);
      expect((a + 0.05) / (b + 0.05), colour).toBeGreaterThanOrEqual(4.5);
    }
  });
  it('gives every state its own shape', () => {
    const shapes = STATE_ORDER.map((code) => STATE_SHAPES[code].path);
    expect(new Set(shapes).size).toBe(STATE_ORDER.length);
  });
});

describe('water classes', () => {
  it.each([['III', 'zh', 'Ⅲ类'], ['III', 'en', 'Class III'], ['V+', 'zh', '劣Ⅴ类'], ['V+', 'en', 'below V'], [null, 'zh', '—']])('%s in %s', (code, locale, expected) => expect(classText(code, locale)).toBe(expected));
  it('draws below-V red and V not', () => {
    expect(classColour('V+')).toBe('#ff0000');
    expect(classColour('V')).not.toBe('#ff0000');
  });
});

describe('river labels', () => {
  it('stand on the part in view', () => {
    const line = { type: 'LineString' as const, coordinates: [[0, 0], [1, 1], [2, 2], [3, 3], [9, 9]] };
    expect(labelPoint(line, [0.5, 0.5, 3.5, 3.5])).toEqual([2, 2]);
    expect(labelPoint(line, [20, 20, 30, 30])).toBeNull();
  });
});

describe('points at one place', () => {
  it('are moved apart, alone ones are not', () => {
    const offsets = spread([{ lon: 1, lat: 1 }, { lon: 2, lat: 2 }, { lon: 1, lat: 1 }, { lon: 1, lat: 1 }]);
    expect(offsets[1]).toEqual([0, 0]);
    expect(new Set([offsets[0], offsets[2], offsets[3]].map(String)).size).toBe(3);
  });
});
