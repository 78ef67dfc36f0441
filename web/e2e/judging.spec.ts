// Reviews, stops, suspicions, charts, reports and confirmations as specialists work with them, on the real binary.
import { expect, test, type APIRequestContext, type Page } from '@playwright/test';
import { expectAccessible } from './axe';
import { ADMIN, OFFICER, people, type Person, type Running, signIn, startServer } from './server';

test.describe.configure({ mode: 'serial' });
const ENGINEER: Person = { name: 'engineer', display_name: '监测李工', password: 'Jian-ce-li-2026!', roles: ['monitoring_engineer'] };
const HEADERS = { 'X-Qingshan': '1' };
let running: Running;
test.beforeAll(async ({ playwright }) => {
  test.setTimeout(200_000);
  running = await startServer();
  const request = await playwright.request.newContext();
  await people(request, running);
  const made = await request.post(`${running.base}/api/users`, { headers: HEADERS, data: ENGINEER });
  if (!made.ok()) throw new Error(await made.text());
  await request.dispose();
});
test.afterAll(() => running?.stop());

interface Point {
  id: string;
  kind: string;
  last_data_at: string | null;
}
async function pointOf(request: APIRequestContext, kind: string): Promise<string> {
  let found: Point | undefined;
  await expect.poll(async () => {
    const answer = await request.get(`${running.base}/api/points?page_size=500`);
    found = ((await answer.json()) as { items: Point[] }).items.find((point) => point.kind === kind && point.last_data_at);
    return found !== undefined;
  }, { timeout: 90_000 }).toBe(true);
  return found!.id;
}
const day = (back: number) => new Date(Date.now() + 8 * 3_600_000 - back * 86_400_000).toISOString().slice(0, 10);

test('an engineer invalidates hours with a reason; the raw value stays and the statement is listed', async ({ page }) => {
  test.setTimeout(200_000);
  await signIn(page, running.base, ENGINEER);
  const point = await pointOf(page.request, 'wastewater_outlet');
  let rows: { hour: string; sent: string; value: string }[] = [];
  await expect.poll(async () => {
    const answer = await page.request.get(`${running.base}/api/reviews/sheet?point=${point}`);
    rows = ((await answer.json()) as { rows: typeof rows }).rows.filter((row) => row.sent && row.value);
    return rows.length;
  }, { timeout: 120_000 }).toBeGreaterThan(0);
  const wanted = rows[0];
  await page.goto(`${running.base}/app/review?point=${point}&day=${wanted.hour.slice(0, 10)}`);
  const row = page.locator(`tr[data-hour="${wanted.hour}"]`);
  await expect(row).toBeVisible();
  await expectAccessible(page, 'review');
  await row.getByRole('checkbox').check();
  await page.locator('select[name=action]').selectOption('invalidate');
  await page.locator('input[name=every]').uncheck();
  await page.locator('textarea[name=reason]').fill('采样管脱落，现场核实');
  await page.getByRole('button', { name: '保存' }).click();
  await expect(page.getByRole('status').filter({ hasText: '已保存 1 小时' })).toBeVisible();
  await expect(page.locator('.past')).toContainText('采样管脱落');
  await expect(page.locator('.past')).toContainText(ENGINEER.display_name);
  await expect(row).toContainText('审核判为无效', { timeout: 15_000 });
  await expect(row.locator('td').nth(2)).not.toHaveText('—');
  await expect(row.locator('td').nth(3)).toHaveText('—');
});

test('a duty officer sees reviews but makes none; a stop is declared and listed', async ({ page }) => {
  await signIn(page, running.base, OFFICER);
  await page.goto(`${running.base}/app/review`);
  await expect(page.getByText('您的角色只能查看')).toBeVisible();
  await page.goto(`${running.base}/app/stops`);
  await page.locator('textarea[name=reason]').fill('年度检修');
  await page.getByRole('button', { name: '提交申报' }).click();
  await expect(page.getByRole('cell', { name: '年度检修' })).toBeVisible();
  await expectAccessible(page, 'stops');
  await expect(page.getByRole('button', { name: '审核', exact: true })).toHaveCount(0);
  await page.goto(`${running.base}/app/suspicions`);
  await expect(page.locator('h1')).toContainText('疑点');
  await expectAccessible(page, 'suspicions');
});

