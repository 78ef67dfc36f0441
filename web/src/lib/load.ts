import { onUnmounted, reactive, ref, shallowRef, watch, type Ref, type WatchSource } from 'vue';
import { ApiError, type Problem } from '@/api';

export interface Loaded<D> {
  data: Ref<D | null>;
  problem: Ref<Problem | null>;
  loading: Ref<boolean>;
  /** When `data` arrived; the page says how old it is once a reload fails. */
  loadedAt: Ref<number | null>;
  reload: () => Promise<void>;
  reloadSoon: () => void;
}

export function problemFrom(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  return { code: 'APP-1', status: 0, title: 'the page failed', title_zh: '页面出错', detail: error instanceof Error ? error.message : String(error) };
}

/** Loads now and whenever `sources` change; keeps the old data when a reload fails. */
export function useLoad<D>(load: () => Promise<D>, sources?: WatchSource | WatchSource[], options: { everySeconds?: number } = {}): Loaded<D> {
  const data = shallowRef<D | null>(null);
  const problem = ref<Problem | null>(null);
  const loading = ref(true);
  const loadedAt = ref<number | null>(null);
  let turn = 0;
  let soon: ReturnType<typeof setTimeout> | undefined;

  async function reload() {
    const mine = ++turn;
    loading.value = true;
    try {
      const answer = await load();
      if (mine !== turn) return;
      data.value = answer;
      problem.value = null;
      loadedAt.value = Date.now();
    } catch (error) {
      if (mine === turn) problem.value = problemFrom(error);
    } finally {
      if (mine === turn) loading.value = false;
    }
  }
  /** Many live events, one reload. */
  function reloadSoon() {
    if (soon) return;
    soon = setTimeout(() => {
      soon = undefined;
      void reload();
    }, 1500);
  }
  if (sources) {
    watch(sources, () => {
      data.value = null;
      void reload();
    });
  }
  void reload();
  const timer = options.everySeconds ? setInterval(reload, options.everySeconds * 1000) : undefined;
  onUnmounted(() => {
    turn += 1;
    clearInterval(timer);
    clearTimeout(soon);
  });
  return { data, problem, loading, loadedAt, reload, reloadSoon };
}

/** One action by the user: busy while it runs, its refusal kept to be shown. */
export function useAction() {
  const state = reactive({ busy: false, problem: null as Problem | null });
  async function run<D>(work: () => Promise<D>): Promise<D | undefined> {
    if (state.busy) return undefined;
    state.busy = true;
    state.problem = null;
    try {
      return await work();
    } catch (error) {
      state.problem = problemFrom(error);
      return undefined;
    } finally {
      state.busy = false;
    }
  }
  return { state, run };
}
