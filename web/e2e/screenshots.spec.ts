// Every page at two widths in two languages, full, empty and broken. The pictures are for people to look at; what a
// program can see fails by itself: a page wider than the screen, an axe fault, a key instead of a name, Chinese in the
// headings and buttons of the English page, an error of a script.
import { mkdirSync, rmSync } from 'node:fs';
import { expect, test, type Browser, type BrowserContext, type Page } from '@playwright/test';
import { accessFaults } from './axe';
import { ADMIN, AUDITOR, OFFICER, emptyCounty, people, signIn, startServer, type Running } from './server';

const FOLDER = 'test-results/screens';
const SIZES = { 1440: 900, 390: 844 } as const;
type Width = keyof typeof SIZES;
type Locale = 'zh' | 'en';
const VARIANTS = (['zh', 'en'] as const).flatMap((locale) => ([1440, 390] as const).map((width) => ({ locale, width })));
let running: Running;
test.describe.configure({ mode: 'default' });
test.beforeAll(async ({ request }) => {
  test.setTimeout(180_000);
  mkdirSync(FOLDER, { recursive: true });
  running = await startServer();
  await people(request, running);
  // The first hours are judged and the scripted exceedance has become a case before pictures are taken.
  await expect(async () => {
    await request.post(`${running.base}/api/session`, { headers: { 'X-Qingshan': '1' }, data: { name: OFFICER.name, password: OFFICER.password } });
    const overview = (await (await request.get(`${running.base}/api/overview`)).json()) as { cases: { open: number }; air: { hour: unknown }[]; water: { class: string | null }[] };
    expect(overview.cases.open).toBeGreaterThan(0);
    expect(overview.air.every((one) => one.hour)).toBe(true);
    expect(overview.water.filter((one) => one.class).length, 'sections with a class').toBeGreaterThan(5);
  }).toPass({ timeout: 120_000 });
});
test.afterAll(() => running?.stop());

/** What the eye should not have to look for. */
async function visibleFaults(page: Page, locale: Locale): Promise<string[]> {
  return page.evaluate((language) => {
    const found: string[] = [];
    const wider = document.documentElement.scrollWidth - window.innerWidth;
    if (wider > 0) {
      const guilty = [...document.querySelectorAll('body *')].filter((element) => element.getBoundingClientRect().right > window.innerWidth + 1 && !element.closest('.scroll')).slice(0, 3);
      found.push(`${wider} px wider than the screen: ${guilty.map((element) => `${element.tagName.toLowerCase()}.${element.className}`).join(', ')}`);
    }
    const seen = new Set<string>();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      const text = walker.currentNode.textContent?.trim() ?? '';
      if (!element || !text || seen.has(text) || element.closest('script, style, [aria-hidden=true]')) continue;
      seen.add(text);
      // Keys of ledgers and of messages are for machines; `.mono` marks what is shown as it is on purpose.
      if (!element.closest('.mono, pre, code, [data-testid=raw-frame]') && (/\b(ent|dept|src|body)-[a-z]/.test(text) || /^[a-z]+(_[a-z0-9]+)+$/.test(text) || /^[a-z]+\.[a-z]+[A-Za-z.]*$/.test(text) || /undefined|NaN|\[object/.test(text))) found.push(`a key, not a name: ${text.slice(0, 60)}`);
      if (language === 'en' && /[\u4e00-\u9fff]/.test(text) && element.closest('h1, h2, h3, th, button, label > span, legend, nav, .tag, .btn, dt') && !element.closest('[lang^=zh]:not(html), .who, .account')) found.push(`Chinese on the English page: ${text.slice(0, 60)} in ${element.tagName.toLowerCase()}`);
    }
    return found;
  }, locale);
}

