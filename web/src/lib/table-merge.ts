// Merging two tables row by row: what is chosen on each line, and the rows that this makes.
import type { RowChoice, TableLine } from '@/api/schema';

export type Pick = 'kept' | 'duplicate' | 'both' | 'neither';

/** What can be chosen on a line: rows that are the same are kept once or dropped. */
export function picksOf(line: TableLine): Pick[] {
  if (line.kept === null) return ['neither', 'duplicate'];
  if (line.duplicate === null || !line.differ.length) return ['kept', 'neither'];
  return ['kept', 'duplicate', 'both', 'neither'];
}
/** As the record that stays has it. */
export const asKept = (lines: readonly TableLine[]): Pick[] => lines.map((line) => (line.kept === null ? 'neither' : 'kept'));
/** Every row of either; where two differ, as the one that stays says. */
export const joined = (lines: readonly TableLine[]): Pick[] => lines.map((line) => (line.kept === null ? 'duplicate' : 'kept'));
/** As the duplicate has it. */
export const asDuplicate = (lines: readonly TableLine[]): Pick[] => lines.map((line) => (line.duplicate === null ? 'neither' : line.kept !== null && !line.differ.length ? 'kept' : 'duplicate'));

export function rowsOf(lines: readonly TableLine[], picks: readonly Pick[]): RowChoice[] {
  return lines.flatMap((line, at) => {
    const rows: RowChoice[] = [];
    if ((picks[at] === 'kept' || picks[at] === 'both') && line.kept !== null) rows.push({ side: 'kept', row: line.kept });
    if ((picks[at] === 'duplicate' || picks[at] === 'both') && line.duplicate !== null) rows.push({ side: 'duplicate', row: line.duplicate });
    return rows;
  });
}
/** Table field → rows, of those in which something else than what stays was chosen. */
export function changedRows(tables: readonly { field: string; lines: TableLine[] }[], picks: Readonly<Record<string, Pick[]>>): Record<string, RowChoice[]> {
  const changed = tables.filter(({ field, lines }) => picks[field] && asKept(lines).some((pick, at) => pick !== picks[field][at]));
  return Object.fromEntries(changed.map(({ field, lines }) => [field, rowsOf(lines, picks[field])]));
}
