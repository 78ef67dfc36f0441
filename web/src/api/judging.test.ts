import { expect, test } from 'vitest';
import { spansOf } from './judging';

function check(hours: number[], expect_: [number, number][]) {
  const at = (hour: number) => `2026-11-${String(24 + Math.floor(hour / 24)).padStart(2, '0')}T${String(hour % 24).padStart(2, '0')}:00:00+08:00`;
  expect(spansOf(hours.map(at))).toEqual(expect_.map(([from, until]) => ({ from: at(from), until: at(until) })));
}

test('neighbouring hours become one span, also over midnight and in any order', () => {
  check([], []);
  check([3], [[3, 4]]);
  check([5, 3, 4, 9], [[3, 6], [9, 10]]);
  check([24, 23, 22], [[22, 25]]);
});