class Camera {
  readonly faults: string[] = [];
  constructor(readonly page: Page, readonly locale: Locale, readonly width: Width, readonly base: string) {
    page.on('pageerror', (error) => this.faults.push(`${page.url()}: ${error.message}`));
  }
  async go(path: string): Promise<void> {
    await this.page.goto(`${this.base}${path}`);
    // The live stream keeps the network busy for ever: what counts is that nothing is loading any more.
    await expect(this.page.locator('h1').first()).toBeAttached({ timeout: 15_000 });
    await this.page.waitForTimeout(250);
    await expect(this.page.locator('.skeleton')).toHaveCount(0, { timeout: 15_000 }).catch(() => this.faults.push(`${path}: still loading`));
    await this.page.waitForTimeout(350);
  }
  async shot(name: string, path?: string, options: { pause?: number; axe?: boolean; window?: boolean } = {}): Promise<void> {
    if (path !== undefined) await this.go(path);
    if (options.pause) await this.page.waitForTimeout(options.pause);
    for (const fault of await visibleFaults(this.page, this.locale)) this.faults.push(`${name}: ${fault}`);
    if (options.axe !== false) this.faults.push(...(await accessFaults(this.page, name)));
    const fullPage = !options.window && name !== 'map';
    await this.page.screenshot({ path: `${FOLDER}/${name}-${this.locale}-${this.width}.png`, fullPage });
  }
}
async function camera(browser: Browser, locale: Locale, width: Width, base = running.base): Promise<{ camera: Camera; context: BrowserContext }> {
  const context = await browser.newContext({ viewport: { width, height: SIZES[width] }, locale: locale === 'zh' ? 'zh-CN' : 'en-GB', timezoneId: 'Asia/Shanghai' });
  await context.addInitScript((chosen) => localStorage.setItem('qingshan.locale', chosen), locale);
  return { context, camera: new Camera(await context.newPage(), locale, width, base) };
}
interface Item {
  id: string;
  kind?: string;
  last_data_at?: string | null;
  headline?: { level: unknown } | null;
}

