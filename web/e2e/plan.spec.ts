// The plan that computes itself, on the real binary with simulated stations: a late hour of PM2.5 moves the year mean,
// the light and the evidence; what people enter counts once somebody else approved it; papers come out as files.
import { mkdirSync } from 'node:fs';
import { type APIRequestContext, expect, request as newRequest, test } from '@playwright/test';
import { expectAccessible } from './axe';
import { people, type Running, signIn, startServer } from './server';

// One server for all; a test that fails does not hide the others.
test.describe.configure({ mode: 'default' });
const HEADERS = { 'X-Qingshan': '1' };
const FIRST = { name: 'plan1', display_name: '规划甲', password: 'Gui-hua-jia-2026!', roles: ['plan_officer'] };
const SECOND = { name: 'plan2', display_name: '规划乙', password: 'Gui-hua-yi-2026!', roles: ['plan_officer'] };
let running: Running;
let admin: APIRequestContext;
test.beforeAll(async () => {
  test.setTimeout(150_000);
  running = await startServer();
  admin = await newRequest.newContext();
  await people(admin, running);
  for (const person of [FIRST, SECOND]) expect((await admin.post(`${running.base}/api/users`, { headers: HEADERS, data: person })).ok()).toBe(true);
});
test.afterAll(() => running?.stop());

const year = new Date().getFullYear();
interface Detail { row: { value: string | null; standing: { light: string } }; trace: { evidence: { href: string }[] }[] }
const pm25 = async (): Promise<Detail> => (await admin.get(`${running.base}/api/plan/indicators/pm25?year=${year}`)).json();
const pad = (hour: number) => String(hour).padStart(2, '0');

test('a late hour of PM2.5 moves the year mean, the indicator, the light and its evidence', async ({ page }) => {
  await expect.poll(async () => (await pm25()).row.value, { timeout: 90_000 }).not.toBeNull();
  const stations = (await (await admin.get(`${running.base}/api/points?kind=air_station&page_size=200`)).json()).items as { id: string; name: { zh: string }; last_data_at: string | null }[];
  const station = stations.find((one) => one.last_data_at)!;
  const mn = (await (await admin.get(`${running.base}/api/points/${station.id}`)).json()).devices[0].mn as string;
  // A day before the simulated ones: 23 hours of 40 µg/m³.
  const day = new Date(Date.now() - 12 * 86_400_000).toISOString().slice(0, 10);
  const rows = (hours: number[], value: number) => ['station,time,factor,stat,value,flag', ...hours.map((hour) => `${mn},${day}T${pad(hour)}:00:00,a34004,Avg,${value},N`)].join('\n') + '\n';
  const send = async (csv: string) => {
    const answer = await admin.post(`${running.base}/api/import?profile=long`, { headers: { ...HEADERS, 'Content-Type': 'application/octet-stream' }, data: Buffer.from(csv) });
    expect(answer.ok(), await answer.text()).toBe(true);
  };
  const before = Number((await pm25()).row.value);
  await send(rows([...Array(23).keys()], 40));
  await expect.poll(async () => Number((await pm25()).row.value), { timeout: 60_000 }).not.toBe(before);
  const middle = Number((await pm25()).row.value);
  await signIn(page, running.base, FIRST);
  await page.goto(`${running.base}/app/plan/indicators/pm25?year=${year}`);
  await expect(page.getByTestId('plan-value')).toContainText(String(middle));
  // The hour that was late.
  await send(rows([23], 2400));
  await expect.poll(async () => Number((await pm25()).row.value), { timeout: 60_000 }).toBeGreaterThan(middle);
  const after = await pm25();
  expect(after.row.standing.light).toBe('red');
  // The open page follows by itself.
  await expect(page.getByTestId('plan-value')).toContainText(String(after.row.value), { timeout: 20_000 });
  await expect(page.getByTestId('plan-trace')).toContainText('a34004');
  await page.getByTestId('evidence').filter({ hasText: station.name.zh }).first().click();
  await page.waitForURL(/verdicts/);
  await expect(page.getByText(day.slice(5)).first()).toBeVisible();
  await page.goto(`${running.base}/app/plan?year=${year}`);
  await expect(page.locator('[data-indicator="pm25"]')).toContainText(String(after.row.value));
  await expect(page.locator('[data-indicator="pm25"]')).toContainText('落后');
  // The table beside it says the same.
  const csv = await (await admin.get(`${running.base}/api/plan/indicators?format=csv&year=${year}`)).text();
  expect(csv.split('\n').find((line) => line.startsWith('pm25,'))).toContain(`,${after.row.value},formula,true,`);
});