test('a reviewer refuses a declaration, and everybody reads why', async ({ page }) => {
  await signIn(page, running.base, ENGINEER);
  await page.goto(`${running.base}/app/stops`);
  const row = page.getByRole('row').filter({ hasText: '年度检修' });
  await row.getByRole('button', { name: '审核', exact: true }).click();
  await page.locator('textarea[name=decision]').fill('与用电曲线不符');
  await page.getByRole('button', { name: '不予认可' }).click();
  await expect(row).toContainText('不予认可');
  await expect(row).toContainText(`${ENGINEER.display_name}：与用电曲线不符`);
  await expectAccessible(page, 'stops decided');
});

type Table = { columns: { key: string }[]; rows: string[][]; data: string; figures: { key: string; value: string }[]; hours: number };
const rowsOf = (table: Table) => table.rows.map((row) => Object.fromEntries(table.columns.map((column, at) => [column.key, row[at]])));
function csvOf(text: string): Record<string, string>[] {
  const [head, ...lines] = text.replace(/^\uFEFF/, '').trim().split(/\r?\n/).map((line) => line.split(','));
  return lines.map((line) => Object.fromEntries(head.map((key, at) => [key, line[at]])));
}
const near = (shown: string, value: number) => expect(Math.abs(Number(shown) - value)).toBeLessThan(0.000_06);

test('charts equal what an outsider computes from the CSV beside them', async ({ page }) => {
  test.setTimeout(200_000);
  await signIn(page, running.base, ENGINEER);
  const point = await pointOf(page.request, 'air_station');
  const chart = async (kind: string, more = '') => (await (await page.request.get(`${running.base}/api/charts/${kind}?point=${point}&factor=a34004${more}`)).json()) as Table;
  await expect.poll(async () => (await chart('time-variation')).hours, { timeout: 120_000 }).toBeGreaterThan(1);
  const variation = await chart('time-variation');
  const hours = csvOf(await (await page.request.get(running.base + variation.data)).text());
  expect(hours.length).toBe(variation.hours);
  const byHour = new Map<string, number[]>();
  for (const row of hours) if (row.a34004) byHour.set(String(Number(row.time.slice(11, 13))), [...(byHour.get(String(Number(row.time.slice(11, 13)))) ?? []), Number(row.a34004)]);
  const shown = rowsOf(variation).filter((row) => row.facet === 'hour');
  expect(shown.length).toBe(byHour.size);
  for (const row of shown) {
    const values = byHour.get(row.key) ?? [];
    expect(Number(row.n)).toBe(values.length);
    near(row.mean, values.reduce((sum, value) => sum + value, 0) / values.length);
  }
  // The rose: hours by sector from direction and speed.
  const rose = await chart('wind-rose');
  const winds = csvOf(await (await page.request.get(running.base + rose.data)).text()).filter((row) => row.a34004 && row.a01008 && row.a01007);
  const SECTORS = ['N', 'NNE', 'NE', 'ENE', 'E', 'ESE', 'SE', 'SSE', 'S', 'SSW', 'SW', 'WSW', 'W', 'WNW', 'NW', 'NNW'];
  const own = new Map<string, number[]>();
  let calm = 0;
  for (const row of winds) {
    if (Number(row.a01007) < 0.5) calm += 1;
    else {
      const sector = SECTORS[Math.round(Number(row.a01008) / 22.5) % 16];
      own.set(sector, [...(own.get(sector) ?? []), Number(row.a34004)]);
    }
  }
  expect(Number(rose.figures.find((figure) => figure.key === 'calm')?.value)).toBe(calm);
  expect(winds.length).toBeGreaterThan(0);
  for (const row of rowsOf(rose)) {
    const values = own.get(row.sector) ?? [];
    expect(Number(row.h0) + Number(row.h1) + Number(row.h2) + Number(row.h3)).toBe(values.length);
    if (values.length) near(row.mean, values.reduce((sum, value) => sum + value, 0) / values.length);
  }
  // Correlation of two factors.
  const pair = await (await page.request.get(`${running.base}/api/charts/correlation?point=${point}&factor=a34004,a34002`)).json() as Table;
  const both = csvOf(await (await page.request.get(running.base + pair.data)).text()).filter((row) => row.a34004 && row.a34002).map((row) => [Number(row.a34004), Number(row.a34002)]);
  const mean = (at: number) => both.reduce((sum, row) => sum + row[at], 0) / both.length;
  const [mx, my] = [mean(0), mean(1)];
  const sum = (of: (x: number, y: number) => number) => both.reduce((total, [x, y]) => total + of(x - mx, y - my), 0);
  const found = rowsOf(pair).find((row) => row.x !== row.y);
  if (found?.pearson) near(found.pearson, sum((x, y) => x * y) / Math.sqrt(sum((x) => x * x) * sum((_, y) => y * y)));
  await page.goto(`${running.base}/app/charts?point=${point}&factor=a34004`);
  await expect(page.getByTestId('chart').locator('canvas').first()).toBeVisible();
  await expectAccessible(page, 'charts');
  for (const kind of ['trend', 'wind-rose', 'polar', 'percentile-rose', 'correlation', 'calendar', 'capture', 'river-profile']) {
    await page.goto(`${running.base}/app/charts?kind=${kind}&point=${point}&factor=a34004`);
    await expect(page.getByTestId('chart')).toBeVisible();
    await expect(page.getByRole('alert')).toHaveCount(0);
  }
});

