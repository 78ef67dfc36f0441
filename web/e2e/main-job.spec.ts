// Proof 5 of the first issue: the main job as its users do it, on the real binary with simulated stations.
import { expect, test } from '@playwright/test';
import { expectAccessible } from './axe';
import { ADMIN, CHECKER, OFFICER, type Running, signIn, startServer } from './server';

test.describe.configure({ mode: 'serial' });
let running: Running;
test.beforeAll(async () => {
  test.setTimeout(150_000);
  running = await startServer();
});
test.afterAll(() => running?.stop());

interface Point {
  id: string;
  kind: string;
  headline: unknown;
  last_data_at: string | null;
}

test('the set-up link makes the first administrator, once', async ({ page }) => {
  await page.goto(running.base + running.setupPath);
  await expect(page.locator('input[name=display_name]')).toBeVisible();
  await expectAccessible(page, 'set-up');
  await page.locator('input[name=name]').fill(ADMIN.name);
  await page.locator('input[name=display_name]').fill(ADMIN.display_name);
  await page.locator('input[name=password]').fill(ADMIN.password);
  await page.locator('input[name=again]').fill(ADMIN.password);
  await page.locator('form button').click();
  await page.waitForURL(/sign-in/);
  await expectAccessible(page, 'sign-in');
  await page.goto(running.base + running.setupPath);
  await expect(page.getByRole('alert')).toContainText('QS-1004');
});

test('a wrong password is refused with its number; the administrator makes two duty officers', async ({ page }) => {
  await page.goto(`${running.base}/app/sign-in`);
  await page.locator('input[name=name]').fill(ADMIN.name);
  await page.locator('input[name=password]').fill('not-the-password');
  await page.locator('form button').click();
  await expect(page.getByRole('alert')).toContainText('QS-1002');
  await signIn(page, running.base, ADMIN);
  await page.goto(`${running.base}/app/users`);
  for (const person of [OFFICER, CHECKER]) {
    await page.getByRole('button', { name: '新建' }).click();
    await page.locator('input[name=new_name]').fill(person.name);
    await page.locator('input[name=new_display_name]').fill(person.display_name);
    await page.locator('input[name=new_password]').fill(person.password);
    await page.getByLabel('值班员').check();
    await page.getByRole('button', { name: '保存' }).click();
    await expect(page.getByRole('cell', { name: person.display_name, exact: true })).toBeVisible();
  }
  await expectAccessible(page, 'users');
});

test('a value changes on the page by itself', async ({ page }) => {
  await signIn(page, running.base, OFFICER);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('总览');
  await expect(page.getByText('模拟').first()).toBeVisible();
  await expectAccessible(page, 'overview');
  let reporting: Point | undefined;
  await expect.poll(async () => {
    const answer = await page.request.get(`${running.base}/api/points?page_size=200`);
    reporting = ((await answer.json()) as { items: Point[] }).items.filter((point) => point.last_data_at && ['air_station', 'water_section', 'wastewater_outlet'].includes(point.kind)).sort((a, b) => (b.last_data_at ?? '').localeCompare(a.last_data_at ?? ''))[0];
    return reporting !== undefined;
  }, { timeout: 60_000 }).toBe(true);
  await page.goto(`${running.base}/app/points/${reporting?.id}`);
  const table = page.locator('[data-series]').first();
  await expect(table).toBeVisible();
  await expectAccessible(page, 'station');
  // Nothing is clicked and the polling of the page is slower than this wait: the stream brings the change.
  const before = await page.locator('[data-series] time').allTextContents();
  const fresh = page.locator('[data-series] td.fresh');
  await expect(fresh.first()).toBeAttached({ timeout: 55_000 });
  expect(await page.locator('[data-series] time').allTextContents()).not.toEqual(before);
});

