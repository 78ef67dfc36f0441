// Filter state lives in the address, so that a view can be sent to a colleague.

import { computed, type WritableComputedRef } from 'vue';
import { useRoute, useRouter } from 'vue-router';

export function useQuery<K extends string>(defaults: Record<K, string>): { values: Record<K, WritableComputedRef<string>>; all: () => Record<K, string>; set: (changes: Partial<Record<K, string>>) => void } {
  const route = useRoute();
  const router = useRouter();
  const read = (key: K) => {
    const value = route.query[key];
    return (Array.isArray(value) ? value[0] : value) ?? defaults[key];
  };
  function set(changes: Partial<Record<K, string>>) {
    const query = { ...route.query };
    for (const [key, value] of Object.entries(changes) as [K, string][]) {
      if (!value || value === defaults[key]) delete query[key];
      else query[key] = value;
    }
    void router.replace({ query, hash: route.hash });
  }
  const keys = Object.keys(defaults) as K[];
  const values = {} as Record<K, WritableComputedRef<string>>;
  for (const key of keys) values[key] = computed({ get: () => read(key), set: (value: string) => set({ [key]: value } as Partial<Record<K, string>>) });
  return { values, all: () => Object.fromEntries(keys.map((key) => [key, read(key)])) as Record<K, string>, set };
}
