// Every page at two widths in two languages, to be looked at by people; also fails when a page is wider than the screen.
import { mkdirSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { ADMIN, OFFICER, people, type Running, signIn, startServer } from './server';

const FOLDER = 'test-results/screens';
let running: Running;
test.beforeAll(async ({ request }) => {
  test.setTimeout(180_000);
  mkdirSync(FOLDER, { recursive: true });
  running = await startServer();
  await people(request, running);
});
test.afterAll(() => running?.stop());

for (const locale of ['zh', 'en']) {
  for (const width of [1440, 390]) {
    test(`screens in ${locale} at ${width}`, async ({ browser }) => {
      test.setTimeout(300_000);
      const context = await browser.newContext({ viewport: { width, height: width > 1000 ? 900 : 844 }, locale: 'zh-CN' });
      await context.addInitScript((chosen) => localStorage.setItem('qingshan.locale', chosen), locale);
      const page = await context.newPage();
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.message}`));
      const shot = async (name: string, path: string, pause = 600) => {
        await page.goto(`${running.base}${path}`);
        await page.waitForLoadState('networkidle', { timeout: 3000 }).catch(() => undefined);
        await page.waitForTimeout(pause);
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        if (wider > 0) faults.push(`${name}: ${wider} px wider than the screen`);
        await page.screenshot({ path: `${FOLDER}/${name}-${locale}-${width}.png`, fullPage: name !== 'map' && width > 1000 });
      };
      await shot('sign-in', '/app/sign-in');
      await shot('public', '/');
      await signIn(page, running.base, ADMIN);
      for (const name of ['users', 'import', 'quarantine']) await shot(name, `/app/${name}`);
      await context.clearCookies();
      await signIn(page, running.base, OFFICER);
      const first = async (path: string, pick: (item: Record<string, never>) => boolean = () => true) => {
        const answer = (await (await page.request.get(`${running.base}${path}`)).json()) as { items?: Record<string, never>[] };
        const found = (answer.items ?? (answer as unknown as Record<string, never>[])).find(pick);
        return found ? String((found as { id?: string }).id) : null;
      };
      for (const name of ['', 'points', 'air', 'water', 'outlets', 'verdicts', 'quality', 'cases', 'ledgers', 'standards', 'about', 'account']) await shot(name || 'overview', `/app/${name}`);
      await shot('map', '/app/map', 3500);
      const point = await first('/api/points?page_size=200', (item) => Boolean(item.last_data_at));
      if (point) for (const tab of ['curves', 'frames', 'commands', 'facts']) await shot(`point-${tab}`, `/app/points/${point}?tab=${tab}`);
      const verdict = (await first('/api/verdicts?level=hour&exceeding=true')) ?? (await first('/api/verdicts?level=hour'));
      if (verdict) await shot('verdict', `/app/verdicts/${verdict}`);
      const caseId = await first('/api/cases');
      if (caseId) await shot('case', `/app/cases/${caseId}`);
      const ledger = await first('/api/ledgers', (item) => Number(item.records) > 2);
      if (ledger) {
        await shot('ledger', `/app/ledgers/${ledger}`);
        const record = await first(`/api/ledgers/${ledger}/records`);
        if (record) await shot('record', `/app/records/${record}`);
      }
      await shot('standard', '/app/standards/read?code=GB%203838-2002');
      await context.close();
      expect(faults).toEqual([]);
    });
  }
}
