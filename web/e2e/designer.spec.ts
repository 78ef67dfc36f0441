// The ledger designer: a new ledger, records in it, a safe change, a refused one, history, and the way back.
import { expect, type Page, test } from '@playwright/test';
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

const open = (page: Page, path: string) => page.goto(`${running.base}/app${path}`);
const change = (page: Page, path: string) => page.locator(`[data-path="${path}"]`);
async function save(page: Page, reason: string) {
  await page.locator('[name=design-reason]').fill(reason);
  await expect(page.getByTestId('design-save')).toBeEnabled();
  await page.getByTestId('design-save').click();
  await expect(page.getByTestId('design-saved')).toBeVisible();
}

test('an administrator makes a ledger, and records are written in it', async ({ page }) => {
  await signIn(page, running.base, ADMIN);
  await open(page, '/ledgers');
  await page.getByRole('link', { name: '台账设计' }).click();
  await expectAccessible(page, 'designs');
  await page.getByRole('link', { name: '新台账' }).click();
  await page.locator('[name=id]').fill('straw_yard');
  await page.locator('[name="name.zh"]').fill('秸秆堆场');
  await page.locator('[name="name.en"]').fill('Straw yards');
  await page.getByTestId('add-field').click();
  await page.locator('[name=field-id]').fill('area');
  await page.locator('[name=field-type]').selectOption('decimal');
  await page.locator('[name=field-unit]').fill('m²');
  await page.locator('[name="label.zh"]').fill('面积');
  await page.locator('[name="label.en"]').fill('Area');
  await page.getByTestId('add-field').click();
  await page.locator('[name=field-id]').fill('kind');
  await page.locator('[name=field-type]').selectOption('code');
  await page.locator('[name=field-codes]').selectOption('noise_class');
  await page.locator('[name="label.zh"]').fill('所在声功能区');
  await page.locator('[name="label.en"]').fill('Noise zone');
  await page.locator('[name=field-filter]').check();
  // The group is missing: said at once, and nothing can be saved.
  await expect(page.getByTestId('design-problems')).toContainText('group');
  await page.locator('[name=group]').selectOption('rural');
  await expect(page.getByTestId('design-problems')).toHaveCount(0);
  await expect(page.getByTestId('design-preview')).toContainText('面积（m²）');
  await expect(change(page, 'ledger')).toContainText('新台账');
  await expectAccessible(page, 'design-new');
  await save(page, '县里要管秸秆堆场');
  await expect(page).toHaveURL(/designs\/ledger\/straw_yard/);
  await open(page, '/ledgers/straw_yard/new');
  const field = (label: string) => page.locator('label.field', { hasText: label }).locator('input').first();
  await field('编号').fill('y1');
  await field('名称').fill('示意堆场');
  await field('面积').fill('320.5');
  await page.locator('[name=source]').fill('示意');
  await page.locator('label.field', { hasText: '修改的原因' }).locator('input').fill('登记');
  await page.getByRole('button', { name: '保存' }).click();
  await expect(page.locator('h1')).toContainText('示意堆场');
  await expect(page.locator('dl').first()).toContainText('320.5 m²');
});

test('what records say decides what may change', async ({ page }) => {
  await signIn(page, running.base, ADMIN);
  await open(page, '/designs/ledger/straw_yard');
  await page.getByRole('button', { name: /面积/ }).first().click();
  await page.locator('[name=field-unit]').fill('亩');
  await expect(change(page, 'field.area.unit')).toHaveAttribute('data-effect', 'refused');
  await expect(change(page, 'field.area.unit')).toContainText('y1');
  await page.locator('[name=design-reason]').fill('改');
  await expect(page.getByTestId('design-save')).toBeDisabled();
  await page.locator('[name=field-unit]').fill('m²');
  // Required is to be accepted: the record has no noise zone.
  await page.getByRole('button', { name: /所在声功能区/ }).first().click();
  await page.locator('[name=field-required]').check();
  await expect(change(page, 'field.kind.required')).toHaveAttribute('data-effect', 'accept');
  await expect(page.getByTestId('design-save')).toBeDisabled();
  await change(page, 'field.kind.required').getByRole('checkbox').check();
  await expectAccessible(page, 'design-accept');
  await save(page, '以后必填');
  // The history says what it was, and the record keeps what it says.
  const history = page.locator('.history li');
  await expect(history).toHaveCount(2);
  await history.first().locator('summary').click();
  await expect(history.first()).toContainText('+ required = true');
  await open(page, '/ledgers/straw_yard');
  await expect(page.locator('table')).toContainText('320.5 m²');
  // A record as it was, under the definition of then.
  await page.getByRole('link', { name: '示意堆场' }).click();
  await page.getByRole('link', { name: '看那时的样子' }).click();
  await expect(page.getByTestId('as-of')).toContainText('时的样子');
  await expect(page.locator('dl').first()).toContainText('320.5 m²');
  await expect(page.getByRole('link', { name: '编辑' })).toHaveCount(0);
  await expectAccessible(page, 'record-as-of');
});

