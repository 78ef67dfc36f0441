// What admission rules ask of a project: the questions and their answers are data of the rules.
import type { ZoneAttribute, ZoneRule } from '@/api/zones';
import { nameText } from '@/i18n';

/** What some rule asks for, each once, in the order of the rules. */
export function attributesOf(rules: readonly ZoneRule[]): ZoneAttribute[] {
  const found = new Map<string, ZoneAttribute>();
  for (const rule of rules) for (const attribute of rule.attributes) if (!found.has(attribute.key)) found.set(attribute.key, attribute);
  return [...found.values()];
}

/** The name of a question; one that no rule asks for any more is called by its key. */
export const questionText = (attributes: readonly ZoneAttribute[], key: string) => nameText(attributes.find((one) => one.key === key)?.name) || key;

/** An answer in words; one that no rule knows any more stays as it was given. */
export function answerText(attributes: readonly ZoneAttribute[], key: string, answer: string): string {
  const attribute = attributes.find((one) => one.key === key);
  const value = attribute?.values.find((one) => one.code === answer);
  if (value) return nameText(value.name);
  return attribute?.unit && !attribute.values.length ? `${answer} ${attribute.unit}` : answer;
}
