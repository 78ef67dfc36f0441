// The ledger designer: a definition as a form works on it, and how two texts of it differ.

import { say } from '@/i18n';

/** A `{ zh, en }` pair as it is being typed. */
export interface TypedName { zh?: string; en?: string }
/** A definition, one of its fields, or a row of its rules: what the TOML file says, as JSON. */
export type Design = Record<string, unknown>;

export const FIELD_TYPES = ['text', 'integer', 'decimal', 'date', 'datetime', 'bool', 'code', 'link', 'list', 'table', 'location'] as const;
export const COLUMN_TYPES = FIELD_TYPES.filter((type) => !['list', 'table', 'location'].includes(type));
export const ITEM_TYPES = ['text', 'integer', 'decimal', 'date', 'code', 'link'] as const;
/** What only fits another type goes when the type changes. */
const TYPE_KEYS = ['codes', 'ledgers', 'items', 'column', 'unit', 'min', 'max', 'format'];

export const listOf = (design: Design, key: string): Design[] => (Array.isArray(design[key]) ? (design[key] as Design[]) : []);
export const wordsOf = (design: Design, key: string): string[] => (Array.isArray(design[key]) ? (design[key] as string[]) : []);
export const nameOf = (design: Design, key: string): TypedName => (design[key] ?? {}) as TypedName;
export const textOf = (design: Design, key: string): string => (design[key] === undefined || design[key] === null ? '' : String(design[key]));

/** The same with one key set; nothing typed means that the key goes. */
export function withKey(design: Design, key: string, value: unknown): Design {
  const next = { ...design };
  if (value === undefined || value === '' || value === false || (Array.isArray(value) && !value.length)) delete next[key];
  else next[key] = value;
  return next;
}
export const withName = (design: Design, key: string, language: 'zh' | 'en', text: string): Design => {
  const name = { ...nameOf(design, key), [language]: text };
  return withKey(design, key, name.zh || name.en ? name : undefined);
};
/** A number stays a number when it is one; what is being typed stays as it is. */
export const numberOf = (text: string): number | string | undefined => (text.trim() === '' ? undefined : Number.isFinite(Number(text)) && String(Number(text)) === text.trim() ? Number(text) : text);

export function withType(field: Design, type: string): Design {
  const next: Design = { ...field, type };
  for (const key of TYPE_KEYS) delete next[key];
  if (type === 'list') next.items = 'text';
  return next;
}
export const moved = <X>(list: X[], from: number, by: number): X[] => {
  const to = from + by;
  if (to < 0 || to >= list.length) return list;
  const next = [...list];
  const [one] = next.splice(from, 1);
  if (one !== undefined) next.splice(to, 0, one);
  return next;
};
/** A new id that none of these has. */
export function freshId(known: string[], stem = 'field'): string {
  let number = known.length + 1;
  while (known.includes(`${stem}_${number}`)) number += 1;
  return `${stem}_${number}`;
}

export const newLedger = (): Design => ({
  id: '', version: 1, name: { zh: '', en: '' }, group: '', key: 'number', title: 'name',
  field: [
    { id: 'number', label: { zh: '编号', en: 'Number' }, type: 'text', required: true, unique: true },
    { id: 'name', label: { zh: '名称', en: 'Name' }, type: 'text', required: true },
  ],
});
export const newCodes = (): Design => ({ id: '', name: { zh: '', en: '' }, source: '', code: [{ code: '', name: { zh: '', en: '' } }] });

export const originText = (origin: string | null | undefined): string => ({ built_in: say('程序内置', 'this release'), pack: say('县域数据包', 'county pack'), designer: say('台账设计', 'designer') } as Record<string, string>)[origin ?? ''] ?? say('已不再使用', 'no longer in force');

export interface DiffLine { sign: ' ' | '+' | '-'; text: string }
const MOST_LINES = 4_000;

/** What was taken away and put in, line by line, with the lines around it; too long texts are shown one after the other. */
export function lineDiff(before: string, after: string, around = 2): DiffLine[] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  let from = 0;
  while (from < old.length && from < now.length && old[from] === now[from]) from += 1;
  let end = 0;
  while (end < old.length - from && end < now.length - from && old[old.length - 1 - end] === now[now.length - 1 - end]) end += 1;
  const [a, b] = [old.slice(from, old.length - end), now.slice(from, now.length - end)];
  const middle = a.length * b.length > MOST_LINES * MOST_LINES ? [...a.map((text) => ({ sign: '-', text }) as DiffLine), ...b.map((text) => ({ sign: '+', text }) as DiffLine)] : common(a, b);
  const all: DiffLine[] = [...old.slice(0, from).map((text) => ({ sign: ' ', text }) as DiffLine), ...middle, ...old.slice(old.length - end).map((text) => ({ sign: ' ', text }) as DiffLine)];
  const near = (at: number) => all.slice(Math.max(0, at - around), at + around + 1).some((line) => line.sign !== ' ');
  return all.filter((_, at) => near(at));
}

/** By the longest common subsequence. */
function common(a: string[], b: string[]): DiffLine[] {
  const width = b.length + 1;
  const length = new Uint16Array((a.length + 1) * width);
  const at = (row: number, column: number) => length[row * width + column] ?? 0;
  for (let row = a.length - 1; row >= 0; row -= 1) {
    for (let column = b.length - 1; column >= 0; column -= 1) {
      length[row * width + column] = a[row] === b[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const lines: DiffLine[] = [];
  let [row, column] = [0, 0];
  while (row < a.length || column < b.length) {
    if (row < a.length && column < b.length && a[row] === b[column]) {
      lines.push({ sign: ' ', text: a[row] ?? '' });
      row += 1;
      column += 1;
    } else if (column >= b.length || (row < a.length && at(row + 1, column) >= at(row, column + 1))) {
      lines.push({ sign: '-', text: a[row] ?? '' });
      row += 1;
    } else {
      lines.push({ sign: '+', text: b[column] ?? '' });
      column += 1;
    }
  }
  return lines;
}
