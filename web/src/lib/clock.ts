import { ref } from 'vue';

/** The time that ages are measured against, moving every few seconds for the whole window. */
export const now = ref(Date.now());
setInterval(() => (now.value = Date.now()), 5000);