test('a link is found by name, a table is filled row by row', async ({ page }) => {
  await signIn(page, running.base, ADMIN);
  await open(page, '/ledgers/risk_source/new');
  const field = (label: string) => page.locator('label.field', { hasText: label });
  await field('企业').locator('input').first().fill('九鑫');
  await expect(field('企业').locator('datalist option')).not.toHaveCount(0);
  const table = page.locator('div.field', { hasText: '物质' }).first();
  await table.getByRole('button', { name: '加一行' }).click();
  await expect(table.locator('tbody tr')).toHaveCount(1);
  await expectAccessible(page, 'record-new-table');
});

test('the text may be written by hand; a mistake is shown with its line', async ({ page }) => {
  await signIn(page, running.base, ADMIN);
  await open(page, '/designs/ledger/straw_yard');
  await page.getByTestId('as-text').click();
  const text = page.locator('[name=toml]');
  await expect(text).toHaveValue(/id = "straw_yard"/);
  const before = await text.inputValue();
  await text.fill(before.replace(/version = \d+/, 'version = 9').replace('"decimal"', '"money"'));
  await expect(page.getByTestId('design-problems')).toContainText('money');
  await expect(page.getByTestId('design-problems')).toContainText(/straw_yard\.toml:\d+:/);
  await text.fill(`${before.replace(/version = \d+/, 'version = 9')}\n[[colour]]\nwhen = "area > 300"\ncolour = "#c0392b"\nname = { zh = "大堆场", en = "large" }\n`);
  await expect(change(page, 'colour')).toHaveAttribute('data-effect', 'fine');
  await save(page, '大的标红');
  await open(page, '/ledgers/straw_yard');
  await expect(page.locator('tbody tr', { hasText: '示意堆场' })).toContainText('大堆场');
});

