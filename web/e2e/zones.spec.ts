// "May this be built here?": an area drawn on the map, a polygon uploaded, the same question again; and the care of
// records: attachments, bulk edit with preview, merging; the enterprise file.
import { mkdirSync } from 'node:fs';
import { type Page, expect, test } from '@playwright/test';
import { expectAccessible } from './axe';
import { ADMIN, OFFICER, type Running, people, signIn, startServer } from './server';

test.describe.configure({ mode: 'serial' });
let running: Running;
test.beforeAll(async ({ playwright }) => {
  test.setTimeout(150_000);
  running = await startServer();
  const request = await playwright.request.newContext();
  await people(request, running);
  await request.dispose();
});
test.afterAll(() => running?.stop());

/** Pictures for people to look at; only where a folder is named. */
async function picture(page: Page, name: string) {
  const folder = process.env.PICTURES;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.waitForTimeout(700);
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}
async function clickMap(page: Page, right: number, down: number) {
  const box = await page.getByTestId('draw-map').first().boundingBox();
  if (!box) throw new Error('no map');
  await page.mouse.click(box.x + box.width * right, box.y + box.height * down);
  await page.waitForTimeout(350);
}
const mapReady = (page: Page) => expect(page.getByTestId('draw-map').first()).toHaveAttribute('data-ready', '1', { timeout: 40_000 });
const square = (west: number, south: number, side: number) => ({ type: 'Polygon', coordinates: [[[west, south], [west + side, south], [west + side, south + side], [west, south + side], [west, south]]] });

test('a point and an area are checked; nothing is allowed while layers are absent', async ({ page }) => {
  await signIn(page, running.base, ADMIN);
  await page.goto(`${running.base}/app/admission`);
  await mapReady(page);
  await expect(page.locator('[data-layer="red_line"]')).toContainText('缺');
  await expect(page.locator('[data-layer="wujiang_line"]')).toContainText('示意');
  await expectAccessible(page, 'admission');
  await clickMap(page, 0.5, 0.5);
  await expect(page.locator('input[name=lon]')).not.toHaveValue('');
  await page.getByRole('button', { name: '画一块地' }).click();
  for (const [right, down] of [[0.42, 0.4], [0.6, 0.42], [0.58, 0.6], [0.41, 0.58]]) await clickMap(page, right, down);
  await page.getByRole('button', { name: '完成图形' }).click();
  await expect(page.getByTestId('place')).toContainText('已画地块');
  await page.locator('input[name=industry]').fill('C2614');
  await page.locator('select[name=attribute-heavy_metal]').selectOption('no');
  await page.locator('select[name=attribute-fuel]').selectOption('coal');
  await page.locator('select[name=attribute-discharges]').selectOption('no');
  await page.locator('input[name=note]').fill('试验地块');
  await picture(page, 'admission-form');
  await page.getByRole('button', { name: '审查', exact: true }).click();
  await page.waitForURL(/\/admission\/.+/);
  await expect(page.getByTestId('verdict')).toContainText('资料不足，不能下结论');
  await expect(page.locator('[data-part="open"] [data-rule="red-line"]')).toContainText('边界未公布');
  await expect(page.locator('[data-part="hits"] [data-rule="coal-substitution"]')).toContainText('煤炭减量替代');
  await expect(page.getByTestId('today')).toContainText('结论相同');
  await expectAccessible(page, 'admission result');
  await picture(page, 'admission-result');
  const word = await page.request.get(await page.getByRole('link', { name: 'Word' }).evaluate((link: HTMLAnchorElement) => link.href));
  expect(word.headers()['content-type']).toContain('wordprocessingml');
  // The address stays: opened again it shows the same.
  const address = page.url();
  await page.goto(`${running.base}/app/admission`);
  await page.goto(address);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('准-');
});

