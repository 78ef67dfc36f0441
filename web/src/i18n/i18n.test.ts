import { describe, expect, it } from 'vitest';
import { ADVICE } from '@/lib/advice';
import { listText, type Messages, nameText, pick, say, setLocale, sideOf, t } from '.';
import { shared } from './shared';

describe('two languages', () => {
  it('every entry has both', () => {
    const walk = (messages: Messages, path: string): void => {
      for (const [key, entry] of Object.entries(messages)) {
        if (!Array.isArray(entry)) walk(entry as Messages, `${path}.${key}`);
        else expect(entry.length === 2 && entry.every((text: string) => text.trim() !== ''), `${path}.${key}`).toBe(true);
      }
    };
    walk(shared as unknown as Messages, 'shared');
    expect(pick({ a: ['甲', 'A'] }, 1)).toEqual({ a: 'A' });
  });
  it('switch everything at once', () => {
    setLocale('en');
    expect([t('nav.overview'), say('水', 'Water'), nameText({ zh: '县', en: '' })]).toEqual(['Overview', 'Water', '县']);
    setLocale('zh');
    expect([t('nav.overview'), say('水', 'Water'), nameText({ zh: '县', en: 'county' })]).toEqual(['总览', '水', '县']);
  });
  it('a sentence of the server is shown in one language', () => {
    const both = '没有这个地址 (no such address)';
    setLocale('en');
    expect([sideOf(both), sideOf('日：总磷 0.3 mg/L（限值 0.2） (day: TP 0.3 mg/L, limit 0.2)'), sideOf('日：50.1 dB(A)，超标 0.1 dB(A) (day: 50.1 dB(A), over by 0.1 dB(A))'), sideOf('现场已核实（照片 2 张）'), sideOf('设备 (PM2.5)'), sideOf('设备（采样泵）'), listText([{ zh: '甲', en: 'a' }, '', 'b'])]).toEqual(['no such address', 'day: TP 0.3 mg/L, limit 0.2', 'day: 50.1 dB(A), over by 0.1 dB(A)', '现场已核实（照片 2 张）', 'PM2.5', '设备（采样泵）', 'a, b']);
    setLocale('zh');
    expect([sideOf(both), sideOf(null), listText(['甲', '乙'])]).toEqual(['没有这个地址', '', '甲、乙']);
  });
  it('the glossary has advice for every numbered error of the kernel', async () => {
    const { readFileSync } = await import('node:fs');
    const source = readFileSync('../crates/kernel/src/error.rs', 'utf8');
    const codes = [...source.matchAll(/"(QS-\d{4})"/g)].map((match) => match[1]);
    expect(codes.length).toBeGreaterThan(10);
    for (const code of codes) expect(ADVICE[code], code).toBeDefined();
  });
});
