import { expect, test } from 'vitest';
import { limitText } from './values';

test.each([
  [{ limit: '9', lower: false, range: { lower: '6', upper: '9' } }, '6–9'],
  [{ limit: '0.5', lower: true, range: null }, '≥ 0.5'],
  [{ limit: '50', lower: false, range: null }, '≤ 50'],
  [{ limit: null, lower: false, range: null }, ''],
])('a limit as people write it: %o', (item, expected) => expect(limitText(item)).toBe(expected));
