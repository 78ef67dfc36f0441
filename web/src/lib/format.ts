import type { StateCode } from '@/api';
import { say } from '@/i18n';

/** Where a standard is in force: the nation, or so many places by their division codes. */
export const areasText = (divisions: string[]): string => (divisions.length === 0 ? say('全国', 'nation') : divisions.length <= 3 ? divisions.join(say('、', ', ')) : say(`${divisions.length} 个先行地区`, `${divisions.length} areas that began earlier`));

/** A share as decimal string (`0.9832`) in percent: rounded down, so that 99.96 % is never shown as 100 %. */
export function percent(fraction: string | number | null | undefined): string {
  if (fraction === null || fraction === undefined || fraction === '') return '—';
  const value = Number(fraction);
  if (!Number.isFinite(value)) return String(fraction);
  const tenth = Math.floor(value * 1000 + 1e-9) / 10;
  return `${tenth.toFixed(tenth === 100 ? 0 : 1)}%`;
}

/** A number for a narrow place: at most four significant digits after the point began; the whole stays in the title. */
export function shortNumber(text: string | null | undefined): string {
  if (!text || !/^-?\d+\.\d+$/.test(text)) return text || '—';
  const whole = text.replace('-', '').split('.')[0].replace(/^0$/, '').length;
  const digits = Number(text).toFixed(Math.max(whole >= 4 ? 0 : 4 - whole, whole >= 4 ? 0 : 1));
  return digits.length < text.length ? digits : text;
}

export function bytesText(size: number): string {
  if (size < 1024) return `${size} B`;
  if (size < 1024 * 1024) return `${(size / 1024).toFixed(1)} KiB`;
  return `${(size / 1024 / 1024).toFixed(1)} MiB`;
}

export function countText(count: number | null | undefined): string {
  return count === null || count === undefined ? '—' : count.toLocaleString('en-US');
}

/** Dark or light ink on a background, whichever has the better contrast (WCAG relative luminance). */
export function inkOn(background: string): string {
  const match = /^#?([0-9a-f]{6})$/i.exec(background);
  if (!match) return '#000000';
  const channel = (at: number) => {
    const part = parseInt(match[1].slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  const luminance = 0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4);
  return 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 ? '#ffffff' : '#000000';
}

/** AQI levels 1–6, colours of HJ 633 annex (RGB given there). */
export const AQI_COLOURS = ['#00e400', '#ffff00', '#ff7e00', '#ff0000', '#99004c', '#7e0023'];
export const WATER_COLOURS: Record<string, string> = {
  I: '#ccffff', Ⅰ: '#ccffff', II: '#00ccff', Ⅱ: '#00ccff', III: '#00ff00', Ⅲ: '#00ff00',
  IV: '#ffff00', Ⅳ: '#ffff00', V: '#ff9b00', Ⅴ: '#ff9b00', 'V+': '#ff0000', 'inferior_V': '#ff0000', '劣Ⅴ': '#ff0000', '劣V': '#ff0000',
};
export const WATER_CLASSES = ['I', 'II', 'III', 'IV', 'V', 'inferior_V'];

const ROMAN: Record<string, string> = { I: 'Ⅰ', II: 'Ⅱ', III: 'Ⅲ', IV: 'Ⅳ', V: 'Ⅴ' };
/** Water class as people write it: `Ⅲ`, `劣Ⅴ`. */
export function classText(code: string | null | undefined, locale: string): string {
  if (!code) return '—';
  if (/inferior|劣|worse|V\+/i.test(code)) return locale === 'zh' ? '劣Ⅴ类' : 'below V';
  const roman = ROMAN[code] ?? code;
  return locale === 'zh' ? `${roman}类` : `Class ${Object.keys(ROMAN).find((key) => ROMAN[key] === roman) ?? roman}`;
}
export function classColour(code: string | null | undefined): string {
  if (!code) return '#d7ddd9';
  return WATER_COLOURS[code] ?? (/inferior|劣|worse|V\+/i.test(code) ? '#ff0000' : '#d7ddd9');
}

/** From worst to best: the order in which people must look. */
export const STATE_ORDER: StateCode[] = ['exceeding', 'offline', 'stale', 'attention', 'no_data', 'suspended', 'normal'];
export const STATE_COLOURS: Record<StateCode, string> = {
  normal: '#1f7a55',
  exceeding: '#b3261e',
  attention: '#a35c00',
  stale: '#7a6a1c',
  offline: '#4a5560',
  no_data: '#6b7772',
  suspended: '#4b5fa8',
};
/** Shapes as SVG paths in a 16 × 16 box: each state has its own outline, readable without colour. */
export const STATE_SHAPES: Record<StateCode, { path: string; hollow?: boolean }> = {
  normal: { path: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2z' },
  exceeding: { path: 'M8 1 15.2 14H.8z' },
  attention: { path: 'M8 .8 15.2 8 8 15.2.8 8z' },
  stale: { path: 'M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11z M8 5v3.4l2.2 1.4', hollow: true },
  offline: { path: 'M3 3l10 10M13 3 3 13', hollow: true },
  no_data: { path: 'M2.5 2.5h11v11h-11z', hollow: true },
  suspended: { path: 'M3 2h3.4v12H3zM9.6 2H13v12H9.6z' },
};
