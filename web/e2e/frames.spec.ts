// How smoothly a ledger's map of 50,000 records moves, and how soon its marks come: prints figures for
// docs/benchmarks.md. On request, as it measures the machine as much as the map:
// `FRAMES=1 npx playwright test frames`. Records are invented (示意).
import { expect, test } from '@playwright/test';
import { ADMIN, people, signIn, startServer } from './server';

const POINTS = 50_000;
const headers = { 'X-Qingshan': '1' };
const at = (sorted: number[], share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
const figures = (times: number[]) => {
  const sorted = [...times].sort((one, other) => one - other);
  return `${sorted.length}: p50 ${at(sorted, 0.5).toFixed(1)} ms, p95 ${at(sorted, 0.95).toFixed(1)} ms, worst ${at(sorted, 1).toFixed(1)} ms`;
};

test('frames of a map of 50,000', async ({ page, playwright }) => {
  test.skip(!process.env.FRAMES, 'on request');
  test.setTimeout(400_000);
  const running = await startServer({ simulate: false });
  try {
    const request = await playwright.request.newContext();
    await people(request, running);
    await request.dispose();
    await signIn(page, running.base, ADMIN);
    const openMap = async () => {
      await page.goto(`${running.base}/app/ledgers/boiler`);
      await page.locator('[data-view=map]').click();
      const opened = page.getByTestId('ledger-map');
      await expect(opened).toHaveAttribute('data-ready', '1', { timeout: 60_000 });
      const box = await opened.boundingBox();
      if (!box) throw new Error('no map');
      return { opened, x: box.x + box.width / 2, y: box.y + box.height / 2 };
    };
    const frames = async (what: string, moves: () => Promise<void>) => {
      await page.evaluate(() => {
        const kept = window as unknown as { frames: number[]; stopped: boolean };
        [kept.frames, kept.stopped] = [[], false];
        let last = performance.now();
        const next = (now: number) => {
          kept.frames.push(now - last);
          last = now;
          if (!kept.stopped) requestAnimationFrame(next);
        };
        requestAnimationFrame(next);
      });
      await moves();
      const times = await page.evaluate(() => {
        const kept = window as unknown as { frames: number[]; stopped: boolean };
        kept.stopped = true;
        return kept.frames.slice(1);
      });
      const dropped = times.reduce((sum, time) => sum + Math.max(0, Math.round(time / (1000 / 60)) - 1), 0);
      console.log(`${what}, frames ${figures(times)}; ${dropped} of ${times.length + dropped} dropped`);
    };
    const pan = async (x: number, y: number) => {
      for (let drag = 0; drag < 6; drag += 1) {
        const side = drag % 2 ? 1 : -1;
        await page.mouse.move(x, y);
        await page.mouse.down();
        await page.mouse.move(x + side * 260, y + side * 90, { steps: 30 });
        await page.mouse.up();
        await page.waitForTimeout(250);
      }
    };
    // What the machine's drawing costs by itself: the county's outline and rivers, no record.
    const empty = await openMap();
    await frames('panning an empty map', () => pan(empty.x, empty.y));
    for (let start = 0; start < POINTS; start += 25_000) {
      // Scattered by two numbers that share no factor with the count.
      const rows = [...Array(25_000).keys()].map((row) => start + row).map((n) => `f${n},示例锅炉${n},${n % 2 ? 'gas' : 'coal'},${(108.3 + ((n * 7919) % POINTS) / POINTS * 1.1).toFixed(5)},${(28.3 + ((n * 104_729) % 49_999) / 49_999 * 1.1).toFixed(5)},schematic,示意`);
      const sent = await page.request.post(`${running.base}/api/ledgers/boiler/import?dry_run=false`, { data: Buffer.from(`number,name,fuel,lon,lat,accuracy,source\n${rows.join('\n')}\n`), headers: { ...headers, 'content-type': 'application/octet-stream' }, timeout: 120_000 });
      expect(sent.ok(), await sent.text()).toBe(true);
    }
    const answers: number[] = [];
    const ask = async (zoom: number, pan: number) => {
      const half = 360 / 2 ** zoom;
      const [lon, lat] = [108.8 + ((pan % 5) - 2) * half * 0.2, 28.84 + ((pan % 3) - 1) * half * 0.2];
      const began = performance.now();
      const answer = await page.request.get(`${running.base}/api/ledgers/boiler/marks`, { params: { bbox: [lon - 2 * half, lat - half, lon + 2 * half, lat + half].join(','), zoom: String(zoom) } });
      expect(answer.ok()).toBe(true);
      answers.push(performance.now() - began);
    };
    await ask(9, 0);
    console.log(`first marks after the import: ${(answers.pop() ?? 0).toFixed(0)} ms`);
    for (let round = 0; round < 200; round += 1) await ask([7, 9, 11, 13, 15][round % 5] ?? 9, round);
    console.log(`marks over HTTP, with the client's share, ${figures(answers)}`);
    const { opened: map, x, y } = await openMap();
    await frames('at rest', () => page.waitForTimeout(2000));
    await frames(`panning at ${await map.getAttribute('data-marks')} marks`, () => pan(x, y));
    await frames('zooming in and out', async () => {
      await page.mouse.move(x, y);
      for (const by of [-240, -240, -240, 240, 240, -240, -240]) {
        await page.mouse.wheel(0, by);
        await page.waitForTimeout(500);
      }
    });
    await frames(`panning closer at ${await map.getAttribute('data-marks')} marks`, () => pan(x, y));
    if (process.env.SHOT) await page.screenshot({ path: process.env.SHOT });
  } finally {
    await running.stop();
  }
});
