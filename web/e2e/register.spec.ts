// Ledgers in use: a duty that falls due is a case until the record says otherwise; the list of a ledger on the map.
import { expect, test } from '@playwright/test';
import { expectAccessible } from './axe';
import { ADMIN, OFFICER, type Running, people, signIn, startServer } from './server';

test.describe.configure({ mode: 'serial' });
let running: Running;
test.beforeAll(async ({ playwright }) => {
  test.setTimeout(150_000);
  running = await startServer({ simulate: false });
  const request = await playwright.request.newContext();
  await people(request, running);
  await request.dispose();
});
test.afterAll(() => running?.stop());

const headers = { 'X-Qingshan': '1' };
const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

test('a duty becomes a case, and a revised record puts it before whoever closes', async ({ page }) => {
  await signIn(page, running.base, ADMIN);
  const fields = (reviewed: string) => ({ number: 'e2e-rs', name: '示例风险源', location_note: '未知', source: '示意', schematic: true, reviewed_on: reviewed });
  const made = await page.request.post(`${running.base}/api/ledgers/risk_source/records`, { headers, data: { reason: '试验', fields: fields(day(-400)) } });
  expect(made.ok(), await made.text()).toBe(true);
  const { id } = await made.json();
  await page.context().clearCookies();
  await signIn(page, running.base, OFFICER);
  await page.goto(`${running.base}/app/duties`);
  const line = page.locator('tr', { hasText: '示例风险源' });
  await expect(line).toContainText('逾期');
  await expect(line.getByRole('link', { name: /^期-/ })).toBeVisible({ timeout: 15_000 });
  await expect(line).toContainText('县生态环境局');
  await expectAccessible(page, 'duties');
  await line.getByRole('link', { name: /^期-/ }).click();
  await expect(page.getByTestId('case-state')).toContainText('待办');
  await expect(page.locator('dl')).toContainText('更新后的风险评估');
  await page.getByTestId('case-record').click();
  await expect(page.getByTestId('duties')).toContainText('每年更新');
  await expect(page.getByTestId('duties').getByRole('link', { name: /^期-/ })).toBeVisible();
  await expectAccessible(page, 'record-duties');
  await page.context().clearCookies();
  await signIn(page, running.base, ADMIN);
  const changed = await page.request.put(`${running.base}/api/records/${id}`, { headers, data: { reason: '已核查', revision: 1, fields: fields(day(0)) } });
  expect(changed.ok(), await changed.text()).toBe(true);
  await page.context().clearCookies();
  await signIn(page, running.base, OFFICER);
  await page.goto(`${running.base}/app/cases?workflow=duty`);
  await page.locator('tr', { hasText: '示例风险源' }).getByRole('link').first().click();
  await expect(page.getByTestId('settled')).toContainText('这一项已办', { timeout: 15_000 });
  await expect(page.getByTestId('case-state')).toContainText('待核销');
});

test('the list of a ledger on the map: clusters part, a record opens', async ({ page }) => {
  await signIn(page, running.base, ADMIN);
  const rows = [...Array(60).keys()].map((at) => `m${at},示例锅炉${at},${at % 2 ? 'gas' : 'coal'},${(108.7 + (at % 10) * 0.004).toFixed(4)},${(28.8 + Math.floor(at / 10) * 0.004).toFixed(4)},schematic,示意`);
  const file = Buffer.from(`number,name,fuel,lon,lat,accuracy,source\n${rows.join('\n')}\n`);
  const sent = await page.request.post(`${running.base}/api/ledgers/boiler/import?dry_run=false`, { data: file, headers: { ...headers, 'content-type': 'application/octet-stream' } });
  expect(sent.ok(), await sent.text()).toBe(true);
  expect((await sent.json()).written).toBe(true);
  await page.goto(`${running.base}/app/ledgers/boiler`);
  await page.locator('[data-view=map]').click();
  const map = page.getByTestId('ledger-map');
  await expect(map).toHaveAttribute('data-ready', '1', { timeout: 40_000 });
  await expect(page.getByTestId('map-counts')).toContainText('符合 60 条，有位置 60 条');
  const far = Number(await map.getAttribute('data-marks'));
  expect(far).toBeLessThan(10);
  await expectAccessible(page, 'ledger-map');
  await page.locator('select').first().selectOption('coal');
  await expect(page.getByTestId('map-counts')).toContainText('符合 30 条');
  // A mark of many parts when it is clicked.
  await expect(map).toHaveAttribute('data-many', /\d/);
  const [x, y] = ((await map.getAttribute('data-many')) ?? '').split(',').map(Number);
  await map.click({ position: { x: x ?? 0, y: y ?? 0 } });
  await expect.poll(async () => Number(await map.getAttribute('data-marks')), { timeout: 15_000 }).toBeGreaterThan(far);
});

