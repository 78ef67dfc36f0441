import { describe, expect, it } from 'vitest';
import type { TableLine } from '@/api/schema';
import { asDuplicate, asKept, changedRows, joined, type Pick, picksOf, rowsOf } from './table-merge';

const same: TableLine = { kept: 0, duplicate: 1, differ: [] };
const other: TableLine = { kept: 1, duplicate: 0, differ: ['stored'] };
const here: TableLine = { kept: 2, duplicate: null, differ: [] };
const there: TableLine = { kept: null, duplicate: 2, differ: [] };
const lines = [same, other, here, there];

/** Choices → rows, as k0 d1 … */
function check(picks: Pick[], expected: string) {
  expect(rowsOf(lines, picks).map((row) => `${row.side[0]}${row.row}`).join(' ')).toBe(expected);
}
describe('merging two tables', () => {
  it('makes rows of what is chosen', () => {
    check(asKept(lines), 'k0 k1 k2');
    check(asDuplicate(lines), 'k0 d0 d2');
    check(joined(lines), 'k0 k1 k2 d2');
    check(['neither', 'both', 'neither', 'duplicate'], 'k1 d0 d2');
    check(['neither', 'neither', 'neither', 'neither'], '');
  });
  it('offers what a line has', () => {
    expect(lines.map((line) => picksOf(line).length)).toEqual([2, 4, 2, 2]);
    expect(lines.every((line, at) => picksOf(line).includes(asDuplicate(lines)[at]))).toBe(true);
  });
  it('sends only tables in which something was chosen', () => {
    const tables = [{ field: 'a', lines }, { field: 'b', lines }, { field: 'c', lines }];
    expect(Object.keys(changedRows(tables, { a: asKept(lines), b: joined(lines) }))).toEqual(['b']);
  });
});