test('what-if shows what moves and saves nothing', async ({ page }) => {
  await signIn(page, running.base, FIRST);
  await page.goto(`${running.base}/app/plan/indicators/pm25?year=${year}`);
  const value = await page.getByTestId('plan-value').textContent();
  await page.locator('input[name=assumed]').fill('20');
  await page.getByRole('button', { name: '推演' }).click();
  await expect(page.getByTestId('what-if')).toContainText('达到路径');
  await page.reload();
  await expect(page.getByTestId('plan-value')).toHaveText(value ?? '');
});

test('the running year is projected beside its value, and marked so', async ({ page }) => {
  await signIn(page, running.base, FIRST);
  await page.goto(`${running.base}/app/plan/indicators/pm25?year=${year}`);
  const shown = page.getByTestId('projection');
  await expect(shown).toContainText('µg/m³');
  await expect(shown).toContainText('不进入考核与评估');
  await page.goto(`${running.base}/app/plan/indicators/pm25?year=2025`);
  await expect(page.getByTestId('plan-value')).toBeVisible();
  await expect(shown).toHaveCount(0);
});

test('a target of a body and year stands on the pages of both once it is approved', async ({ page }) => {
  await signIn(page, running.base, FIRST);
  await page.goto(`${running.base}/app/plan/indicators/wetland-restored?year=${year}`);
  await expect(page.getByTestId('targets')).toContainText('还没有分解');
  await page.locator('select[name=kind]').selectOption('assignment');
  await page.locator('input[name=body]').fill('县林业局');
  await page.locator('input[name=what]').fill('修复湿地');
  await page.locator('input[name=target]').fill('500');
  await page.getByRole('button', { name: '提交审核' }).click();
  await expect(page.locator('[data-item]')).toContainText('待审核');
  const id = await page.locator('[data-item]').first().getAttribute('data-item');
  const other = await newRequest.newContext();
  await other.post(`${running.base}/api/session`, { headers: HEADERS, data: { name: SECOND.name, password: SECOND.password } });
  const decided = await other.post(`${running.base}/api/plan/items/${id}/decision`, { headers: HEADERS, data: { to: 'approved', note: '' } });
  expect(decided.ok(), await decided.text()).toBe(true);
  await expect(page.locator(`[data-target="县林业局 ${year}"]`)).toContainText('500 亩');
  await expect(page.getByTestId('targets')).toContainText('少');
  await page.goto(`${running.base}/app/plan/bodies/${encodeURIComponent('县林业局')}`);
  await expect(page.getByTestId('targets')).toContainText('修复湿地');
});

test('projects stand on a map by state, and beside it stand those without a place', async ({ page }) => {
  await signIn(page, running.base, FIRST);
  await page.goto(`${running.base}/app/plan/projects`);
  const map = page.getByTestId('project-map');
  await expect(map.locator('[data-ready]')).toBeVisible();
  await expect(map.getByTestId('placed')).toContainText('用乡镇中心代替');
  await expect(map.getByTestId('unplaced')).toContainText('规划没有写地点');
  const mark = map.locator('.draw-mark.stand-in').filter({ visible: true }).first();
  await expect(mark).toHaveAttribute('aria-label', /阶段未填报.*用乡镇中心代替/);
  await mark.click();
  await page.waitForURL(/plan\/projects\/\d+/);
});