test('a report is on screen, as Word and Excel, and its numbers lead to verdicts', async ({ page }) => {
  test.setTimeout(150_000);
  await signIn(page, running.base, OFFICER);
  const month = day(0).slice(0, 7);
  await expect.poll(async () => {
    const answer = (await (await page.request.get(`${running.base}/api/reports/data-quality?period=${month}`)).json()) as { sections: { rows: unknown[] }[] };
    return answer.sections[0].rows.length;
  }, { timeout: 90_000 }).toBeGreaterThan(0);
  for (const [kind, period] of [['air-daily', day(0)], ['outlet-exceedances', month], ['noise', month], ['water-monthly', month]]) {
    for (const format of ['docx', 'xlsx']) {
      const file = await page.request.get(`${running.base}/api/reports/${kind}?period=${period}&format=${format}`);
      expect(file.status(), `${kind} ${format}`).toBe(200);
      expect((await file.body()).subarray(0, 2).toString()).toBe('PK');
    }
    await page.goto(`${running.base}/app/reports?kind=${kind}&period=${period}`);
    await expect(page.getByTestId('report')).toBeVisible();
    await expectAccessible(page, kind);
  }
});

test('an administrator confirms a figure with its source; an engineer cannot', async ({ page, browser }) => {
  const open = async (on: Page) => {
    await on.goto(`${running.base}/app/standards/read?code=${encodeURIComponent('HJ 663-2026')}`);
    await expect(on.getByRole('heading', { name: '未确认的数值' })).toBeVisible();
  };
  await signIn(page, running.base, ENGINEER);
  await open(page);
  await expect(page.locator('input[name=source]')).toHaveCount(0);
  const refused = await page.request.post(`${running.base}/api/standards/confirmations`, { headers: HEADERS, data: { items: [{ figure: 'HJ 663-2026/composite/SO2/weight', source: '原文' }] } });
  expect(refused.status()).toBe(403);
  const admin = await (await browser.newContext({ locale: 'zh-CN', viewport: { width: 1440, height: 900 } })).newPage();
  await signIn(admin, running.base, ADMIN);
  await open(admin);
  await admin.getByRole('checkbox', { name: 'HJ 663-2026/composite/SO2/weight' }).check();
  await admin.locator('input[name=source]').fill('HJ 663-2026 附录 A 第 9 页');
  await admin.getByRole('button', { name: /确认所选 1 个/ }).click();
  await expect(admin.getByText('HJ 663-2026 附录 A 第 9 页')).toBeVisible();
  await expect(admin.getByText(/已重算/)).toBeVisible({ timeout: 20_000 });
  await admin.context().close();
});

test('rivers are graded from their sections; the index comes with its confirmed formulas', async ({ page }) => {
  test.setTimeout(120_000);
  await signIn(page, running.base, ADMIN);
  type Table = { columns: { key: string }[]; rows: string[][]; method: { zh: string } };
  const table = async (path: string) => (await (await page.request.get(`${running.base}${path}`)).json()) as Table;
  const cell = (of: Table, row: string[], key: string) => row[of.columns.findIndex((column) => column.key === key)];
  const graded = async () => { const rivers = await table('/api/water/rivers'); return { rivers, county: rivers.rows.at(-1) ?? [] }; };
  // The running year is judged as its days come.
  await expect.poll(async () => { const { rivers, county } = await graded(); return cell(rivers, county, 'grade'); }, { timeout: 90_000 }).not.toBe('');
  const { rivers, county } = await graded();
  const counted = ['I', 'II', 'III', 'IV', 'V', 'V+'].map((one) => Number(cell(rivers, county, `class_${one}`)));
  expect(counted.reduce((sum, count) => sum + count, 0)).toBe(Number(cell(rivers, county, 'judged')));
  expect(Number(cell(rivers, county, 'good_share'))).toBeCloseTo((100 * (counted[0] + counted[1] + counted[2])) / Number(cell(rivers, county, 'judged')), 1);
  await page.goto(`${running.base}/app/water`);
  const card = page.getByTestId('rivers');
  await expect(card.getByRole('row', { name: /全县/ })).toContainText(cell(rivers, county, 'grade'));
  await expect(page.getByTestId('city-index')).toContainText('未经确认');
  const items = ['item_index', 'city_weight'].map((id) => ({ figure: `环办监测〔2017〕51号/${id}`, source: '环办监测〔2017〕51号 附件' }));
  expect((await page.request.post(`${running.base}/api/standards/confirmations`, { headers: HEADERS, data: { items } })).ok()).toBe(true);
  await page.reload();
  await expect(page.getByTestId('city-index').getByRole('row', { name: /合计/ })).toBeVisible();
  // The simulated sections send five of the 21 items: their ratios stand there, and no sum of them.
  const index = await table('/api/water/city-index');
  const total = index.rows.at(-1) ?? [];
  expect([cell(index, total, 'county'), cell(index, total, 'river')]).toEqual(['', expect.stringMatching(/^缺 \d+ 项$/)]);
  expect(cell(index, total, 'missing')).toContain('化学需氧量');
  expect(Number(cell(index, index.rows[0], 'river'))).toBeGreaterThan(0);
});

