// What admission rules ask, and how it is answered: both are data of the rules.
import { describe, expect, it } from 'vitest';
import { createApp, h, nextTick, ref } from 'vue';
import type { Admission, LayerPicture, Recomputed, ZoneAttribute, ZoneLayer, ZoneRule } from '@/api/zones';
import { i18n, setLocale } from '@/i18n';
import { answerText, attributesOf, questionText } from '@/lib/admission';
import AdmissionAgain from './AdmissionAgain.vue';
import AdmissionAnswers from './AdmissionAnswers.vue';
import AdmissionLayers from './AdmissionLayers.vue';

const name = (zh: string, en: string) => ({ zh, en });
const depth: ZoneAttribute = { key: 'depth', name: name('埋深', 'depth'), values: [{ code: 'shallow', name: name('浅', 'shallow') }, { code: 'deep', name: name('深', 'deep') }], unit: '' };
const size: ZoneAttribute = { key: 'size', name: name('规模', 'size'), values: [], unit: 't/d' };
const rule = (...attributes: ZoneAttribute[]): ZoneRule => ({ id: 'r', name: name('', ''), verdict: 'prohibited', basis: name('', ''), layers: [], attributes, when: '' });

describe('answers to rules', () => {
  it('are asked once, and told in the language of the page', () => {
    const asked = attributesOf([rule(depth), rule(size, depth)]);
    expect(asked.map((one) => one.key)).toEqual(['depth', 'size']);
    const check = (key: string, answer: string, zh: string, en: string) => {
      for (const [locale, expected] of [['zh', zh], ['en', en]] as const) {
        setLocale(locale);
        expect(`${questionText(asked, key)} ${answerText(asked, key, answer)}`).toBe(expected);
      }
      setLocale('zh');
    };
    check('depth', 'deep', '埋深 深', 'depth deep');
    check('depth', 'gone', '埋深 gone', 'depth gone');
    check('size', '12.5', '规模 12.5 t/d', 'size 12.5 t/d');
    check('forgotten', 'yes', 'forgotten yes', 'forgotten yes');
  });

  it('are chosen where the rule knows them, typed as a number where it does not', async () => {
    const answers = ref<Record<string, string>>({ depth: 'deep' });
    const host = document.createElement('div');
    const app = createApp({ render: () => h(AdmissionAnswers, { attributes: [depth, size], modelValue: answers.value, 'onUpdate:modelValue': (next: Record<string, string>) => (answers.value = next) }) }).use(i18n);
    app.mount(host);
    const select = host.querySelector<HTMLSelectElement>('select[name=attribute-depth]')!;
    const input = host.querySelector<HTMLInputElement>('input[name=attribute-size]')!;
    expect([...select.options].map((option) => `${option.value} ${option.text}`)).toEqual([' 不清楚', 'shallow 浅', 'deep 深']);
    expect([select.value, input.type, input.closest('label')!.textContent]).toEqual(['deep', 'number', '规模（t/d）']);
    const give = async (control: HTMLInputElement | HTMLSelectElement, value: string) => {
      control.value = value;
      control.dispatchEvent(new Event('change'));
      await nextTick();
    };
    await give(select, 'shallow');
    await give(input, '12.5');
    expect(answers.value).toEqual({ depth: 'shallow', size: '12.5' });
    await give(select, '');
    expect(answers.value).toEqual({ size: '12.5' });
    app.unmount();
  });
});

describe('a saved check, asked again', () => {
  const found = (on: string, differs: boolean, problem: string | null = null): Recomputed => ({
    on,
    problem,
    answer: problem ? null : { verdict: 'prohibited', name: name('禁止', 'prohibited'), rules: [], missing: [], schematic: false, area_m2: 0 },
    differences: differs ? [{ rule: 'r', name: name('规', 'r'), then: null, now: name('禁止', 'prohibited') }] : [],
  });
  function check(sameDay: Recomputed | null, today: Recomputed | null, expected: Record<string, RegExp>) {
    const admission = { same_day: sameDay, today } as Admission;
    const host = document.createElement('div');
    const app = createApp({ render: () => h(AdmissionAgain, { admission }) }).use(i18n);
    app.mount(host);
    const parts = [...host.querySelectorAll<HTMLElement>('[data-testid]')];
    expect(parts.map((part) => part.dataset.testid)).toEqual(Object.keys(expected));
    for (const part of parts) expect(part.textContent).toMatch(expected[part.dataset.testid ?? '']!);
    app.unmount();
  }
  it('tells a changed rule from another day', () => {
    check(found('2027-07-01', false), found('2026-11-28', true), { 'same-day': /2027-07-01.*结论相同：禁止/, today: /2026-11-28.*可能只因日期不同.*规—禁止/ });
    check(null, found('2026-11-28', false), { today: /结论相同/ });
    check(found('2027-07-01', false, '太远'), null, { 'same-day': /不能重算：太远/ });
  });
});

describe('the layers of a check', () => {
  function check(on: string[], picture: Partial<LayerPicture> | null, why: string | null, expected: RegExp | null) {
    const layer: ZoneLayer = { id: 'red', name: name('红线', 'red line'), source: '', schematic: false, zones: 30, absent: null, incomplete: null, ledger: null };
    const asked: string[] = [];
    const host = document.createElement('div');
    const pictures = new Map(picture ? [['red', picture as LayerPicture]] : []);
    const app = createApp({ render: () => h(AdmissionLayers, { modelValue: on, layers: [layer], pictures, unloaded: new Map(why ? [['red', why]] : []), colourOf: () => '#000', onRetry: (id: string) => asked.push(id) }) }).use(i18n).component('router-link', { render: () => null });
    app.mount(host);
    const said = [...host.querySelectorAll('p')].map((part) => part.textContent).join();
    if (expected) expect(said).toMatch(expected);
    else expect(said).toBe('');
    host.querySelector('button')?.click();
    expect(asked).toEqual(on.length && why ? ['red'] : []);
    app.unmount();
  }
  it('say what the map does not show', () => {
    check(['red'], null, '断开了', /没有读到，图上没有它：断开了/);
    check([], null, '断开了', null);
    check(['red'], { zones: 30, drawn: 30, simplified_m: null }, null, null);
    check(['red'], { zones: 30, drawn: 30, simplified_m: 111 }, null, /^图形简化到约 111 米/);
    check(['red'], { zones: 30, drawn: 7, simplified_m: 2226 }, null, /只画前 7 个，共 30 个；图形简化到约 2226 米/);
  });
});
