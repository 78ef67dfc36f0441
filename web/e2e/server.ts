// The real binary on scratch ports with a data folder of its own, once for a file of tests.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { APIRequestContext, Page } from '@playwright/test';

export interface Running {
  base: string;
  setupPath: string;
  log: () => string;
  stop: () => Promise<void>;
}
/** Playwright runs in `web/`. */
const ROOT = resolve(process.cwd(), '..');
const START_SECONDS = 90;

function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const probe = createServer();
    probe.once('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (address && typeof address === 'object' ? done(address.port) : failed(new Error('no port'))));
    });
  });
}

/** A county of nothing but its name: what somebody sees who starts without a pack of their own. */
export function emptyCounty(): string {
  const folder = mkdtempSync(join(tmpdir(), 'qingshan-empty-'));
  writeFileSync(join(folder, 'county.toml'), 'code = "500999"\nname = { zh = "空白县（示意）", en = "Empty County (example)" }\ntime_zone = "+08:00"\nextent = [108.2, 28.2, 109.5, 29.5]\nsource = "示意"\n');
  return folder;
}

/** `QINGSHAN_RUNNING` and `QINGSHAN_SETUP`: a server that runs already, while pages are being worked on. */
export async function startServer(options: { county?: string; simulate?: boolean } = {}): Promise<Running> {
  if (process.env.QINGSHAN_RUNNING && !options.county) return { base: process.env.QINGSHAN_RUNNING, setupPath: process.env.QINGSHAN_SETUP ?? '/setup?token=', log: () => '', stop: async () => undefined };
  const binary = process.env.QINGSHAN_BINARY;
  if (!binary) throw new Error('QINGSHAN_BINARY is not set: run `cargo xtask test`, or name a built binary');
  const data = mkdtempSync(join(tmpdir(), 'qingshan-e2e-'));
  const [port, stations] = [await freePort(), await freePort()];
  const base = `http://127.0.0.1:${port}`;
  const child: ChildProcess = spawn(binary, ['serve', '--county', options.county ?? process.env.QINGSHAN_COUNTY ?? 'counties/500242-youyang', '--data', data, '--listen', `127.0.0.1:${port}`, '--hj212-listen', `127.0.0.1:${stations}`, ...(options.simulate === false ? [] : ['--simulate'])], { cwd: ROOT });
  let log = '';
  let ended: number | null | undefined;
  const keep = (text: Buffer) => (log = (log + text.toString()).slice(-200_000));
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  child.on('exit', (code) => (ended = code));
  const deadline = Date.now() + START_SECONDS * 1000;
  for (;;) {
    const link = /\/setup\?token=([\w.~-]+)/.exec(log);
    const healthy = link !== null && (await fetch(`${base}/healthz`).then((answer) => answer.ok, () => false));
    if (link && healthy) {
      const stop = async () => {
        if (ended === undefined) {
          const exited = new Promise((done) => child.once('exit', done));
          child.kill('SIGTERM');
          await Promise.race([exited, new Promise((done) => setTimeout(done, 5000))]);
          if (ended === undefined) child.kill('SIGKILL');
        }
        rmSync(data, { recursive: true, force: true, maxRetries: 3 });
      };
      return { base, setupPath: link[0], log: () => log, stop };
    }
    if (ended !== undefined || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`qingshan serve ${ended === undefined ? 'did not start in time' : `ended with ${ended}`}:\n${log.slice(-4000)}`);
    }
    await new Promise((done) => setTimeout(done, 250));
  }
}

export const ADMIN = { name: 'admin', display_name: '管理员', password: 'Qing-shan-2026!' };
export interface Person {
  name: string;
  display_name: string;
  password: string;
  roles: string[];
}
export const OFFICER: Person = { name: 'officer', display_name: '值班甲', password: 'Zhi-ban-jia-2026!', roles: ['duty_officer'] };
export const CHECKER: Person = { name: 'checker', display_name: '值班乙', password: 'Zhi-ban-yi-2026!', roles: ['duty_officer'] };
/** Sees the audit log and nothing else. */
export const AUDITOR: Person = { name: 'auditor', display_name: '审计员', password: 'Shen-ji-yuan-2026!', roles: ['audit_administrator'] };

export async function signIn(page: Page, base: string, who: { name: string; password: string }): Promise<void> {
  await page.goto(`${base}/app/sign-in`);
  await page.locator('input[name=name]').fill(who.name);
  await page.locator('input[name=password]').fill(who.password);
  await page.locator('form button').click();
  await page.waitForURL((url) => !url.pathname.endsWith('/sign-in'));
}

/** The first administrator and two duty officers, made through the API. */
export async function people(request: APIRequestContext, running: Running): Promise<void> {
  const headers = { 'X-Qingshan': '1' };
  const token = new URL(running.setupPath, running.base).searchParams.get('token');
  const check = async (what: string, answer: { ok: () => boolean; status: () => number; text: () => Promise<string> }) => {
    if (!answer.ok()) throw new Error(`${what}: ${answer.status()} ${await answer.text()}`);
  };
  if (process.env.QINGSHAN_RUNNING === running.base && (await request.post(`${running.base}/api/session`, { headers, data: { name: ADMIN.name, password: ADMIN.password } })).ok()) return;
  await check('set-up', await request.post(`${running.base}/api/setup`, { headers, data: { token, ...ADMIN } }));
  await check('sign-in', await request.post(`${running.base}/api/session`, { headers, data: { name: ADMIN.name, password: ADMIN.password } }));
  for (const person of [OFFICER, CHECKER, AUDITOR]) await check('user', await request.post(`${running.base}/api/users`, { headers, data: person }));
}
