// Invented answers (示意) in the shapes of the HTTP contract.
import { readFileSync } from 'node:fs';

const name = (zh: string, en: string) => ({ zh, en });
const iso = (back: number) => `${new Date(Date.now() + 8 * 3600_000 - back).toISOString().slice(0, 19)}+08:00`;
const MIN = 60_000;
const HOUR = 3600_000;
const STATES = { normal: name('正常', 'Normal'), exceeding: name('超标', 'Exceeding'), attention: name('关注', 'Attention'), stale: name('数据过时', 'Stale'), offline: name('离线', 'Offline'), no_data: name('无数据', 'No data'), suspended: name('停运', 'Suspended') };
type Code = keyof typeof STATES;
const state = (code: Code, reason: [string, string] | null = null) => ({ code, name: STATES[code], since: code === 'normal' ? null : iso(3 * HOUR), reason: reason && name(...reason) });

const seeds: [string, string, string, string, Code, number, number][] = [
  ['1', '城区空气站', 'Town air station', 'air_station', 'normal', 108.77, 28.84], ['2', '龙潭空气站', 'Longtan air station', 'air_station', 'attention', 108.96, 28.75], ['3', '小河断面', 'Xiaohe section', 'water_section', 'exceeding', 108.95, 28.9],
  ['4', '里耶断面', 'Liye section', 'water_section', 'normal', 109.14, 28.96], ['5', '龚滩断面', 'Gongtan section', 'water_section', 'stale', 108.36, 28.96], ['6', '污水处理厂总排口', 'Sewage works outlet', 'wastewater_outlet', 'exceeding', 108.79, 28.82],
  ['7', '水泥厂窑尾', 'Cement kiln tail', 'waste_gas_outlet', 'offline', 108.99, 28.8], ['8', '钟灵湖水源地', 'Zhongling lake source', 'drinking_water_source', 'no_data', 108.85, 28.55], ['9', '电站生态流量', 'Hydropower station flow', 'ecological_flow', 'suspended', 108.6, 28.7],
];
const points = seeds.map(([id, zh, en, kind, code, lon, lat]) => ({
  id, ledger: 'stations', key: `YY-${id}`, name: name(zh, en), kind, kind_name: name(kind, kind), township: '500242002', township_name: name('钟多街道', 'Zhongduo'), owner: null, location: { lon, lat, accuracy: 'schematic', note: '' }, location_note: '', simulated: true, schematic: true,
  state: state(code, code === 'exceeding' ? ['氨氮超标 0.4 倍', 'ammonia nitrogen 0.4 times over'] : code === 'offline' ? ['设备断开 3 小时', 'device gone for 3 hours'] : null), last_data_at: code === 'no_data' ? null : iso(code === 'stale' ? 5 * HOUR : MIN), connected: code !== 'offline', rates: { transmission: '0.9968', valid: '0.981', effective: '0.9779' },
  headline: kind === 'air_station' ? { factor: 'a34004', name: name('PM2.5', 'PM2.5'), value: '23', unit: 'µg/m³', time: iso(HOUR), level: name('优', 'Good'), colour: '#00e400' } : kind.includes('water') ? { factor: 'w21003', name: name('氨氮', 'ammonia N'), value: '0.41', unit: 'mg/L', time: iso(HOUR), level: null, colour: null } : null,
}));
const caseOf = (id: string) => ({ id, number: `AL-2026-000${id}`, workflow: 'alarm', title: name('小河断面氨氮超标', 'Xiaohe section: ammonia nitrogen over'), state: { code: 'open', name: name('待接办', 'waiting') }, severity: { code: 'major', name: name('较重', 'major') }, point: '3', point_name: points[2].name, simulated: true, owner: 'bureau', owner_name: name('县生态环境局', 'County bureau'), assignee: null, assignee_name: null, due_at: iso(id === '1' ? HOUR : -20 * HOUR), overdue: id === '1', opened_at: iso(26 * HOUR), closed_at: null, spell_from: iso(26 * HOUR), spell_until: iso(HOUR), exceedances: 3, revision: 1 });
const AQI = { time: iso(HOUR), aqi: 46, level: 1, category: name('优', 'Good'), colour: '#00e400', primary: [], edition: 'HJ 633-2012', verdict: 'v1', valid: true, notes: [] };
const air = points.slice(0, 2).map((point, at) => ({ point: point.id, name: point.name, simulated: true, hour: at ? { ...AQI, aqi: 112, level: 3, category: name('轻度污染', 'Light'), colour: '#ff7e00', primary: [name('臭氧', 'O3')] } : AQI, day: { ...AQI, date: iso(0).slice(0, 10), aqi: 58, level: 2, category: name('良', 'Moderate'), colour: '#ffff00' }, values: [['a34004', 'PM2.5', '23'], ['a34002', 'PM10', '41'], ['a05024', 'O₃', '88']].map(([factor, text, value]) => ({ factor, name: name(text, text), value, unit: 'µg/m³', iaqi: 33, valid: true, time: iso(HOUR) })) }));
const water = points.slice(2, 5).map((point, at) => ({ point: point.id, name: point.name, kind: point.kind, simulated: true, river: at < 2 ? '酉水' : '乌江', target_class: 'II', class: ['III', 'II', null][at], class_name: null, grade: null, colour: null, compliant: [false, true, null][at], main_pollutants: at ? [] : [{ factor: 'w21003', name: name('氨氮', 'ammonia N'), multiple: '0.4' }], time: iso(HOUR), edition: 'GB 3838-2002', verdict: 'v1', values: [] }));
const outlets = [{ point: '6', name: points[5].name, kind: 'wastewater_outlet', simulated: true, enterprise: '污水处理厂', standard: 'GB 18918-2002', day: null, hour: { time: iso(HOUR), exceeding: true, valid: true, verdict: 'v1', items: [{ factor: 'w01018', name: name('化学需氧量', 'COD'), value: '31', unit: 'mg/L', limit: '50', times: null, exceeding: false }, { factor: 'w21003', name: name('氨氮', 'ammonia N'), value: '7.2', unit: 'mg/L', limit: '5', times: '0.4', exceeding: true }] } }];
const days = (keys: string[], cell: (day: string, at: number) => string[]) => ({ title: name('日评价', 'days'), method: name('按当时施行的版本', 'edition in force then'), source: name('本系统', 'this system'), as_of: iso(0), simulated: true, columns: keys.map((key) => ({ key, label: name(key, key), unit: '' })), rows: Array.from({ length: 300 }, (_, at) => cell(new Date(Date.UTC(new Date().getUTCFullYear(), 0, 1 + at)).toISOString().slice(0, 10), at)) });
const verdict = { id: 'v1', point: { id: '3', name: points[2].name }, level: 'hour', label: '', start: iso(2 * HOUR), end: iso(HOUR), summary: name('Ⅲ类，劣于目标Ⅱ类；主要污染指标：氨氮（0.4 倍）', 'Class III, worse than the target II; main pollutant ammonia nitrogen (0.4 times)'), exceeding: true, running: false, simulated: true, tier: 'provisional', revision: 2, judged_at: iso(30 * MIN), standard: { code: 'GB 3838-2002', title: name('地表水环境质量标准', 'Surface water quality'), edition: '2002', clause: '表1', in_force_from: '2002-06-01' }, outcome: { index: 3, index_of_available: null, level: name('Ⅲ类', 'Class III'), colour: '#00ff00', valid: true, items: [{ factor: 'w21003', name: name('氨氮', 'ammonia N'), statistic: 'Avg', value: '0.7', unit: 'mg/L', limit: '0.5', lower: false, index: 3, times: '0.4', valid: true, exceeding: true, primary: true, count: 1 }] }, steps: [{ text: name('氨氮 0.7 mg/L 落在Ⅲ类（≤ 1.0）', 'Ammonia nitrogen 0.7 mg/L lies in class III (≤ 1.0)'), clause: 'GB 3838-2002 表1' }, { text: name('取最差项定类', 'The worst item decides'), clause: '评价办法 3.1' }], inputs: [{ factor: 'w21003', name: name('氨氮', 'ammonia N'), statistic: 'Avg', kind: 2061, data_time: iso(2 * HOUR), value: '0.7', unit: 'mg/L', mark: 'N', mark_name: name('正常', 'normal'), used: true, why: null, frame: '88', verdict: null, revision: 0 }, { factor: 'w01010', name: name('水温', 'temperature'), statistic: 'Avg', kind: 2061, data_time: iso(2 * HOUR), value: '18', unit: '℃', mark: 'N', mark_name: name('正常', 'normal'), used: false, why: name('不参与定类', 'does not decide the class'), frame: '88', verdict: null, revision: 0 }], notes: [], revisions: [{ revision: 1, judged_at: iso(HOUR), summary: name('Ⅱ类', 'Class II'), cause: name('首次评价', 'first judged') }, { revision: 2, judged_at: iso(30 * MIN), summary: name('Ⅲ类', 'Class III'), cause: name('补传数据', 'late data') }] };
const frame = { sequence: '88', received_at: iso(HOUR), transport: 'hj212', peer: '127.0.0.1:40000', text: '##0136ST=21;CN=2061;PW=******;MN=SIMULATED0000000000000003;Flag=5;CP=&&DataTime=20261125140000;w21003-Avg=0.7,w21003-Flag=N&&A1C0', covered: true, hash: 'a'.repeat(64), previous_hash: 'b'.repeat(64), decoded: { ok: true, cn: '2061' } };
const user = { id: '1', name: 'mock', display_name: '示意用户', roles: ['duty_officer'], body: null, disabled: false, last_seen_at: iso(0), actions: ['read_monitoring', 'read_frames', 'read_cases', 'work_cases', 'assign_cases', 'close_cases', 'command_stations', 'adopt_devices', 'import_data', 'edit_registers', 'manage_users', 'read_audit'] };
const layer = (id: string, zh: string, en: string, geometry: string) => ({ id, name: name(zh, en), geometry, schematic: id === 'township-cells', source: '示意', licence: '—', accuracy: '—', features: 1 });
const layers = [layer('county', '县界', 'County boundary', 'polygon'), layer('rivers', '河流', 'Rivers', 'line'), layer('townships', '乡镇街道', 'Townships', 'point')];
function geojson(id: string) {
  try {
    return JSON.parse(readFileSync(new URL(`../../counties/500242-youyang/map/${id}.geojson`, import.meta.url), 'utf8'));
  } catch {
    return { type: 'FeatureCollection', features: [] };
  }
}
const byState = Object.fromEntries(Object.keys(STATES).map((code) => [code, points.filter((point) => point.state.code === code).length]));
const series = () => ({ point: '3', factor: 'w21003', name: name('氨氮', 'ammonia N'), unit: 'mg/L', kind: 'hour', truncated: false, items: Array.from({ length: 160 }, (_, at) => ({ time: iso((160 - at) * HOUR), value: at % 40 === 7 ? null : (0.35 + 0.2 * Math.sin(at / 4) + (at > 150 ? 0.3 : 0)).toFixed(2), min: null, max: null, mark: at % 33 === 5 ? 'D' : 'N', revision: 0, frame: '88' })) });
const latest = [['w21003', '氨氮', 'ammonia N', '0.71', 'mg/L'], ['w01018', '化学需氧量', 'COD', '11.2', 'mg/L'], ['w01001', 'pH', 'pH', '7.61', '']].map(([factor, zh, en, value, unit]) => ({ factor, name: name(zh, en), unit, statistic: 'Rtd', value, mark: 'N', mark_name: name('正常', 'normal'), data_time: iso(MIN), received_at: iso(MIN), kind: 2011, frame: '88' }));

