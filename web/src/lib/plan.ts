import { locale, say } from '@/i18n';

export const LIGHTS = ['green', 'yellow', 'red', 'missing', 'text'];
const LIGHT_NAMES: Record<string, [string, string]> = {
  green: ['达到路径', 'On the path'], yellow: ['略落后', 'Slightly behind'], red: ['落后', 'Behind'], missing: ['缺证据', 'No evidence'], text: ['文字目标', 'Target in words'],
};
export const LIGHT_COLOURS: Record<string, string> = { green: '#1f7a55', yellow: '#9a6a00', red: '#b3261e', missing: '#5d6b66', text: '#4b5fa8' };
export const lightText = (light: string): string => (LIGHT_NAMES[light] ? say(...LIGHT_NAMES[light]) : light);

const RESULTS: Record<string, [string, string]> = {
  met: ['达标', 'met'], not_met: ['未达标', 'not met'], no_evidence: ['缺证据', 'no evidence'], partial: ['资料不全', 'evidence incomplete'], in_words: ['文字目标', 'in words'], open: ['期内', 'period runs'],
};
export const resultText = (code: string): string => (RESULTS[code] ? say(...RESULTS[code]) : code);

/** What a forecast says of its target: 说不准 where only one end of the interval meets it. */
export const forecastText = (one: { meets: boolean | null; has_target: boolean }): string => (!one.has_target ? '' : one.meets === null ? say('说不准能否达标', 'may or may not meet the target') : one.meets ? say('可达目标', 'meets the target') : say('达不到目标', 'misses the target'));

const BASES: Record<string, [string, string]> = { formula: ['公式计算', 'computed'], document: ['材料', 'documented'], stated: ['规划所载', 'stated in the plan'], missing: ['缺', 'missing'] };
export const basisText = (code: string): string => (BASES[code] ? say(...BASES[code]) : code);

const SOURCES: Record<string, [string, string]> = { central: ['中央', 'Central'], municipal: ['市级', 'Municipal'], county: ['县级', 'County'], loan: ['债券贷款', 'Loans'], social: ['社会资本', 'Private'], other: ['其他', 'Other'] };
export const sourceText = (code: string): string => (SOURCES[code] ? say(...SOURCES[code]) : code);
export const MONEY_SOURCES = Object.keys(SOURCES);
const STEPS: Record<string, [string, string]> = { planned: ['计划', 'Planned'], arranged: ['安排', 'Arranged'], arrived: ['到位', 'Arrived'], paid: ['支付', 'Paid'] };
export const stepText = (code: string): string => (STEPS[code] ? say(...STEPS[code]) : code);
export const MONEY_STEPS = ['planned', 'arranged', 'arrived', 'paid'] as const;

const KINDS: Record<string, [string, string]> = {
  value: ['年度值', 'Yearly value'], target: ['目标调整', 'Change of target'], money: ['资金', 'Money'], quantity: ['完成量', 'Quantity done'], stage: ['阶段', 'Stage'], milestone: ['里程碑', 'Milestone'],
  contract: ['合同', 'Contract'], change: ['变更', 'Change'], inspection: ['现场检查', 'Inspection'], assignment: ['任务分解', 'Assignment'], report: ['自评', 'Self-report'], appeal: ['申诉', 'Appeal'], retraction: ['撤销', 'Retraction'],
};
export const kindText = (code: string): string => (KINDS[code] ? say(...KINDS[code]) : code);
const STATES: Record<string, [string, string]> = { entered: ['待审核', 'waiting'], approved: ['已审核', 'approved'], returned: ['已退回', 'returned'], withdrawn: ['已撤回', 'withdrawn'], replaced: ['已更正', 'corrected'], retracted: ['已撤销', 'retracted'] };
export const stateText = (code: string): string => (STATES[code] ? say(...STATES[code]) : code);
const PARTS: Record<string, [string, string]> = { lead: ['牵头', 'lead'], cooperating: ['配合', 'co-operating'], owner: ['责任', 'owner'], assigned: ['分解', 'assigned'] };
export const partText = (code: string): string => (PARTS[code] ? say(...PARTS[code]) : code);
/** 推算: the value to date carried to the end of its year, said so. */
export function projectionText(one: { value: number | null; low: number | null; high: number | null; none_because: { zh: string; en: string } | null }, unit: string): string {
  if (one.value === null) return `${say('不推算', 'not projected')}${one.none_because ? `${say('：', ': ')}${words(one.none_because)}` : ''}`;
  return `${numberText(one.value)} ${unit}${one.low !== null && one.high !== null ? ` (${numberText(one.low)} – ${numberText(one.high)})` : ` (${say('没有区间', 'no interval')})`}`;
}
const STAGES: Record<string, [string, string]> = {
  reserve: ['储备', 'Reserve'], approved: ['立项', 'Approved'], feasibility: ['可研', 'Feasibility'], design: ['初设', 'Design'], tender: ['招标', 'Tender'], building: ['在建', 'Being built'], accepted: ['验收', 'Accepted'], operating: ['运行', 'Operating'], suspended: ['暂停', 'Suspended'], cancelled: ['取消', 'Cancelled'],
};
export const stageText = (code: string): string => (STAGES[code] ? say(...STAGES[code]) : code);

