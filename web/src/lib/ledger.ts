// How values of ledger fields are shown, whatever the ledger.

import type { Ledger, LedgerField, LedgerRecord, Location } from '@/api';
import { listText, nameText, say, t } from '@/i18n';
import { factorText, isFactorCode } from './factors';
import { timeText } from './time';

export function isLocation(value: unknown): value is Location {
  return typeof value === 'object' && value !== null && 'lon' in value && 'lat' in value;
}

export function fieldText(ledger: Pick<Ledger, 'code_lists'>, field: LedgerField, value: unknown): string {
  if (value === null || value === undefined || value === '') return '—';
  if (Array.isArray(value)) {
    if (!value.length) return '—';
    if (field.type === 'table') return say(`${value.length} 行`, `${value.length} rows`);
    return value.map((entry) => fieldText(ledger, { ...field, type: field.items ?? 'text' }, entry)).join(say('、', ', '));
  }
  if (isLocation(value)) return `${value.lon}, ${value.lat}`;
  if (typeof value === 'object') return JSON.stringify(value);
  switch (field.type) {
    case 'bool':
      return t(value === true || value === 'true' ? 'act.yes' : 'act.no');
    case 'datetime':
      return timeText(String(value));
    case 'code': {
      const found = field.codes ? ledger.code_lists[field.codes]?.find((entry) => entry.code === value) : undefined;
      return found ? nameText(found.name) : String(value);
    }
    case 'text':
      return isFactorCode(String(value)) ? factorText(String(value)) : String(value);
    default:
      return field.unit ? `${String(value)} ${field.unit}` : String(value);
  }
}

/** Written in more than one line of a form. */
export const isComplex = (field: LedgerField): boolean => ['table', 'location', 'list'].includes(field.type);
/** A list of words is written one a line. */
export const isLines = (field: LedgerField): boolean => field.type === 'list' && ['text', 'code', 'link', null].includes(field.items);

export type FormRow = Record<string, string>;

/** What a form shows of a value. */
export function formText(field: LedgerField, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (isLines(field) && Array.isArray(value)) return value.join('\n');
  return typeof value === 'object' ? JSON.stringify(value, null, 2) : String(value);
}
export const formRows = (field: LedgerField, value: unknown): FormRow[] =>
  Array.isArray(value) ? value.map((row: Record<string, unknown>) => Object.fromEntries(field.columns.map((column) => [column.id, formText(column, row[column.id])]))) : [];

/** The value that a form's text stands for; `undefined` for nothing. */
export function typedValue(field: LedgerField, text: string): unknown {
  const raw = text.trim();
  if (raw === '') return undefined;
  if (isLines(field)) return raw.split(/[\n,，、;；]/).map((one) => one.trim()).filter(Boolean);
  if (isComplex(field)) {
    try {
      return JSON.parse(raw);
    } catch {
      throw new Error(say(`“${nameText(field.label)}”不是有效的 JSON`, `“${nameText(field.label)}” is not valid JSON`));
    }
  }
  // What is no number goes to the server as it is written, which says what is wrong with it.
  if (field.type === 'integer') return /^[+-]?\d{1,15}$/.test(raw) ? Number(raw) : raw;
  if (field.type === 'bool') return raw === 'true';
  return raw;
}
/** Rows without anything in them are left out. */
export function typedRows(field: LedgerField, rows: FormRow[]): unknown {
  const typed = rows.map((row) => Object.fromEntries(field.columns.map((column) => [column.id, typedValue(column, row[column.id] ?? '')]).filter(([, value]) => value !== undefined)));
  const filled = typed.filter((row) => Object.keys(row).length > 0);
  return filled.length ? filled : undefined;
}

type Shown = Pick<Ledger, 'fields' | 'title' | 'key'>;

/** What a record says in a field: the titles of linked records, else the value itself. */
export function cellText(ledger: Pick<Ledger, 'code_lists'>, field: LedgerField, record: LedgerRecord): string {
  const links = record.links[field.id];
  return links?.length ? listText(links.map((link) => nameText(link.title) || link.key)) : fieldText(ledger, field, record.fields[field.id]);
}

/** Fields that can be a column: tables are shown on the record itself, and the title always stands first. */
export const columnFields = (ledger: Pick<Ledger, 'fields' | 'title'>): LedgerField[] => ledger.fields.filter((field) => field.type !== 'table' && field.id !== ledger.title);

/** The columns of a list: those that are chosen, else what fits: title first, then filters, then the rest of the simple fields. */
export function listFields(ledger: Shown, chosen: string[] = [], most = 6): LedgerField[] {
  const picked = chosen.map((id) => columnFields(ledger).find((field) => field.id === id)).filter((field) => field !== undefined);
  if (picked.length) return picked;
  const simple = ledger.fields.filter((field) => !['table', 'location', 'list'].includes(field.type) && field.id !== ledger.title);
  const first = simple.filter((field) => field.id === ledger.key || field.filter);
  return [...new Set([...first, ...simple])].slice(0, most);
}

/** The columns of a section of an enterprise's file: in the order of the ledger, without the enterprise itself. */
export const sectionFields = (part: Shown, most = 7): LedgerField[] =>
  columnFields(part).filter((field) => field.type !== 'location' && !(field.type === 'link' && field.ledgers.includes('enterprise'))).slice(0, most);