const ROUTES: [RegExp, (match: RegExpMatchArray, url: URL) => unknown][] = [
  [/^\/api\/session$/, () => ({ user, expires_at: iso(-9 * HOUR) })],
  [/^\/api\/setup$/, () => ({ valid: true })],
  [/^\/api\/county$/, () => ({ division: '500242', name: name('示意县', 'Mock county'), extent: [108.3, 28.3, 109.4, 29.45], source: '示意', neighbours: [], simulating: true, layers, version: 'mock' })],
  [/^\/api\/map\/layers\/(.+)$/, ([, id]) => geojson(id)],
  [/^\/api\/overview$/, () => ({ at: iso(0), trouble: null, collect: { packets_today: 48211, packets_per_second: 2.4, connections: 8, last_packet_at: iso(4000), duplicates: 12, refused: 3, refusals: [{ name: 'bad_crc', title: name('CRC校验不对，已拒收', 'wrong CRC, refused'), packets: 3 }], quarantined: 1 }, points: { total: points.length, by_state: byState, by_kind: [] }, cases: { open: 2, overdue: 1, unassigned: 2, duties: 0, items: [caseOf('1'), caseOf('2')] }, air, water, outlets, wrong_now: points.filter((point) => ['exceeding', 'offline', 'stale'].includes(point.state.code)).map((point) => ({ point: point.id, name: point.name, kind: point.kind, state: point.state, since: point.state.since, reason: point.state.reason, case_id: '1' })) })],
  [/^\/api\/points$/, (_, url) => ({ items: points.filter((point) => !url.searchParams.get('state') || point.state.code === url.searchParams.get('state')), total: points.length, page: 1 })],
  [/^\/api\/points\/marks$/, (_, url) => {
    const [kind, code] = [url.searchParams.get('kind'), url.searchParams.get('state')];
    const wanted = points.filter((point) => (!kind || point.kind === kind) && (!code || point.state.code === code));
    const by_kind = [...new Set(points.map((point) => point.kind))].map((one) => ({ kind: one, name: name(one, one), total: 1, by_state: Object.fromEntries(Object.keys(STATES).map((each) => [each, points.filter((point) => point.kind === one && point.state.code === each).length])) }));
    return { matched: wanted.length, placed: wanted.length, counts: { total: points.length, by_state: byState, by_kind }, marks: wanted.map((point) => ({ lon: point.location.lon, lat: point.location.lat, count: 1, around: null, state: point.state.code, state_name: point.state.name, state_count: 1, stations: [point] })) };
  }],
  [/^\/api\/points\/(\d+)$/, ([, id]) => ({ ...points[Number(id) - 1], river: '酉水', function_class: 'II', function_class_basis: '示意', standard: null, standard_grade: null, limits: [], factors: [{ code: 'w21003', name: name('氨氮', 'ammonia N'), unit: 'mg/L' }], devices: [], open_cases: [caseOf('1')], record_id: id })],
  [/\/latest$/, () => latest], [/\/series$/, series], [/\/limits$/, () => [{ factor: 'w21003', value: '0.5', lower: null, period: 'hour', label: name('Ⅱ类', 'Class II'), basis: 'GB 3838-2002', from: null, until: null, unit: 'mg/L', unconfirmed: false }]],
  [/\/frames$/, () => [frame]], [/^\/api\/frames\//, () => frame], [/\/anomalies$/, () => []], [/\/commands$/, () => []],
  [/^\/api\/air\/today$/, () => air], [/^\/api\/air\/days$/, () => days(['date', 'aqi', 'level', 'category', 'primary', 'verdict'], (day, at) => [day, String(30 + ((at * 37) % 140)), String(1 + Math.floor(((at * 37) % 140) / 50)), '—', '', 'v1'])], [/ranking$/, () => ({ ...days(['point', 'days'], (day) => [day, '1']), rows: [['城区空气站', '300']] })],
  [/^\/api\/water\/today$/, () => water], [/^\/api\/water\/days$/, () => days(['date', 'class', 'main_pollutants', 'verdict'], (day, at) => [day, ['I', 'II', 'II', 'III', 'IV'][at % 5], '', 'v1'])], [/^\/api\/outlets\/today$/, () => outlets],
  [/^\/api\/verdicts$/, () => [verdict]], [/^\/api\/verdicts\//, () => verdict],
  [/^\/api\/cases$/, () => ({ items: [caseOf('1'), caseOf('2')], total: 2, page: 1 })], [/^\/api\/cases\/(\d+)$/, ([, id]) => ({ ...caseOf(id), timeline: [{ at: iso(26 * HOUR), actor: 'act', actor_name: '系统', action: { code: 'open', name: name('立案', 'opened') }, note: '', evidence: [] }], evidence: [], actions: [{ code: 'take', name: name('接办', 'take'), needs_note: false, needs_evidence: false, needs_assignee: false, allowed: true, why_not: null }, { code: 'close', name: name('关闭', 'close'), needs_note: true, needs_evidence: true, needs_assignee: false, allowed: false, why_not: '还没有办结' }], verdicts: ['v1'] })],
  [/^\/api\/quarantine$/, () => []], [/^\/api\/import\/profiles$/, () => [{ id: 'long', name: name('长表', 'long form') }]], [/^\/api\/ledgers$/, () => []], [/^\/api\/standards$/, () => []], [/^\/api\/users$/, () => ({ items: [user] })], [/^\/api\/events$/, () => ({ items: [], last_sequence: 0 })], [/^\/api\/command-kinds$/, () => []],
];

export function answer(method: string, url: URL): { status?: number; body: unknown } {
  if (method === 'GET' || url.pathname === '/api/session') {
    for (const [pattern, make] of ROUTES) {
      const match = url.pathname.match(pattern);
      if (match) return { body: make(match, url) };
    }
  }
  return { status: 404, body: { code: 'QS-2001', status: 404, title: 'no such thing', title_zh: '没有这个对象', detail: `mock: ${method} ${url.pathname}` } };
}
