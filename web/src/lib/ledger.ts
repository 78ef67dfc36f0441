// How values of ledger fields are shown, whatever the ledger.

import type { Ledger, LedgerField, Location } from '@/api';
import { nameText, say, t } from '@/i18n';
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

/** The columns that fit a list: title first, then filters, then the rest of the simple fields. */
export function listFields(ledger: Ledger, most = 6): LedgerField[] {
  const simple = ledger.fields.filter((field) => !['table', 'location', 'list'].includes(field.type) && field.id !== ledger.title);
  const first = simple.filter((field) => field.id === ledger.key || field.filter);
  return [...new Set([...first, ...simple])].slice(0, most);
}