test('records become points by the form; a code of the ledger is retired and offered no more', async ({ page }) => {
  await signIn(page, running.base, ADMIN);
  await open(page, '/designs/ledger');
  await page.locator('[name=id]').fill('straw_noise');
  await page.locator('[name="name.zh"]').first().fill('堆场噪声点');
  await page.locator('[name="name.en"]').first().fill('Noise at straw yards');
  await page.locator('[name=group]').selectOption('noise');
  await page.locator('[name=geometry]').selectOption('point');
  await page.getByTestId('add-field').click();
  await page.locator('[name=field-id]').fill('class');
  await page.locator('[name=field-type]').selectOption('code');
  await page.locator('[name=field-codes]').selectOption('noise_class');
  await page.locator('[name="label.zh"]').fill('功能区');
  await page.locator('[name="label.en"]').fill('Zone');
  await page.locator('summary', { hasText: '监测点位' }).click();
  await page.locator('[name=observed]').check();
  await page.locator('[name=observed-kind]').selectOption('noise_point');
  await page.locator('[name=observed-function_class]').selectOption('class');
  await expectAccessible(page, 'design-observed');
  if (process.env.SHOT) await page.screenshot({ path: `${process.env.SHOT}-observed.png`, fullPage: true });
  await save(page, '堆场也要监测噪声');
  await page.getByTestId('as-text').click();
  await expect(page.locator('[name=toml]')).toHaveValue(/observed = \{ kind = "noise_point", function_class = "class" \}/);
  // Where there are records, they do not become points: said in words that a reader knows.
  await open(page, '/designs/ledger/straw_yard');
  await page.locator('summary', { hasText: '监测点位' }).click();
  await page.locator('[name=observed]').check();
  await expect(change(page, 'observed')).toHaveAttribute('data-effect', 'refused');
  await expect(change(page, 'observed')).not.toContainText('Some(');
  await page.getByRole('button', { name: '放弃改动' }).click();
  // A code list of its own: one code is retired by the form.
  await open(page, '/designs/codes');
  await page.locator('[name=id]').fill('straw_kind');
  await page.locator('[name="name.zh"]').first().fill('秸秆种类');
  await page.locator('[name="name.en"]').first().fill('Kinds of straw');
  await page.locator('[name=source]').fill('示意');
  for (const [code, zh, en] of [['rice', '稻草', 'rice'], ['maize', '玉米秆', 'maize']]) {
    if (code === 'maize') await page.getByRole('button', { name: '加一个代码' }).click();
    const row = page.locator('tbody tr').last();
    await row.locator('input').nth(0).fill(code!);
    await row.locator('input').nth(1).fill(zh!);
    await row.locator('input').nth(2).fill(en!);
  }
  await save(page, '新代码表');
  await page.locator('tbody tr').nth(1).locator('input[type=checkbox]').check();
  await expect(page.locator('[data-effect]').first()).toBeVisible();
  if (process.env.SHOT) await page.screenshot({ path: `${process.env.SHOT}-retired.png`, fullPage: true });
  await save(page, '玉米秆不再统计');
  await open(page, '/designs/ledger/straw_yard');
  await page.getByTestId('add-field').click();
  await page.locator('[name=field-id]').fill('straw');
  await page.locator('[name=field-type]').selectOption('code');
  await page.locator('[name=field-codes]').selectOption('straw_kind');
  await page.locator('[name="label.zh"]').fill('秸秆');
  await page.locator('[name="label.en"]').fill('Straw');
  await save(page, '记种类');
  await open(page, '/ledgers/straw_yard/new');
  const offered = page.locator('label.field', { hasText: '秸秆' }).locator('select option');
  await expect(offered.filter({ hasText: '稻草' })).toHaveCount(1);
  await expect(offered.filter({ hasText: '玉米秆' })).toHaveCount(0);
});

test('a built-in ledger takes a field, keeps its own, and goes back', async ({ page }) => {
  await signIn(page, running.base, ADMIN);
  await open(page, '/ledgers/river');
  await page.getByRole('link', { name: '台账设计' }).click();
  await expect(page.locator('h1')).toBeVisible();
  // What the release has cannot be taken away.
  await page.getByRole('button', { name: /^去掉第/ }).last().click();
  await expect(page.locator('[data-effect=refused]')).toContainText('内置');
  await page.getByRole('button', { name: '放弃改动' }).click();
  await page.getByTestId('add-field').click();
  await page.locator('[name=field-id]').fill('fish_ladder');
  await page.locator('[name=field-type]').selectOption('bool');
  await page.locator('[name="label.zh"]').fill('有鱼道');
  await page.locator('[name="label.en"]').fill('Fish ladder');
  await save(page, '县里要查鱼道');
  await expect(page.locator('.head')).toContainText('来自 台账设计');
  await page.getByRole('button', { name: '撤回，恢复原定义' }).click();
  await page.locator('form.notice input').fill('不查了');
  await page.locator('form.notice button').click();
  await expect(page.locator('.head')).toContainText('来自 程序内置');
  await expect(page.locator('.history li')).toHaveCount(3);
});

test('nobody but the system administrator designs', async ({ page }) => {
  await signIn(page, running.base, OFFICER);
  await open(page, '/ledgers');
  await expect(page.getByRole('link', { name: '台账设计' })).toHaveCount(0);
  await open(page, '/designs');
  await expect(page.getByText('设计台账')).toBeVisible();
  const refused = await page.request.get(`${running.base}/api/designs`);
  expect(refused.status()).toBe(403);
});
