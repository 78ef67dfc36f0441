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