export const notEntered = (): string => say('未填报', 'not entered');
/** 万元; absent is said, never zero. */
export const moneyText = (value: string | null | undefined): string => (value === null || value === undefined ? notEntered() : Number(value).toLocaleString('en-US', { maximumFractionDigits: 2 }));
export const numberText = (value: number | null | undefined): string => (value === null || value === undefined ? '—' : Number(value.toFixed(2)).toLocaleString('en-US', { maximumFractionDigits: 2 }));
export const words = (pair: { zh: string; en: string }): string => (locale.value === 'en' ? pair.en : pair.zh);

/** Where a reader goes for a piece of evidence: the page, not the API. */
export function pageOf(href: string): string {
  const [path, query = ''] = href.split('?');
  const wanted = new URLSearchParams(query);
  if (path.startsWith('/app/')) return href.slice(4);
  if (path === '/api/verdicts') return `/verdicts?point=${wanted.get('point') ?? ''}&level=${wanted.get('level') ?? 'day'}${wanted.get('from') ? `&from=${wanted.get('from')}&until=${wanted.get('until')}` : ''}`;
  if (path.startsWith('/api/verdicts/')) return `/verdicts/${path.slice(14)}`;
  if (path.startsWith('/api/records/')) return `/records/${path.slice(13)}`;
  if (path.startsWith('/api/air/')) return '/air';
  if (path.startsWith('/api/water/')) return '/water';
  return path.replace(/^\/api/, '');
}
/** Where a subject is shown: `project:7`, `indicator:pm25`, `task:…`. */
export function subjectPage(subject: string): string | null {
  const at = subject.indexOf(':');
  const [kind, id] = [subject.slice(0, at), subject.slice(at + 1)];
  if (kind === 'project') return `/plan/projects/${id}`;
  if (kind === 'indicator') return `/plan/indicators/${id}`;
  if (kind === 'task') return `/plan/tasks?q=${encodeURIComponent(id)}`;
  return null;
}
export function contentText(content: { kind: string } & Record<string, unknown>): string {
  const c = content as Record<string, string>;
  switch (content.kind) {
    case 'value': return c.value;
    case 'target': return `${c.target_year} ${c.operator} ${c.value}`;
    case 'money': return `${sourceText(c.source)} · ${stepText(c.step)} ${moneyText(c.amount)} ${say('万元', '×10⁴ yuan')}`;
    case 'quantity': return `${c.quantity} ${c.amount} ${c.unit}`;
    case 'stage': return `→ ${stageText(c.to)}`;
    case 'milestone': return `${c.name} · ${say('应', 'due')} ${c.due}${c.done ? ` · ${say('完成', 'done')} ${c.done}` : ''}`;
    case 'contract': return `${c.number} · ${c.party} · ${moneyText(c.amount)} ${say('万元', '×10⁴ yuan')} · ${c.signed_on}`;
    case 'change': return `${c.what}: ${c.before} → ${c.after}${c.estimate ? ` · ${say('估算', 'estimate')} ${moneyText(c.estimate)} ${say('万元', '×10⁴ yuan')}` : ''}`;
    case 'inspection': return c.finding + (c.lon ? ` (${c.lon}, ${c.lat})` : '');
    case 'assignment': return `${c.body}: ${c.what}${c.target ? ` (${c.target})` : ''}`;
    case 'report': return `${c.body} · ${(Number(c.progress) * 100).toFixed(0)}%${c.value ? ` · ${c.value}` : ''} · ${c.text}`;
    case 'appeal': case 'retraction': return c.text;
    default: return JSON.stringify(content);
  }
}
export const operatorText = (operator: string): string => ({ '>=': '≥', '<=': '≤' })[operator] ?? operator;