test('an entry counts once somebody else approved it', async ({ page, browser }) => {
  await signIn(page, running.base, FIRST);
  await page.goto(`${running.base}/app/plan/projects/4`);
  await expect(page.getByTestId('stage')).toHaveText('未填报');
  await page.locator('select[name=kind]').selectOption('money');
  await page.locator('select[name=step]').selectOption('arranged');
  await page.locator('input[name=amount]').fill('1200');
  await page.locator('input[type=file]').setInputFiles({ name: '资金文件.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4 e2e') });
  await expect(page.locator('.entry')).toContainText('资金文件.pdf');
  await page.getByRole('button', { name: '提交审核' }).click();
  await expect(page.locator('[data-item]')).toContainText('待审核');
  await expect(page.locator('[data-step=arranged]')).toHaveText('未填报');
  await expect(page.locator('[data-action=approve]')).toHaveCount(0);
  const other = await (await browser.newContext({ locale: 'zh-CN' })).newPage();
  await signIn(other, running.base, SECOND);
  await other.goto(`${running.base}/app/plan/projects/4`);
  await other.locator('[data-action=approve]').click();
  await expect(other.locator('[data-step=arranged]')).toHaveText('1,200');
  await expect(other.locator('[data-step=paid]')).toHaveText('未填报');
  await other.context().close();
});

test('what waits is worked off on one page; a correction begins with what it corrects; what is wrong is taken back', async ({ page, browser }) => {
  const other = await (await browser.newContext({ locale: 'zh-CN' })).newPage();
  await signIn(page, running.base, FIRST);
  await signIn(other, running.base, SECOND);
  // A task that nobody has is given to a body: decided on the page of entries.
  await page.goto(`${running.base}/app/plan/bodies`);
  await page.getByRole('button', { name: '分解' }).first().click();
  const task = await page.locator('p.mono').innerText();
  await page.locator('input[name=body]').fill('县水利局');
  await page.locator('input[name=what]').fill('年内完成');
  await page.getByRole('button', { name: '提交审核' }).click();
  await other.goto(`${running.base}/app/plan`);
  await other.getByRole('link', { name: /条待审核/ }).click();
  const waiting = other.locator('[data-item]').filter({ hasText: '年内完成' });
  await waiting.locator('[data-action=approve]').click();
  await expect(waiting).toHaveCount(0);
  await page.goto(`${running.base}/app/plan/tasks?q=${task}`);
  await expect(page.locator(`[data-task="${task}"]`)).toContainText('县水利局');
  // A stage and its correction: filled in as it was, the year fixed.
  await page.goto(`${running.base}/app/plan/projects/7`);
  const enter = page.locator('.entry').first();
  await enter.locator('select[name=kind]').selectOption('stage');
  await enter.locator('select[name=to]').selectOption('design');
  await enter.getByRole('button', { name: '提交审核' }).click();
  await other.goto(`${running.base}/app/plan/entries?subject=project:7`);
  await other.locator('[data-action=approve]').click();
  await expect(page.getByTestId('stage')).toHaveText('初设');
  await page.locator('[data-action=correct]').click();
  const form = page.locator('tr .entry');
  await expect(form.locator('select[name=to]')).toHaveValue('design');
  await expect(form.locator('input[name=year]')).toBeDisabled();
  await form.locator('select[name=to]').selectOption('tender');
  await form.getByRole('button', { name: '提交审核' }).click();
  await other.reload();
  await other.locator('[data-action=approve]').click();
  await expect(page.getByTestId('stage')).toHaveText('招标');
  // Taken back by somebody, decided by somebody else.
  await page.locator('[data-action=retract]').click();
  await page.locator('tr .entry input[name=text]').fill('填到了别的项目');
  await page.locator('tr .entry').getByRole('button', { name: '提交审核' }).click();
  await other.reload();
  await other.locator('[data-action=approve]').click();
  await expect(page.getByTestId('stage')).toHaveText('初设');
  // An inspection with its photo and its place.
  await enter.locator('select[name=kind]').selectOption('inspection');
  await enter.locator('input[name=finding]').fill('围挡不全');
  await enter.locator('input[name=lon]').fill('108.77');
  await enter.locator('input[name=lat]').fill('28.84');
  const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
  await enter.locator('input[type=file]').setInputFiles({ name: '现场.png', mimeType: 'image/png', buffer: png });
  await expect(enter).toContainText('现场.png');
  await enter.getByRole('button', { name: '提交审核' }).click();
  await other.reload();
  await other.locator('[data-action=approve]').click();
  const seen = page.getByTestId('inspections');
  await expect(seen).toContainText('围挡不全');
  await expect(seen.locator('img')).toHaveCount(1);
  await expect.poll(() => seen.locator('img').evaluate((one: HTMLImageElement) => one.naturalWidth)).toBe(1);
  await other.context().close();
});

