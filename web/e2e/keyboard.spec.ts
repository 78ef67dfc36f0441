// The main job without a mouse: sign in, open a station, open a verdict, take an alarm case. At every step the focus can
// be seen: it has an outline, lies on the screen and is not covered by what sticks to the edges.
import { expect, test, type Page } from '@playwright/test';
import { OFFICER, people, startServer, type Running } from './server';

let running: Running;
test.beforeAll(async ({ request }) => {
  test.setTimeout(150_000);
  running = await startServer();
  await people(request, running);
});
test.afterAll(() => running?.stop());

interface Focus {
  matches: boolean;
  what: string;
  /** Empty when the focus can be seen. */
  fault: string;
}
/** Where the focus is, and what is wrong with how it shows. */
function focus(page: Page, wanted: string): Promise<Focus> {
  return page.evaluate((selector) => {
    const element = document.activeElement as HTMLElement | null;
    if (!element || element === document.body) return { matches: false, what: 'nothing', fault: '' };
    const what = `${element.tagName.toLowerCase()} “${(element.textContent || element.getAttribute('name') || '').trim().slice(0, 30)}”`;
    // A file input is covered by its label, which shows the focus for it.
    const shown = element.matches('input.sr') ? (element.closest('label') ?? element) : element;
    const style = getComputedStyle(shown);
    const box = shown.getBoundingClientRect();
    let fault = '';
    if (element.id !== 'main' && (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 1)) fault = 'no outline';
    else if (box.bottom <= 0 || box.top >= window.innerHeight || box.right <= 0 || box.left >= window.innerWidth || box.width < 2) fault = `not on the screen (${Math.round(box.left)}, ${Math.round(box.top)})`;
    else if (element.id !== 'main') {
      const x = Math.min(Math.max(box.left + Math.min(box.width / 2, 20), 1), window.innerWidth - 2);
      const top = document.elementFromPoint(x, Math.min(Math.max(box.top + box.height / 2, 1), window.innerHeight - 2));
      if (top && !shown.contains(top) && !top.contains(shown)) fault = `covered by ${top.tagName.toLowerCase()}.${top.className}`;
    }
    return { matches: element.matches(selector), what, fault };
  }, wanted);
}

/** Presses Tab until what is wanted has the focus. */
async function walkTo(page: Page, wanted: string, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  const seen: string[] = [];
  for (let step = 0; step < 150; step += 1) {
    await page.keyboard.press(key);
    const now = await focus(page, wanted);
    expect.soft(now.fault, now.what).toBe('');
    if (now.matches) return;
    seen.push(now.what);
  }
  throw new Error(`${key} never came to ${wanted}: ${seen.slice(0, 40).join(', ')}`);
}

test('an officer does the main job with the keyboard alone', async ({ page }) => {
  test.setTimeout(300_000);
  // Once, so that there is something to open; the keyboard does the rest.
  await page.request.post(`${running.base}/api/session`, { headers: { 'X-Qingshan': '1' }, data: { name: OFFICER.name, password: OFFICER.password } });
  await expect.poll(async () => ((await (await page.request.get(`${running.base}/api/cases?state=open`)).json()) as { items: unknown[] }).items.length, { timeout: 120_000 }).toBeGreaterThan(0);
  await page.context().clearCookies();

  await page.goto(`${running.base}/app/sign-in`);
  await expect(page.locator('input[name=name]')).toBeFocused();
  await page.keyboard.type(OFFICER.name);
  await walkTo(page, 'input[name=password]');
  await page.keyboard.type(OFFICER.password);
  await page.keyboard.press('Enter');
  await expect(page.locator('h1')).toContainText('总览');

  // The first thing on every page leads past the navigation.
  await page.goto(`${running.base}/app/points`);
  await expect(page.locator('main a[href*="/points/"]').first()).toBeVisible();
  await page.keyboard.press('Tab');
  expect(await focus(page, 'a.skip')).toEqual({ matches: true, what: 'a “跳到正文”', fault: '' });
  await page.keyboard.press('Enter');
  await expect(page.locator('main')).toBeFocused();
  await walkTo(page, 'main a[href*="/points/"]');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/points\/\d+/);
  await expect(page.locator('main')).toBeFocused();
  await expect(page.locator('h1')).toBeVisible();

  await walkTo(page, '#nav a[href$="/verdicts"]', 'Shift+Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('link', { name: '为什么' }).first()).toBeVisible();
  await walkTo(page, 'main a[href*="/verdicts/"]');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: /4 · 输入/ })).toBeVisible();

  await walkTo(page, '#nav a[href$="/cases"]', 'Shift+Tab');
  await page.keyboard.press('Enter');
  await expect(page.locator('table a[href*="/cases/"]').first()).toBeVisible();
  await walkTo(page, 'table a[href*="/cases/"]');
  await page.keyboard.press('Enter');
  await expect(page.locator('textarea[name=note]')).toBeVisible();
  await walkTo(page, 'textarea[name=note]');
  await page.keyboard.type('键盘接单，这就核实');
  await walkTo(page, '[data-action=take]');
  await page.keyboard.press('Enter');
  await expect(page.getByText('键盘接单，这就核实').first()).toBeVisible();
  await expect(page.getByTestId('case-state')).toContainText('处置中');
});
