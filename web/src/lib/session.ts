import { computed, reactive } from 'vue';
import { ApiError, county as countyApi, session as api, type County, type User } from '@/api';
import { onSignedOut } from '@/api/client';

interface SessionState {
  known: boolean;
  user: User | null;
  county: County | null;
  /** The session ended while a page was open. */
  ended: boolean;
}
export const sessionState = reactive<SessionState>({ known: false, user: null, county: null, ended: false });

export const user = computed(() => sessionState.user);
export const county = computed(() => sessionState.county);
export const may = (action: string) => (sessionState.user?.actions as readonly string[] | undefined)?.includes(action) ?? false;
/** Enters for every body, not for the own one only. */
export const mayForAll = () => (sessionState.user?.roles as readonly string[] | undefined)?.some((role) => role === 'plan_officer' || role === 'system_administrator') ?? false;

onSignedOut(() => {
  if (sessionState.user) sessionState.ended = true;
  sessionState.user = null;
});

async function loadCounty() {
  if (!may('read_monitoring')) return;
  try {
    sessionState.county = await countyApi.get();
  } catch {
    sessionState.county = null; // pages say so where they need it
  }
}

/** Asks once who is signed in; a server that cannot be reached is an error for the caller. */
export async function ensureSession(): Promise<User | null> {
  if (sessionState.known && sessionState.user) return sessionState.user;
  try {
    sessionState.user = (await api.get()).user;
    sessionState.ended = false;
    await loadCounty();
  } catch (error) {
    sessionState.user = null;
    if (!(error instanceof ApiError) || error.problem.status !== 401) throw error;
  }
  sessionState.known = true;
  return sessionState.user;
}

export async function signIn(name: string, password: string): Promise<void> {
  sessionState.user = (await api.open(name, password)).user;
  sessionState.known = true;
  sessionState.ended = false;
  await loadCounty();
}

export async function signOut(): Promise<void> {
  await api.close();
  sessionState.user = null;
  sessionState.ended = false;
}