test('an uploaded file is shown on the map before it is written, and changes the answer', async ({ page }) => {
  await signIn(page, running.base, ADMIN);
  await page.goto(`${running.base}/app/ledgers/red_line_patch/geometry`);
  await mapReady(page);
  const feature = (geometry: unknown, properties: unknown) => ({ type: 'Feature', geometry, properties });
  const file = (features: unknown[]) => ({ name: 'red.geojson', mimeType: 'application/geo+json', buffer: Buffer.from(JSON.stringify({ type: 'FeatureCollection', features })) });
  const bow = { type: 'Polygon', coordinates: [[[108.5, 28.5], [108.6, 28.6], [108.6, 28.5], [108.5, 28.6], [108.5, 28.5]]] };
  await page.locator('input[name=source]').fill('试验（示意）');
  await page.locator('input[name=schematic]').check();
  await page.locator('input[name=geometry-file]').setInputFiles(file([feature(square(108.3, 28.3, 1), { number: 'hx-1', name: '示意片区' }), feature(bow, { number: 'hx-2', name: '坏' })]));
  await expect(page.getByTestId('geometry-report')).toContainText('自相交');
  await picture(page, 'geometry-import-problem');
  await page.locator('input[name=geometry-file]').setInputFiles(file([feature(square(108.3, 28.3, 1), { number: 'hx-1', MC: '示意片区' })]));
  await page.locator('select[name=map-name]').selectOption('MC');
  await expect(page.getByRole('button', { name: /写入 1 条/ })).toBeVisible();
  await expectAccessible(page, 'geometry import');
  await picture(page, 'geometry-import');
  await page.locator('input[name=reason]').fill('试验上传');
  await page.getByRole('button', { name: /写入 1 条/ }).click();
  await expect(page.getByTestId('geometry-report')).toContainText('已写入');
  // The saved check says where today differs.
  await page.goto(`${running.base}/app/admission`);
  await page.getByRole('link', { name: /准-/ }).first().click();
  await expect(page.getByTestId('today')).toContainText('生态保护红线');
  await expect(page.getByTestId('today')).toContainText('禁止');
  await page.getByRole('button', { name: '按现行规则重做' }).click();
  await expect(page.locator('[data-part="hits"] [data-rule="red-line"]')).toContainText('占 100.00%');
  await expect(page.locator('[data-part="hits"] [data-rule="red-line"]')).toContainText('示意');
  await picture(page, 'admission-again');
});