test('a check recorded in a case stands in the file of the enterprise', async ({ page, browser }) => {
  test.setTimeout(180_000);
  await signIn(page, running.base, OFFICER);
  type Detail = { id: string; number: string; actions: { code: string; allowed: boolean }[] };
  let found: Detail | undefined;
  // Over the limit at an outlet of an enterprise, two days ago as a whole: its standard limits the mean of a day.
  const outlets = (await (await page.request.get(`${running.base}/api/ledgers/wastewater_outlet/records?page_size=100`)).json()) as { items: { id: string; links: Record<string, { id: string }[]> }[] };
  const outlet = outlets.items.find((one) => one.links.enterprise?.length)?.id ?? '';
  const admin = await (await browser.newContext()).newPage();
  await signIn(admin, running.base, ADMIN);
  const { devices } = (await (await admin.request.get(`${running.base}/api/points/${outlet}`)).json()) as { devices: { mn: string }[] };
  const past = new Date(Date.now() + 8 * 3_600_000 - 2 * 86_400_000).toISOString().slice(0, 10);
  const rows = Array.from({ length: 24 }, (_, hour) => `${devices[0].mn},${past}T${String(hour).padStart(2, '0')}:00:00,w01018,Avg,900,N`).join('\n');
  const sent = await admin.request.post(`${running.base}/api/import?profile=long`, { headers: { ...HEADERS, 'Content-Type': 'application/octet-stream' }, data: Buffer.from(`station,time,factor,stat,value,flag\n${rows}\n`) });
  expect(sent.ok(), await sent.text()).toBe(true);
  await admin.context().close();
  await expect(async () => {
    const { items } = (await (await page.request.get(`${running.base}/api/cases?workflow=alarm&point=${outlet}`)).json()) as { items: { id: string }[] };
    for (const item of items) {
      const detail = (await (await page.request.get(`${running.base}/api/cases/${item.id}`)).json()) as Detail;
      if (detail.actions.some((action) => action.code === 'inspect' && action.allowed)) found = detail;
    }
    expect(found).toBeDefined();
  }).toPass({ timeout: 60_000, intervals: [1000] });
  await page.goto(`${running.base}/app/cases/${found?.id}`);
  await page.locator('[data-action=inspect]').click();
  const form = page.getByTestId('step-record');
  await expect(form.getByLabel('检查日期', { exact: false })).toHaveValue(/\d{4}-\d{2}-\d{2}/);
  // What was found stands in the note; the field beside it is left to the case.
  await page.locator('textarea[name=note]').fill('采样管脱落，已恢复');
  await expectAccessible(page, 'step-record');
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 900 });
    if (process.env.QINGSHAN_PICTURES) await form.screenshot({ path: `${process.env.QINGSHAN_PICTURES}/step-record-${width}.png` });
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  await form.getByRole('button', { name: '登记检查' }).click();
  const link = page.locator('.line').getByRole('link', { name: `${found?.number}-检1` });
  await expect(link).toBeVisible();
  await link.click();
  await page.waitForURL(/\/records\/\d+$/);
  await expect(page.getByText('采样管脱落，已恢复')).toBeVisible();
  const record = (await (await page.request.get(`${running.base}/api/records/${page.url().split('/').at(-1)}`)).json()) as { links: Record<string, { id: string }[]> };
  await page.goto(`${running.base}/app/enterprises/${record.links.enterprise[0].id}`);
  await expect(page.locator('[data-part=inspection]')).toContainText('采样管脱落，已恢复');
});