test('the map shows the stations by state, and a click opens the card', async ({ page }) => {
  await signIn(page, running.base, OFFICER);
  await page.goto(`${running.base}/app/map`);
  await expect(page.locator('.map-point').first()).toBeVisible({ timeout: 40_000 });
  await expect(page.locator('.maplibregl-canvas')).toBeVisible();
  // Whatever lies together is a number: all that have a place are on the map.
  const placed = async () => {
    const groups = await page.locator('.map-group').allTextContents();
    return (await page.locator('.map-point').count()) + groups.reduce((sum, text) => sum + Number(text), 0);
  };
  await expect.poll(async () => (await placed()) === Number(await page.getByTestId('map').getAttribute('data-placed'))).toBe(true);
  expect(await placed()).toBeGreaterThan(10);
  await expectAccessible(page, 'map');
  // Of a kind, and all again; a number parts when it is clicked.
  const all = await placed();
  await page.locator('aside select').selectOption('air_station');
  await expect.poll(placed).toBeLessThan(all);
  await page.locator('aside select').selectOption('');
  await expect.poll(placed).toBe(all);
  const groups = await page.locator('.map-group').count();
  if (groups) {
    await page.locator('.map-group').first().dispatchEvent('click');
    await expect.poll(async () => (await page.locator('.map-group').count()) !== groups || (await page.getByTestId('station-spot').count()) > 0).toBe(true);
  }
  await page.locator('.map-point').first().dispatchEvent('click');
  await expect(page).toHaveURL(/point=\d+/);
  await expect(page.locator('section.info')).toContainText('详情');
});

test('a verdict leads down to its raw frame', async ({ page }) => {
  await signIn(page, running.base, OFFICER);
  await page.goto(`${running.base}/app/verdicts`);
  const why = page.getByRole('link', { name: '为什么' }).first();
  await expect(async () => {
    await page.reload();
    await expect(why).toBeVisible({ timeout: 4000 });
  }).toPass({ timeout: 90_000 });
  await why.click();
  await expect(page.getByRole('heading', { name: /4 · 输入/ })).toBeVisible();
  await expectAccessible(page, 'verdict');
  await page.getByRole('link', { name: /原始报文/ }).first().click();
  await expect(page.getByTestId('raw-frame')).toContainText(/^##\d{4}/);
  await expect(page.getByTestId('raw-frame')).toContainText('CP=&&');
});

test('one officer works an alarm case with evidence; another closes it', async ({ page, browser }) => {
  test.setTimeout(240_000);
  await signIn(page, running.base, OFFICER);
  await page.goto(`${running.base}/app/cases`);
  const first = page.locator('table a[href*="/cases/"]').first();
  await expect(async () => {
    await page.reload();
    await expect(first).toBeVisible({ timeout: 4000 });
  }).toPass({ timeout: 120_000 });
  await expectAccessible(page, 'cases');
  await first.click();
  await page.waitForURL(/\/cases\/\d+/);
  const address = page.url();
  const does = async (on: typeof page, code: string, note: string) => {
    await on.locator('textarea[name=note]').fill(note);
    await on.locator(`[data-action="${code}"]`).click();
    await expect(on.getByText(note).first()).toBeVisible();
  };
  await does(page, 'take', '我来核实');
  await page.locator('input[name=evidence]').setInputFiles({ name: '现场照片.png', mimeType: 'image/png', buffer: Buffer.from('89504e470d0a1a0a', 'hex') });
  await expect(page.getByRole('link', { name: '现场照片.png' }).first()).toBeVisible();
  await expectAccessible(page, 'case');
  await does(page, 'resolve', '已核实，设备恢复正常');
  // Nobody closes their own case.
  await expect(page.locator('[data-action="close"]')).toBeDisabled();
  const other = await (await browser.newContext({ locale: 'zh-CN', viewport: { width: 1440, height: 900 } })).newPage();
  await signIn(other, running.base, CHECKER);
  await other.goto(address);
  await does(other, 'close', '证据属实，同意关闭');
  await expect(other.getByTestId('case-state')).toContainText('✓');
  await other.context().close();
});

test('the public page reads without scripts and without signing in', async ({ browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, locale: 'zh-CN' });
  const page = await context.newPage();
  await page.goto(`${running.base}/`);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page.locator('body')).toContainText('模拟');
  await expect(page.locator('body')).toContainText(/\d\d-\d\d \d\d:\d\d/);
  expect(await page.locator('script[src]').count()).toBe(0);
  await context.close();
});

test('the public page and the English pages have no serious fault either', async ({ page }) => {
  await page.goto(`${running.base}/`);
  await expectAccessible(page, 'public');
  await page.addInitScript(() => localStorage.setItem('qingshan.locale', 'en'));
  await signIn(page, running.base, OFFICER);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Overview');
  for (const path of ['air', 'water', 'outlets', 'points', 'ledgers', 'standards', 'about']) {
    await page.goto(`${running.base}/app/${path}`);
    await expect(page.locator('h1')).toBeVisible();
    await page.waitForLoadState('networkidle', { timeout: 5000 }).catch(() => undefined);
    await expectAccessible(page, path);
  }
});
