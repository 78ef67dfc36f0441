// TypeScript types of everything the API returns and takes, made from its OpenAPI document, so that the pages cannot
// drift from the server. `npm run api-types` after the document has changed; a test compares (src/api/schema.test.ts).
// A generator of our own: the schemas use a dozen keywords, and one rule is ours. A field that may be null and is not
// required is always sent as null by the server (serde), so it is `| null` and not optional.
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const NAMED = '#/components/schemas/';
const quoted = (name) => (/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name));
const comment = (text, indent) => (text ? `${indent}/** ${text.replaceAll('*/', '*\\/').replaceAll('\n', ' ')} */\n` : '');
const union = (parts) => [...new Set(parts)].join(' | ');

function typeOf(schema, indent = '') {
  if (schema === true || !schema || Object.keys(schema).every((key) => key === 'description')) return 'unknown';
  if (schema.$ref) return schema.$ref.slice(NAMED.length);
  const either = schema.oneOf ?? schema.anyOf;
  if (either) return union(either.map((one) => typeOf(one, indent)));
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum) return union(schema.enum.map((value) => JSON.stringify(value)));
  if (Array.isArray(schema.type)) return union(schema.type.map((type) => typeOf({ ...schema, type }, indent)));
  switch (schema.type) {
    case 'string': return 'string';
    case 'boolean': return 'boolean';
    case 'null': return 'null';
    case 'integer': case 'number': return 'number';
    case 'array': {
      if (schema.prefixItems) return `[${schema.prefixItems.map((item) => typeOf(item, indent)).join(', ')}]`;
      const item = typeOf(schema.items, indent);
      return /[|]/.test(item) && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
    }
    case 'object': return objectOf(schema, indent);
    default: return 'unknown';
  }
}
const mayBeNull = (schema) => (Array.isArray(schema.type) && schema.type.includes('null')) || (schema.anyOf ?? schema.oneOf ?? []).some((one) => one.type === 'null');

function objectOf(schema, indent) {
  const inner = `${indent}  `;
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const always = (schema.required ?? []).includes(name) || mayBeNull(field);
    return `${comment(field.description, inner)}${inner}${quoted(name)}${always ? '' : '?'}: ${typeOf(field, inner)};\n`;
  });
  if (schema.additionalProperties && !fields.length) return `{ [key: string]: ${typeOf(schema.additionalProperties, indent)} }`;
  return fields.length ? `{\n${fields.join('')}${indent}}` : 'Record<string, never>';
}

export function typesOf(document) {
  const named = Object.entries(document.components.schemas).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = named.map(([name, schema]) => {
    const body = typeOf(schema);
    return `${comment(schema.description, '')}${body.startsWith('{') && !schema.oneOf && !schema.anyOf ? `export interface ${name} ${body}` : `export type ${name} = ${body};`}\n`;
  });
  return `// Made by scripts/api-types.mjs from the OpenAPI document. Do not edit.\n\n${text.join('\n')}`;
}

export const DOCUMENT = '../crates/server/tests/golden/openapi.json';
export const TYPES = 'src/api/schema.ts';
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(TYPES, typesOf(JSON.parse(readFileSync(DOCUMENT, 'utf8'))));
