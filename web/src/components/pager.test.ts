// What a list says of how many there are.
import { describe, expect, it } from 'vitest';
import { createApp, nextTick } from 'vue';
import { i18n, setLocale } from '@/i18n';
import Pager from './Pager.vue';

function check(props: { page: number; size: number; total: number; more?: boolean }, zh: string, en: string, nextDisabled?: boolean) {
  for (const [locale, expected] of [['zh', zh], ['en', en]] as const) {
    setLocale(locale);
    const host = document.createElement('div');
    const app = createApp(Pager, props).use(i18n);
    app.mount(host);
    expect(host.textContent?.replaceAll(/\s+/g, ' ').trim()).toBe(expected);
    const buttons = [...host.querySelectorAll('button')];
    expect(buttons.at(-1)?.disabled).toBe(nextDisabled);
    app.unmount();
  }
  setLocale('zh');
}

describe('the pager', () => {
  it('says how many there are, or that nobody has counted them all', async () => {
    check({ page: 1, size: 50, total: 7 }, '共 7 条', '7 in all');
    check({ page: 1, size: 50, total: 120 }, '共 120 条上一页第 1 / 3 页下一页', '120 in allPreviousPage 1 of 3Next', false);
    check({ page: 3, size: 50, total: 120 }, '共 120 条上一页第 3 / 3 页下一页', '120 in allPreviousPage 3 of 3Next', true);
    check({ page: 1, size: 50, total: 10_000, more: true }, '10,000 条以上上一页第 1 页下一页', '10,000+PreviousPage 1Next', false);
    check({ page: 200, size: 50, total: 10_000, more: true }, '10,000 条以上上一页第 200 页下一页', '10,000+PreviousPage 200Next', false);
    await nextTick();
  });
});