for (const { locale, width } of VARIANTS) {
  test(`pages in ${locale} at ${width}`, async ({ browser }) => {
    test.setTimeout(400_000);
    const { camera: take, context } = await camera(browser, locale, width);
    const { page } = take;
    await take.shot('sign-in', '/app/sign-in');
    await take.shot('setup-used', '/app/setup?token=used');
    for (const [name, path] of [['public', '/'], ['public-air', '/public/air'], ['public-water', '/public/water'], ['public-method', '/public/method']] as const) await take.shot(name, `${path}${locale === 'en' ? '?lang=en' : ''}`);
    await signIn(page, running.base, ADMIN);
    for (const name of ['users', 'import', 'quarantine']) await take.shot(name, `/app/${name}`);
    await context.clearCookies();
    await signIn(page, running.base, AUDITOR);
    await take.shot('audit', '/app/audit');
    await context.clearCookies();
    await signIn(page, running.base, OFFICER);
    const list = async (path: string): Promise<Item[]> => {
      const answer = (await (await page.request.get(`${running.base}${path}`)).json()) as { items?: Item[] } | Item[];
      return Array.isArray(answer) ? answer : (answer.items ?? []);
    };
    for (const name of ['', 'points', 'air', 'water', 'outlets', 'verdicts', 'quality', 'cases', 'ledgers', 'standards', 'about', 'account', 'nowhere']) await take.shot(name || 'overview', `/app/${name}`);
    await take.shot('map', '/app/map', { pause: 2500 });
    await page.locator('.map-point[data-state=normal]').first().dispatchEvent('click');
    await take.shot('map-card', undefined, { pause: 700, window: true });
    const points = (await list('/api/points?page_size=200')).filter((one) => one.last_data_at);
    for (const kind of ['air_station', 'water_section', 'wastewater_outlet', 'waste_gas_outlet', 'noise_point', 'drinking_water_source', 'ecological_flow']) {
      const point = points.find((one) => one.kind === kind);
      expect(point, `a simulated ${kind}`).toBeDefined();
      if (width === 1440 || kind === 'water_section') await take.shot(`point-${kind}`, `/app/points/${point?.id}`, { pause: 700 });
    }
    const station = points.find((one) => one.kind === 'air_station')?.id;
    for (const tab of ['verdicts', 'frames', 'commands', 'anomalies', 'facts']) await take.shot(`point-${tab}`, `/app/points/${station}?tab=${tab}`);
    const verdict = (await list('/api/verdicts?level=hour&exceeding=true'))[0] ?? (await list('/api/verdicts?level=hour'))[0];
    await take.shot('verdict', `/app/verdicts/${verdict.id}`);
    const frames = (await (await page.request.get(`${running.base}/api/points/${station}/frames?limit=1`)).json()) as { sequence: string }[] | { items: { sequence: string }[] };
    await take.shot('frame', `/app/frames/${(Array.isArray(frames) ? frames : frames.items)[0].sequence}`);
    await take.shot('case', `/app/cases/${(await list('/api/cases'))[0].id}`);
    for (const ledger of ['monitoring_section', 'wastewater_outlet', 'enterprise']) {
      await take.shot(`ledger-${ledger}`, `/app/ledgers/${ledger}`);
      const record = (await list(`/api/ledgers/${ledger}/records`))[0];
      if (ledger !== 'enterprise') await take.shot(`record-${ledger}`, `/app/records/${record.id}`);
    }
    await take.shot('standard', '/app/standards/read?code=GB%203838-2002');
    if (width === 390) {
      await take.go('/app/');
      await page.locator('nav.bottom button').click();
      await take.shot('menu', undefined, { window: true, pause: 300 });
    }
    await context.clearCookies();
    await signIn(page, running.base, ADMIN);
    await take.shot('record-new', '/app/ledgers/monitoring_section/new');
    await take.shot('permit-new', '/app/ledgers/discharge_permit/new');
    for (const [name, path] of [['designs', '/app/designs'], ['design-ledger', '/app/designs/ledger/discharge_permit'], ['design-codes', '/app/designs/codes/noise_class'], ['design-new', '/app/designs/ledger']]) await take.shot(name as string, path as string);
    await context.close();
    expect(take.faults).toEqual([]);
  });

  test(`broken states in ${locale} at ${width}`, async ({ browser }) => {
    test.setTimeout(240_000);
    const { camera: take, context } = await camera(browser, locale, width);
    const { page } = take;
    await signIn(page, running.base, AUDITOR);
    await take.shot('no-permission', '/app/points');
    await context.clearCookies();
    await signIn(page, running.base, OFFICER);
    const refuse = { status: 500, contentType: 'application/problem+json', body: JSON.stringify({ code: 'QS-9999', status: 500, title: 'internal error', title_zh: '内部错误', detail: '演示 (example)' }) };
    for (const [name, path, api] of [['overview', '/app/', '**/api/overview'], ['points', '/app/points', '**/api/points?*'], ['air', '/app/air', '**/api/air/*'], ['map', '/app/map', '**/api/points/marks?*']] as const) {
      await page.route(api, (route) => route.fulfill(refuse));
      await take.shot(`error-${name}`, path, { window: true });
      await page.unroute(api);
    }
    await page.route('**/api/water/today', (route) => route.abort());
    await take.shot('unreachable-water', '/app/water', { window: true });
    await page.unroute('**/api/water/today');
    // A page that has data and cannot get newer ones.
    await take.go('/app/points');
    await page.route('**/api/points?*', (route) => route.fulfill(refuse));
    await page.evaluate(() => window.dispatchEvent(new Event('offline')));
    await expect(page.locator('[data-link]')).toBeVisible();
    await page.locator('[data-link] button').click();
    await expect(page.locator('.notice', { hasText: 'QS-9999' })).toBeVisible();
    await take.shot('stale-points', undefined, { window: true });
    await page.unroute('**/api/points?*');
    // Values that nobody has renewed for a day and a half.
    await page.route('**/api/overview', async (route) => {
      const answer = await route.fetch();
      const aged = (await answer.text()).replace(/"time":"([^"]+)"/g, (_, time: string) => `"time":"${new Date(Date.parse(time) - 36 * 3_600_000).toISOString()}"`);
      await route.fulfill({ response: answer, body: aged });
    });
    await take.shot('old-values-overview', '/app/');
    await expect(page.locator('.stale').first()).toBeVisible();
    await page.unroute('**/api/overview');
    await take.go('/app/');
    await context.setOffline(true);
    await expect(page.locator('[data-link=offline]')).toBeVisible();
    await take.shot('offline-overview', undefined, { window: true });
    await context.setOffline(false);
    await expect(page.locator('[data-link]')).toHaveCount(0);
    await page.route('**/api/water/*', () => undefined);
    await page.goto(`${running.base}/app/water`);
    await page.waitForTimeout(600);
    await take.shot('loading-water', undefined, { window: true });
    await context.close();
    expect(take.faults).toEqual([]);
  });
}

test('a county that has nothing yet', async ({ browser, request }) => {
  test.setTimeout(300_000);
  const county = emptyCounty();
  const empty = await startServer({ county, simulate: false });
  try {
    await people(request, empty);
    for (const { locale, width } of VARIANTS) {
      const { camera: take, context } = await camera(browser, locale, width, empty.base);
      await take.shot('empty-public', locale === 'en' ? '/?lang=en' : '/');
      await signIn(take.page, empty.base, OFFICER);
      for (const name of ['', 'points', 'air', 'water', 'outlets', 'verdicts', 'quality', 'cases', 'ledgers', 'map']) await take.shot(`empty-${name || 'overview'}`, `/app/${name}`, { pause: name === 'map' ? 1500 : 0, window: name === 'map' });
      await context.close();
      expect.soft(take.faults).toEqual([]);
    }
  } finally {
    await empty.stop();
    rmSync(county, { recursive: true, force: true });
  }
});
