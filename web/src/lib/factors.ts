// Names of factors where people or devices wrote codes: asked for once, by the first page that meets one.
import { ref } from 'vue';
import { points, type Name } from '@/api';
import { locale, nameText } from '@/i18n';

const known = ref<Record<string, Name>>({});
let asked = false;

/** A code of HJ 212: a letter and five digits. */
export const isFactorCode = (text: string): boolean => /^[a-z]\d{5}$/.test(text);

export function factorName(code: string): string {
  if (!asked) {
    asked = true;
    points.factors().then(
      (list) => (known.value = Object.fromEntries(list.map((one) => [one.code, one.name]))),
      () => (asked = false),
    );
  }
  const name = nameText(known.value[code]);
  return name === code ? '' : name;
}

/** `氨氮（w21003）`; the code alone where nobody knows its name. */
export function factorText(code: string): string {
  const name = factorName(code);
  return name ? (locale.value === 'en' ? `${name} (${code})` : `${name}（${code}）`) : code;
}
