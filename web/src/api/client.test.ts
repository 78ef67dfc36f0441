import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError, get, onSignedOut, post, withQuery } from './client';

const answer = (status: number, body: unknown, type = 'application/problem+json') => vi.fn(async (..._sent: unknown[]) => new Response(body === undefined ? null : JSON.stringify(body), { status, headers: { 'content-type': type } }));
afterEach(() => vi.unstubAllGlobals());

describe('addresses', () => {
  it('leave out what is empty and escape the rest', () => expect(withQuery('/api/points', { q: '小河 & 1', kind: '', page: 2, mine: false })).toBe('/api/points?q=%E5%B0%8F%E6%B2%B3+%26+1&page=2'));
});

describe('requests', () => {
  it('carry the mark against forged requests when they change something, and only then', async () => {
    const fetched = answer(200, {}, 'application/json');
    vi.stubGlobal('fetch', fetched);
    await get('/api/x');
    await post('/api/x', {});
    const headers = fetched.mock.calls.map((call) => (call[1] as RequestInit).headers as Record<string, string>);
    expect(headers[0]['X-Qingshan']).toBeUndefined();
    expect(headers[1]['X-Qingshan']).toBe('1');
  });
  it('turn problem details into a numbered error', async () => {
    vi.stubGlobal('fetch', answer(422, { code: 'QS-2002', status: 422, title: 'invalid input', title_zh: '输入有误', detail: 'page' }));
    await expect(get('/api/x')).rejects.toMatchObject({ problem: { code: 'QS-2002', title_zh: '输入有误', detail: 'page' } });
  });
  it('say that the server cannot be reached', async () => {
    vi.stubGlobal('fetch', vi.fn(async () => { throw new TypeError('refused'); }));
    const error = await get('/api/x').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).code).toBe('NET-0');
  });
  it('tell when the session has ended, but not for a wrong password', async () => {
    const told = vi.fn();
    onSignedOut(told);
    vi.stubGlobal('fetch', answer(401, { code: 'QS-1001', status: 401, title: '', title_zh: '', detail: '' }));
    await post('/api/session', {}).catch(() => undefined);
    expect(told).not.toHaveBeenCalled();
    await get('/api/points').catch(() => undefined);
    expect(told).toHaveBeenCalledOnce();
  });
});
