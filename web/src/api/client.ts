// The one way to the server. Every refusal becomes an `ApiError` with the server's numbered code.

import { reactive } from 'vue';

export interface Problem {
  /** `QS-nnnn`; `NET-0` when the server could not be reached at all. */
  code: string;
  status: number;
  title: string;
  title_zh: string;
  detail: string;
}

export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.code} ${problem.title}: ${problem.detail}`);
  }
  get code(): string {
    return this.problem.code;
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>;

export function withQuery(path: string, query: Query = {}): string {
  const parts = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '' && value !== false) parts.set(key, String(value));
  }
  const text = parts.toString();
  return text ? `${path}?${text}` : path;
}

type Listener = () => void;
let signedOut: Listener = () => {};
/** Called when the server says that the session has ended. */
export function onSignedOut(listener: Listener): void {
  signedOut = listener;
}

/** Asks whether the session still stands: a stream that the server ends says no reason. */
export async function lookAtSession(): Promise<void> {
  const answer = await fetch('/api/session', { credentials: 'same-origin' }).catch(() => null);
  if (!answer) contact.failed = Date.now();
  if (answer?.status === 401) signedOut();
}

/** When the server answered last (pages compare it with now to say "older than"), and when a request last reached nobody. */
export const contact = reactive({ last: 0, failed: 0 });

async function problemOf(response: Response): Promise<Problem> {
  const fallback: Problem = {
    code: `HTTP-${response.status}`,
    status: response.status,
    title: response.statusText || 'unexpected answer',
    title_zh: '服务器的回答无法识别',
    detail: '',
  };
  if (!/json/.test(response.headers.get('content-type') ?? '')) return fallback;
  try {
    return { ...fallback, ...((await response.json()) as Partial<Problem>) };
  } catch {
    return fallback;
  }
}

interface Options {
  query?: Query;
  json?: unknown;
  raw?: Blob;
  signal?: AbortSignal;
}

async function send(method: string, path: string, options: Options): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (method !== 'GET') headers['X-Qingshan'] = '1';
  let body: BodyInit | undefined;
  if (options.raw) {
    body = options.raw;
    headers['Content-Type'] = options.raw.type || 'application/octet-stream';
  } else if (options.json !== undefined) {
    body = JSON.stringify(options.json);
    headers['Content-Type'] = 'application/json';
  }
  let response: Response;
  try {
    response = await fetch(withQuery(path, options.query), {
      method,
      headers,
      body,
      signal: options.signal,
      credentials: 'same-origin',
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    contact.failed = Date.now();
    throw new ApiError({
      code: 'NET-0',
      status: 0,
      title: 'the server cannot be reached',
      title_zh: '连不上服务器',
      detail: error instanceof Error ? error.message : String(error),
    });
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.code === 'QS-1001' && path !== '/api/session') signedOut();
    throw new ApiError(problem);
  }
  contact.last = Date.now();
  return response;
}

async function json<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const response = await send(method, path, options);
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal) => json<T>('GET', path, { query, signal });
export const post = <T>(path: string, body?: unknown) => json<T>('POST', path, { json: body ?? {} });
export const put = <T>(path: string, body: unknown) => json<T>('PUT', path, { json: body });
export const patch = <T>(path: string, body: unknown) => json<T>('PATCH', path, { json: body });
export const remove = <T>(path: string, query?: Query) => json<T>('DELETE', path, { query });
export const upload = <T>(path: string, query: Query, raw: Blob) => json<T>('POST', path, { query, raw });
