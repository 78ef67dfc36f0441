// A case given to a colleague; and what a page says while its server is away.
import { expect, test } from '@playwright/test';
import { expectAccessible } from './axe';
import { ADMIN, CHECKER, OFFICER, people, signIn, startServer, type Running } from './server';

test.describe.configure({ mode: 'serial' });
let running: Running;
test.beforeAll(async ({ request }) => {
  test.setTimeout(150_000);
  running = await startServer();
  await people(request, running);
});
test.afterAll(() => running?.stop());

test('an officer gives a case to a colleague chosen from those who can take it', async ({ page }) => {
  test.setTimeout(200_000);
  await signIn(page, running.base, OFFICER);
  let cases: { id: string; state: { code: string } }[] = [];
  await expect.poll(async () => {
    cases = ((await (await page.request.get(`${running.base}/api/cases?state=open`)).json()) as { items: typeof cases }).items;
    return cases.length;
  }, { timeout: 120_000 }).toBeGreaterThan(0);
  await page.goto(`${running.base}/app/cases/${cases[0].id}`);
  const assign = page.locator('[data-action=assign]');
  await expect(assign).toBeDisabled();
  const choice = page.locator('select[name=assignee]');
  // The audit administrator can sign in and is not in the list.
  await expect(choice.locator('option')).toHaveCount(3);
  const names = (await choice.locator('option').allTextContents()).slice(1).map((text) => text.replace(/（.*/, ''));
  expect(names.sort()).toEqual([CHECKER.display_name, OFFICER.display_name].sort());
  await expectAccessible(page, 'case with picker');
  await choice.selectOption({ label: `${CHECKER.display_name}（值班员）` });
  await assign.click();
  await expect(page.getByTestId('case-state')).toContainText('处置中');
  await expect(page.locator('dl.facts')).toContainText(CHECKER.display_name);
});

test('without the network a page says of when its values are, and comes back by itself', async ({ page, context }) => {
  await signIn(page, running.base, OFFICER);
  await expect(page.locator('.live.open')).toBeVisible();
  await context.setOffline(true);
  const bar = page.locator('[data-link]');
  await expect(bar).toContainText(/离线：显示的是 .*\d\d:\d\d:\d\d 的数/);
  await context.setOffline(false);
  await expect(bar).toHaveCount(0, { timeout: 40_000 });
  await expect(page.locator('.live.open')).toBeVisible();
});

test('a user who is disabled is shown out at once, with the page that was open', async ({ page, request }) => {
  const guest = { name: 'guest', display_name: '临时人员', password: 'Lin-shi-ren-2026!', roles: ['leader'] };
  const headers = { 'X-Qingshan': '1' };
  await request.post(`${running.base}/api/session`, { headers, data: { name: ADMIN.name, password: ADMIN.password } });
  const made = (await (await request.post(`${running.base}/api/users`, { headers, data: guest })).json()) as { id: string };
  await signIn(page, running.base, guest);
  await page.goto(`${running.base}/app/air`);
  await expect(page.locator('.live.open')).toBeVisible();
  expect((await request.patch(`${running.base}/api/users/${made.id}`, { headers, data: { disabled: true } })).ok()).toBe(true);
  await page.waitForURL(/sign-in/, { timeout: 10_000 });
  await expect(page.getByRole('status')).toContainText('会话已到期');
});
