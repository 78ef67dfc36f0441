import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DOCUMENT, TYPES, typesOf } from '../../scripts/api-types.mjs';

describe('types of the API', () => {
  it('are those of the OpenAPI document', () => {
    expect(readFileSync(TYPES, 'utf8') === typesOf(JSON.parse(readFileSync(DOCUMENT, 'utf8'))), 'the API has changed: npm run api-types').toBe(true);
  });
  it('what may be null is there and null, what has a default may be left out', () => {
    const schema = { type: 'object', properties: { a: { type: ['string', 'null'] }, b: { type: 'boolean', default: false }, c: { type: 'array', items: { anyOf: [{ $ref: '#/components/schemas/N' }, { type: 'null' }] } } }, required: ['c'] };
    expect(typesOf({ components: { schemas: { T: schema, N: { enum: ['x', 'y'] } } } })).toContain('export type N = "x" | "y";\n\nexport interface T {\n  a: string | null;\n  b?: boolean;\n  c: (N | null)[];\n}');
  });
});