test('an assessment is written, its numbers are links, and it comes out as docx and xlsx', async ({ page }) => {
  await signIn(page, running.base, FIRST);
  await page.goto(`${running.base}/app/plan/assessments?kind=yearly&year=${year}`);
  await expect(page.locator('.paper')).toContainText('PM2.5年均浓度');
  await page.locator('[data-action=save-assessment]').click();
  const row = page.locator('[data-assessment]').first();
  await expect(row).toContainText('草稿');
  const id = await row.getAttribute('data-assessment');
  for (const [form, start] of [['docx', 'PK'], ['xlsx', 'PK']]) {
    const answer = await page.request.get(`${running.base}/api/plan/assessments/${id}/${form}`);
    expect(answer.ok()).toBe(true);
    expect((await answer.body()).subarray(0, 2).toString()).toBe(start);
  }
  await page.locator('.paper a').filter({ hasText: 'PM2.5年均浓度' }).first().click();
  await page.waitForURL(/plan\/indicators\/pm25/);
});

test('every page of the plan is accessible and fits its screen, on a desk and on a phone, in Chinese and in English', async ({ browser }) => {
  test.setTimeout(420_000);
  mkdirSync('test-results/plan', { recursive: true });
  for (const locale of ['zh', 'en']) {
    for (const width of [1440, 390]) {
      const context = await browser.newContext({ locale: 'zh-CN', viewport: { width, height: 900 } });
      const page = await context.newPage();
      await page.addInitScript((chosen) => localStorage.setItem('qingshan.locale', chosen), locale);
      await signIn(page, running.base, SECOND);
      for (const path of ['plan', `plan/indicators/pm25?year=${year}`, 'plan/indicators/wetland-restored', 'plan/projects', 'plan/projects/21', 'plan/projects/4', 'plan/bodies', `plan/bodies/${encodeURIComponent('县林业局')}`, 'plan/entries?state=all', 'plan/findings', 'plan/assessments']) {
        await page.goto(`${running.base}/app/${path}`);
        await expect(page.locator('h1').first()).toBeVisible();
        await page.waitForLoadState('networkidle', { timeout: 4000 }).catch(() => undefined);
        await expectAccessible(page, `${path} ${locale} ${width}`);
        expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${path} in ${locale} is wider than ${width}`).toBe(true);
        await page.screenshot({ path: `test-results/plan/${path.split('?')[0].replace(/\W+/g, '-')}-${locale}-${width}.png`, fullPage: true });
      }
      await context.close();
    }
  }
});

test('who may not read the plan does not see it', async () => {
  const visitor = await newRequest.newContext();
  expect((await visitor.get(`${running.base}/api/plan`)).status()).toBe(401);
  const officer = await newRequest.newContext();
  await officer.post(`${running.base}/api/session`, { headers: HEADERS, data: { name: 'officer', password: 'Zhi-ban-jia-2026!' } });
  expect((await officer.get(`${running.base}/api/plan`)).status()).toBe(200);
  const stage = { subject: 'project:9', year: 2025, content: { kind: 'stage', to: 'reserve' } };
  expect((await officer.post(`${running.base}/api/plan/items`, { headers: HEADERS, data: stage })).status()).toBe(403);
});
