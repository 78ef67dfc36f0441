import { computed } from 'vue';
import { createI18n } from 'vue-i18n';
import type { Name } from '@/api';
import { shared } from './shared';

type Pair = readonly [zh: string, en: string];
export interface Messages {
  [key: string]: Pair | Messages;
}
type Tree = { [key: string]: string | Tree };

/** Both languages stand side by side in the sources, so that neither can be forgotten. */
export function pick(messages: Messages, side: 0 | 1): Tree {
  return Object.fromEntries(Object.entries(messages).map(([key, entry]) => [key, Array.isArray(entry) ? (entry as unknown as Pair)[side] : pick(entry as Messages, side)]));
}

export type Locale = 'zh' | 'en';
const KEY = 'qingshan.locale';
function stored(): Locale {
  try {
    return localStorage.getItem(KEY) === 'en' ? 'en' : 'zh';
  } catch {
    return 'zh';
  }
}

const all = shared as unknown as Messages;
export const i18n = createI18n({
  legacy: false,
  locale: stored() as string,
  fallbackLocale: 'zh',
  messages: { zh: pick(all, 0), en: pick(all, 1) } as Record<string, Tree>,
});

export const locale = computed<Locale>(() => (i18n.global.locale.value === 'en' ? 'en' : 'zh'));
export const t = i18n.global.t as (key: string, values?: Record<string, unknown>) => string;

export function setLocale(next: Locale): void {
  i18n.global.locale.value = next;
  document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en';
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // private window: the choice lasts as long as the page
  }
}
setLocale(stored());

/** A name in the reader's language; bare text stays as it is. */
export function nameText(name: Name | string | null | undefined): string {
  if (!name) return '';
  if (typeof name === 'string') return name;
  return (locale.value === 'en' ? name.en || name.zh : name.zh || name.en) ?? '';
}

/** Things in a row, as each language separates them. */
export const listText = (parts: (Name | string | null | undefined)[]): string => parts.map(nameText).filter(Boolean).join(locale.value === 'en' ? ', ' : '、');

/** The server's own sentences come as `中文 (English)`, with a space before the bracket (`dB(A)` has none): the part in the reader's language. Anything else stays. */
export function sideOf(text: string | null | undefined): string {
  const match = /^(.*[\u4e00-\u9fff].*?)\s+\(([^\u4e00-\u9fff]*[A-Za-z]{2}[^\u4e00-\u9fff]*)\)$/s.exec(text ?? '');
  return match ? say(match[1], match[2]) : (text ?? '');
}

/** Words that only one place uses, both languages side by side. */
export const say = (zh: string, en: string): string => (locale.value === 'en' ? en : zh);
