import { describe, expect, it } from 'vitest';
import { ADVICE } from '@/lib/advice';
import { type Messages, nameText, pick, say, setLocale, t } from '.';
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
  it('the glossary has advice for every numbered error of the kernel', async () => {
    const { readFileSync } = await import('node:fs');
    const source = readFileSync('../crates/kernel/src/error.rs', 'utf8');
    const codes = [...source.matchAll(/"(QS-\d{4})"/g)].map((match) => match[1]);
    expect(codes.length).toBeGreaterThan(10);
    for (const code of codes) expect(ADVICE[code], code).toBeDefined();
  });
});