test('areas of a ledger are drawn on its map, and name their record', async ({ page }) => {
  await signIn(page, running.base, ADMIN);
  const ring = [[108.55, 28.65], [108.95, 28.65], [108.95, 29.05], [108.55, 29.05], [108.55, 28.65]];
  const fields = { number: 'e2e-area', name: '示例斑块', geometry: JSON.stringify({ type: 'Polygon', coordinates: [ring] }), source: '示意', schematic: true };
  const made = await page.request.post(`${running.base}/api/ledgers/red_line_patch/records`, { headers, data: { reason: '试验', fields } });
  expect(made.ok(), await made.text()).toBe(true);
  await page.goto(`${running.base}/app/ledgers/red_line_patch`);
  await page.locator('[data-view=map]').click();
  const map = page.getByTestId('ledger-map');
  await expect(map).toHaveAttribute('data-ready', '1', { timeout: 40_000 });
  await expect(map).toHaveAttribute('data-shapes', '1');
  // Beside the mark in the middle: the area itself.
  const { width, height } = (await map.boundingBox()) ?? { width: 0, height: 0 };
  await expect(async () => {
    await map.click({ position: { x: width / 2 - 30, y: height / 2 + 25 } });
    await expect(page.getByTestId('chosen-mark')).toContainText('示例斑块', { timeout: 1000 });
  }).toPass({ timeout: 15_000 });
});

test('tables of two records merge row by row', async ({ page }) => {
  await signIn(page, running.base, ADMIN);
  const make = async (number: string, materials: unknown[]) => {
    const fields = { number, name: `示例储罐${number}`, materials, location_note: '未知', source: '示意', schematic: true };
    const made = await page.request.post(`${running.base}/api/ledgers/risk_source/records`, { headers, data: { reason: '试验', fields } });
    expect(made.ok(), await made.text()).toBe(true);
    return (await made.json()).id as string;
  };
  const kept = await make('e2e-m1', [{ name: '氨', stored: '1' }, { name: '氯', stored: '2' }]);
  await make('e2e-m2', [{ name: '氨', stored: '3' }, { name: '苯', stored: '4' }]);
  await page.goto(`${running.base}/app/records/${kept}`);
  await page.getByRole('button', { name: /合并/ }).click();
  const merge = page.getByTestId('merge');
  await merge.locator('input[name=duplicate]').fill('e2e-m2');
  await merge.getByRole('button', { name: '搜索' }).click();
  await merge.getByRole('button', { name: /e2e-m2/ }).click();
  const table = merge.locator('[data-merge-table=materials]');
  await expect(table.locator('tbody tr')).toHaveCount(3);
  await expect(table.locator('td.differs')).toHaveCount(1);
  await expect(table).toContainText('只在重复的那条');
  await table.locator('select').first().selectOption('duplicate');
  await table.locator('select').last().selectOption('duplicate');
  await expectAccessible(page, 'merge-table');
  await merge.locator('input[name=merge-reason]').fill('同一处');
  await merge.getByRole('button', { name: '合并', exact: true }).click();
  await expect(merge).toHaveCount(0);
  const { fields } = await (await page.request.get(`${running.base}/api/records/${kept}`)).json();
  expect(fields.materials.map((row: { name: string; stored: unknown }) => `${row.name}${row.stored}`)).toEqual(['氨3', '氯2', '苯4']);
});

test('duties, credit and manifests stand in the file of an enterprise', async ({ page }) => {
  await signIn(page, running.base, ADMIN);
  const make = async (ledger: string, fields: Record<string, unknown>) => {
    const made = await page.request.post(`${running.base}/api/ledgers/${ledger}/records`, { headers, data: { reason: '试验', fields: { ...fields, source: '示意', schematic: true } } });
    expect(made.ok(), await made.text()).toBe(true);
    return (await made.json()).id as string;
  };
  const id = await make('enterprise', { number: 'e2e-ent', name: '示例企业', location_note: '未知' });
  await make('risk_source', { number: 'e2e-ent-rs', name: '示例企业储罐', enterprise: 'e2e-ent', location_note: '未知', reviewed_on: day(-400) });
  await make('environmental_credit', { number: '2025-e2e', name: '示例企业 2025 年度', enterprise: 'e2e-ent', year: 2025, score: '85', grade: 'good' });
  await make('waste_manifest', { number: '20265002999999', name: '废机油', enterprise: 'e2e-ent', waste_code: '900-214-08', category: 'HW08', quantity: '1.2', receiver: '示意单位', sent_on: day(-2), state: 'received' });
  await page.context().clearCookies();
  await signIn(page, running.base, OFFICER);
  await expect(page.getByTestId('duty-cases')).toContainText(/[1-9]/);
  await page.goto(`${running.base}/app/enterprises/${id}`);
  await expect(page.locator('[data-part=credit]')).toContainText('环保良好');
  await expect(page.locator('[data-part=manifest]')).toContainText('HW08');
  await expect(async () => {
    await page.reload();
    await expect(page.locator('[data-part=cases]')).toContainText('台账责任', { timeout: 3000 });
  }).toPass({ timeout: 20_000 });
  await expect(page.locator('[data-part=missing]')).toHaveCount(0);
  await expectAccessible(page, 'enterprise-file');
});