test('a record is drawn, tagged, given a photo, changed with others and merged', async ({ page }) => {
  await signIn(page, running.base, ADMIN);
  await page.goto(`${running.base}/app/ledgers/wetland/new`);
  await mapReady(page);
  const ledger = await (await page.request.get(`${running.base}/api/ledgers/wetland`)).json() as { fields: { id: string; label: { zh: string }; type: string; required: boolean; codes: string | null }[]; code_lists: Record<string, { code: string }[]>; key: string };
  const required = ledger.fields.filter((field) => field.required);
  for (const field of required) {
    const control = page.locator('label.field', { hasText: field.label.zh }).first();
    if (field.type === 'code') await control.locator('select').selectOption(ledger.code_lists[field.codes ?? ''][0].code);
    else await control.locator('input').fill(field.id === ledger.key ? 'sd-e2e-1' : '试验湿地');
  }
  await page.locator('input[name=source]').fill('试验');
  await page.locator('input[name=tags]').fill('重点；待核实');
  await page.getByRole('button', { name: '重新画' }).click();
  for (const [right, down] of [[0.45, 0.4], [0.6, 0.45], [0.5, 0.65]]) await clickMap(page, right, down);
  await page.getByRole('button', { name: '完成图形' }).click();
  await page.locator('label.field', { hasText: '修改的原因' }).locator('input').fill('试验新建');
  await picture(page, 'record-edit');
  await page.getByRole('button', { name: '保存' }).click();
  await page.waitForURL(/\/records\/\d+$/);
  const first = page.url();
  await expect(page.getByTestId('shape')).toContainText('面积');
  await expect(page.getByRole('link', { name: '待核实' })).toBeVisible();
  await page.locator('input[name=attachment]').setInputFiles({ name: '坏.svg', mimeType: 'image/svg+xml', buffer: Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>") });
  await expect(page.getByTestId('attachments')).toContainText('script');
  const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
  await page.locator('input[name=attachment]').setInputFiles({ name: '现场.png', mimeType: 'image/png', buffer: pixel });
  await expect(page.getByTestId('attachments')).toContainText('现场.png');
  const small = page.getByTestId('attachments').locator('img');
  await expect(small).toHaveAttribute('src', /thumbnail=true$/);
  await expect.poll(() => small.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1);
  await expectAccessible(page, 'record');
  await picture(page, 'record');
  // Editing without touching the map keeps the area.
  await page.goto(`${first}/edit`);
  await mapReady(page);
  await page.locator('input[name=note]').fill('改了备注');
  await page.locator('label.field', { hasText: '修改的原因' }).locator('input').fill('试验修改');
  await page.getByRole('button', { name: '保存' }).click();
  await page.waitForURL(/\/records\/\d+$/);
  await expect(page.getByTestId('shape')).toContainText('面积');
  await page.getByText('改动 1 处').click();
  await expect(page.locator('ins', { hasText: '改了备注' })).toBeVisible();
  // A duplicate, made by the interface.
  const fields = Object.fromEntries(required.map((field) => [field.id, field.type === 'code' ? ledger.code_lists[field.codes ?? ''][0].code : field.id === ledger.key ? 'sd-e2e-2' : '试验湿地（重复）']));
  const made = await page.request.post(`${running.base}/api/ledgers/wetland/records`, { headers: { 'X-Qingshan': '1' }, data: { reason: '试验', fields: { ...fields, source: '试验' } } });
  expect(made.ok(), await made.text()).toBe(true);
  await page.goto(`${running.base}/app/ledgers/wetland?q=试验湿地`);
  await page.getByRole('button', { name: '批量修改' }).click();
  await page.getByLabel('本页全选').check();
  await page.locator('input[name=bulk-add]').fill('一批');
  await page.getByRole('button', { name: '预览' }).click();
  await expect(page.getByTestId('bulk-preview')).toContainText('将改 2 条');
  await expectAccessible(page, 'bulk edit');
  await picture(page, 'bulk');
  await page.locator('input[name=bulk-reason]').fill('试验批量');
  await page.getByRole('button', { name: '写入 2 条' }).click();
  await expect(page.locator('tbody .tag', { hasText: '一批' })).toHaveCount(2);
  await page.goto(first);
  await page.getByRole('button', { name: '合并重复' }).click();
  await page.locator('input[name=duplicate]').fill('重复');
  await page.getByTestId('merge').getByRole('button', { name: '搜索' }).click();
  await page.getByTestId('merge').getByRole('button', { name: /重复/ }).click();
  await page.locator('input[name=merge-reason]').fill('同一处');
  await picture(page, 'merge');
  await page.getByTestId('merge').getByRole('button', { name: '合并', exact: true }).click();
  await expect(page.getByTestId('merge')).toHaveCount(0);
  await page.goto(`${running.base}/app/ledgers/wetland?q=试验湿地&deleted=true`);
  await page.getByRole('link', { name: /试验湿地/ }).first().click();
  await expect(page.locator('.notice', { hasText: '已删除' })).toContainText('同一处');
});

test('rows with mistakes are fixed before they are written, revised, and the difference is shown', async ({ page }) => {
  await signIn(page, running.base, ADMIN);
  await page.goto(`${running.base}/app/ledgers/wetland/import`);
  const ledger = await (await page.request.get(`${running.base}/api/ledgers/wetland`)).json() as { fields: { id: string; type: string; required: boolean; codes: string | null }[]; code_lists: Record<string, { code: string; name: { zh: string } }[]>; key: string; title: string };
  const codes = ledger.fields.filter((field) => field.required && field.type === 'code');
  const header = [ledger.key, ledger.title, ...codes.map((field) => field.id), 'valid_from', 'source'];
  // A name where a code belongs, full-width digits in a number: what was meant is proposed.
  const row = (key: string, title: string) => [key, title, ...codes.map((field) => ledger.code_lists[field.codes ?? ''][0].name.zh), '2026-01-02', '试验'];
  const withArea = ledger.fields.find((field) => field.type === 'decimal');
  const sheet = (area: string) => [[...header, ...(withArea ? [withArea.id] : [])], [...row('sd-e2e-9', '表格湿地'), ...(withArea ? [area] : [])]].map((cells) => cells.join(',')).join('\n');
  await page.locator('input[name=sheet]').setInputFiles({ name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from(sheet('１２')) });
  await expect(page.getByTestId('import-state')).toContainText('什么都没有写');
  await expectAccessible(page, 'ledger import');
  await picture(page, 'ledger-import');
  await page.locator('input[name=fixes]').check();
  await expect(page.getByTestId('import-state')).toContainText('还没有写');
  await page.locator('input[name=reason]').fill('试验导入');
  await page.getByRole('button', { name: '写入' }).click();
  await expect(page.getByTestId('import-state')).toContainText('已写入：新建 1 条');
});

test('a list is kept as a view and with columns of one\'s own', async ({ page, browser }) => {
  await signIn(page, running.base, ADMIN);
  await page.goto(`${running.base}/app/ledgers/enterprise`);
  const views = page.getByTestId('views');
  const head = page.locator('table.data thead');
  await expect(page.getByTestId('total')).toContainText(/共 \d+ 条/);
  // Columns: chosen in the address, then remembered.
  const ledger = await (await page.request.get(`${running.base}/api/ledgers/enterprise`)).json() as { title: string; fields: { id: string; label: { zh: string }; type: string }[] };
  const shown = await head.innerText();
  const extra = ledger.fields.find((field) => field.type !== 'table' && field.id !== ledger.title && !shown.includes(field.label.zh));
  if (!extra) throw new Error('every field is a column already');
  await views.getByRole('button', { name: '选列' }).click();
  await page.locator(`input[name="column-${extra.id}"]`).check();
  await expect(head).toContainText(extra.label.zh);
  await expect(page).toHaveURL(/columns=/);
  await expectAccessible(page, 'columns of a list');
  await picture(page, 'ledger-columns');
  await views.getByRole('button', { name: '记住这些列' }).click();
  await expect(page).not.toHaveURL(/columns=/);
  await page.reload();
  await expect(head).toContainText(extra.label.zh);
  // A view: the filter under a name.
  await page.locator('input[type=search]').fill('有限公司');
  await page.locator('input[type=search]').press('Enter');
  await expect(page).toHaveURL(/q=/);
  await views.getByRole('button', { name: '保存为视图' }).click();
  await page.locator('input[name=view-name]').fill('公司');
  await views.getByRole('button', { name: '保存', exact: true }).click();
  await page.goto(`${running.base}/app/ledgers/enterprise`);
  await views.getByRole('link', { name: '公司' }).click();
  await expect(page).toHaveURL(/q=%E6%9C%89%E9%99%90/);
  await expect(views.getByRole('link', { name: '公司' })).toHaveAttribute('aria-current', 'true');
  await expectAccessible(page, 'views of a list');
  await picture(page, 'ledger-views');
  // Nobody else sees it.
  const context = await browser.newContext({ locale: 'zh-CN' });
  const other = await context.newPage();
  await signIn(other, running.base, OFFICER);
  await other.goto(`${running.base}/app/ledgers/enterprise`);
  await expect(other.getByTestId('views').getByRole('button', { name: '选列' })).toBeVisible();
  await expect(other.getByTestId('views').getByRole('link')).toHaveCount(0);
  await expect(other.locator('table.data thead')).not.toContainText(extra.label.zh);
  await context.close();
  await views.getByRole('button', { name: '删除视图“公司”' }).click();
  await expect(views.getByRole('link')).toHaveCount(0);
  await page.evaluate(() => localStorage.setItem('qingshan.locale', 'en'));
  await page.reload();
  await views.getByRole('button', { name: 'Columns' }).click();
  await views.getByRole('button', { name: 'The usual columns' }).click();
  await page.evaluate(() => localStorage.setItem('qingshan.locale', 'zh'));
  await page.reload();
  await expect(head).not.toContainText(extra.label.zh);
});

test('an enterprise has one file', async ({ page }) => {
  await signIn(page, running.base, ADMIN);
  const outlets = await (await page.request.get(`${running.base}/api/ledgers/wastewater_outlet/records?page_size=100`)).json() as { items: { links: Record<string, { id: string }[]> }[] };
  const enterprise = outlets.items.flatMap((one) => one.links.enterprise ?? [])[0];
  await page.goto(`${running.base}/app/enterprises/${enterprise.id}`);
  await expect(page.locator('[data-part="outlet"]').first()).toContainText('限值');
  await expect(page.locator('[data-part="inspection"]')).toContainText('台账里没有它的记录');
  await expect(page.locator('[data-part="credit"]')).toContainText('台账里没有它的记录');
  await expect(page.locator('[data-part="missing"]')).toHaveCount(0);
  // A penalty that is written into its ledger stands in the file.
  const file = await (await page.request.get(`${running.base}/api/enterprises/${enterprise.id}`)).json() as { record: { key: string } };
  const fields = { number: '试验罚〔2026〕1 号', name: '试验案由', enterprise: file.record.key, decided_on: '2026-11-20', kinds: ['fine'], amount: '2.5', source: '试验', simulated: true };
  const made = await page.request.post(`${running.base}/api/ledgers/penalty/records`, { headers: { 'X-Qingshan': '1' }, data: { reason: '试验', fields } });
  expect(made.ok(), await made.text()).toBe(true);
  await page.reload();
  await expect(page.locator('[data-part="penalty"]')).toContainText('试验罚〔2026〕1 号');
  await expect(page.locator('[data-part="penalty"]')).toContainText('罚款');
  await expect(page.locator('[data-part="penalty"]')).toContainText('2.5 万元');
  await expectAccessible(page, 'enterprise');
  await picture(page, 'enterprise');
  await page.setViewportSize({ width: 390, height: 844 });
  await picture(page, 'enterprise-390');
  await page.goto(`${running.base}/app/admission`);
  await mapReady(page);
  await picture(page, 'admission-390');
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.addInitScript(() => localStorage.setItem('qingshan.locale', 'en'));
  await page.goto(`${running.base}/app/admission`);
  await page.getByRole('link', { name: /准-/ }).first().click();
  await expect(page.getByTestId('verdict')).toBeVisible();
  await expectAccessible(page, 'admission in English');
  await picture(page, 'admission-en');
});
