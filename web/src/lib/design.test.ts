import { describe, expect, it } from 'vitest';
import type { LedgerField } from '@/api';
import { formRows, formText, typedRows, typedValue } from './ledger';
import { freshId, lineDiff, moved, numberOf, withKey, withName, withType } from './design';

describe('lineDiff', () => {
  const check = (before: string, after: string, expected: string[]) => {
    expect(lineDiff(before.replaceAll(' ', '\n'), after.replaceAll(' ', '\n'), 1).map((line) => line.sign + line.text)).toEqual(expected);
  };
  it('shows what went and what came, with the lines around it', () => {
    check('a b c d', 'a b c d', []);
    check('a b c d', 'a x c d', [' a', '-b', '+x', ' c']);
    check('a b c d e f', 'a b c d e f g', [' f', '+g']);
    check('a b c d e', 'c d e', ['-a', '-b', ' c']);
    check('a b c', 'a c b', [' a', '-b', ' c', '+b']);
    check('', 'a', ['-', '+a']);
  });
});

describe('a definition in a form', () => {
  it('drops what is empty and what another type does not have', () => {
    expect(withKey({ a: 1, b: 2 }, 'a', '')).toEqual({ b: 2 });
    expect(withKey({ a: true }, 'a', false)).toEqual({});
    expect(withName({}, 'label', 'zh', '名')).toEqual({ label: { zh: '名' } });
    expect(withName({ help: { zh: '名', en: '' } }, 'help', 'zh', '')).toEqual({});
    expect(withType({ id: 'a', type: 'decimal', unit: 'm', min: 0, required: true }, 'text')).toEqual({ id: 'a', type: 'text', required: true });
    expect(withType({ id: 'a', type: 'text' }, 'list')).toEqual({ id: 'a', type: 'list', items: 'text' });
  });
  it('keeps numbers numbers', () => {
    expect([numberOf('1'), numberOf('0.50'), numberOf('1e'), numberOf(' ')]).toEqual([1, '0.50', '1e', undefined]);
  });
  it('moves within the list only, and finds an id that nobody has', () => {
    expect(moved([1, 2, 3], 0, 1)).toEqual([2, 1, 3]);
    expect(moved([1, 2, 3], 2, 1)).toEqual([1, 2, 3]);
    expect(freshId(['field_2'])).toBe('field_3');
  });
});

describe('values of a form', () => {
  const field = (type: string, more: Partial<LedgerField> = {}) => ({ id: 'f', label: { zh: '某', en: 'some' }, type, items: null, columns: [], ...more }) as unknown as LedgerField;
  const check = (one: LedgerField, text: string, value: unknown) => expect(typedValue(one, text)).toEqual(value);
  it('are typed as the ledger wants them', () => {
    check(field('text'), ' a ', 'a');
    check(field('text'), '  ', undefined);
    check(field('integer'), '12', 12);
    check(field('integer'), '12.5', '12.5');
    check(field('decimal'), '0.10', '0.10');
    check(field('bool'), 'false', false);
    check(field('list', { items: 'text' }), 'a\nb、c', ['a', 'b', 'c']);
    expect(() => typedValue(field('location'), '{')).toThrow('JSON');
  });
  it('come back from rows as they went in', () => {
    const table = field('table', { columns: [field('integer', { id: 'n' }), field('text', { id: 't' })] });
    const rows = [{ n: 1, t: 'a' }, { t: 'b' }];
    expect(formRows(table, rows)).toEqual([{ n: '1', t: 'a' }, { n: '', t: 'b' }]);
    expect(typedRows(table, formRows(table, rows))).toEqual(rows);
    expect(typedRows(table, [{ n: ' ', t: '' }])).toBeUndefined();
    expect(formText(field('list', { items: 'text' }), ['a', 'b'])).toBe('a\nb');
  });
});
