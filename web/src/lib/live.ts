// One event stream per window, shared by all pages; lost connections are tried again with growing pauses.

import { onUnmounted, reactive } from 'vue';
import { lookAtSession } from '@/api/client';
import { isSilent, retryPause } from './freshness';

export type LiveKind = 'latest' | 'verdict' | 'case' | 'point_state' | 'command' | 'collect' | 'plan' | 'record' | 'resync';
const KINDS: LiveKind[] = ['latest', 'verdict', 'case', 'point_state', 'command', 'collect', 'plan', 'record', 'resync'];
type Handler = (data: never) => void;

const handlers = new Map<LiveKind, Set<Handler>>();
export const liveState = reactive({
  status: 'idle' as 'idle' | 'connecting' | 'open' | 'lost',
  /** When the connection was lost; null while it stands. */
  lostAt: null as number | null,
  /** When the stream last said anything, a sign of life included. */
  heardAt: null as number | null,
});

let source: EventSource | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let attempts = 0;
let listeners = 0;
let watchdog: ReturnType<typeof setInterval> | undefined;

function emit(kind: LiveKind, data: unknown) {
  handlers.get(kind)?.forEach((handler) => handler(data as never));
}

const heard = () => (liveState.heardAt = Date.now());

function lost(stream: EventSource) {
  stream.close();
  if (source !== stream) return;
  source = null;
  liveState.status = 'lost';
  liveState.lostAt ??= Date.now();
  attempts += 1;
  timer = setTimeout(open, retryPause(attempts));
}
/** A connection that nobody closed and that says nothing: a cable pulled, a sleeping laptop. */
function watch() {
  if (source && liveState.status === 'open' && isSilent(liveState.heardAt, Date.now())) lost(source);
}
const wentOffline = () => source && lost(source);

function open() {
  clearTimeout(timer);
  source?.close();
  liveState.status = liveState.status === 'lost' ? 'lost' : 'connecting';
  const stream = new EventSource('/api/live');
  source = stream;
  stream.onopen = () => {
    const wasLost = liveState.lostAt !== null;
    attempts = 0;
    liveState.status = 'open';
    heard();
    liveState.lostAt = null;
    // What happened meanwhile was not heard: pages ask again for the whole state.
    if (wasLost) emit('resync', {});
  };
  stream.onerror = () => {
    lost(stream);
    void lookAtSession();
  };
  for (const sign of ['hello', 'ping']) stream.addEventListener(sign, heard);
  // The server dropped events that we were too slow for.
  stream.addEventListener('reload', () => emit('resync', {}));
  for (const kind of KINDS) {
    stream.addEventListener(kind, (event) => {
      heard();
      try {
        emit(kind, JSON.parse((event as MessageEvent<string>).data || '{}'));
      } catch {
        // An event that cannot be read is the same as one missed.
        emit('resync', {});
      }
    });
  }
}

export function retryLive(): void {
  attempts = 0;
  if (listeners > 0) open();
}

/** Keeps the stream open while the caller (the shell) is mounted. */
export function holdLive(): void {
  listeners += 1;
  if (listeners === 1) {
    watchdog = setInterval(watch, 5000);
    window.addEventListener('offline', wentOffline);
    window.addEventListener('online', retryLive);
  }
  if (!source) open();
  onUnmounted(() => {
    listeners -= 1;
    if (listeners > 0) return;
    clearTimeout(timer);
    clearInterval(watchdog);
    window.removeEventListener('offline', wentOffline);
    window.removeEventListener('online', retryLive);
    source?.close();
    source = null;
    liveState.status = 'idle';
    liveState.lostAt = null;
  });
}

/** Listens while the calling component is mounted. */
export function onLive<D>(kind: LiveKind, handler: (data: D) => void): void {
  const set = handlers.get(kind) ?? new Set<Handler>();
  handlers.set(kind, set);
  set.add(handler as Handler);
  onUnmounted(() => set.delete(handler as Handler));
}
