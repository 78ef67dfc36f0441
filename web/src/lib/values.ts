import { say } from '@/i18n';

type Pair = [zh: string, en: string];
/** HJ 212 kinds of observation by command number. */
export const KIND_NAMES: Record<number, Pair> = { 2011: ['实时', 'real-time'], 2051: ['分钟', 'minute'], 2061: ['小时', 'hour'], 2031: ['日', 'day'] };
/** Marks of HJ 212-2017 table 8. */
export const MARKS: Record<string, Pair> = { N: ['正常', 'normal'], F: ['停运', 'out of use'], M: ['维护', 'maintenance'], S: ['手工输入', 'set by hand'], D: ['故障', 'fault'], C: ['校准', 'calibration'], T: ['超上限', 'over the range'], B: ['通讯异常', 'no communication'], P: ['电源故障', 'power fault'] };
/** Flow has one code in HJ 212, named for waste water; a river behind a dam has none. */
export function factorLabel(code: string, name: string, kind: string): string {
  if (code === 'w00000') return kind === 'wastewater_outlet' ? say('污水流量', 'waste-water flow') : say('流量', 'flow');
  return code === 'a00000' ? say('废气流量', 'waste-gas flow') : name;
}
/** Commands of HJ 212 (CN) that stations send. */
export const COMMANDS: Record<string, Pair> = { ...Object.fromEntries(Object.entries(KIND_NAMES).map(([code, [zh, en]]) => [code, [`${zh}数据`, `${en} data`] as Pair])), 9011: ['请求应答', 'answer to a request'], 9012: ['执行结果', 'result of a command'], 9013: ['通知应答', 'acknowledged notice'], 9014: ['数据应答', 'acknowledged data'] };
export const KIND_CODES: Record<string, number> = { realtime: 2011, minute: 2051, hour: 2061, day: 2031 };
export const STATISTICS: Record<string, Pair> = {
  mean: ['均值', 'mean'], total: ['累计', 'total'], minimum: ['最小', 'minimum'], maximum: ['最大', 'maximum'], percentile: ['百分位', 'percentile'], count: ['计数', 'count'],
  converted: ['折算', 'converted'], mda8: ['日最大 8 小时', 'daily maximum 8 h'], max_hour: ['日最大小时', 'largest hour'], ld: ['昼间', 'daytime'], ln: ['夜间', 'night'], ldn: ['昼夜', 'day–night'], rolling_8h: ['8 小时滑动', 'rolling 8 h'], rolling_24h: ['24 小时滑动', 'rolling 24 h'],
  mean_with_dust: ['均值（含沙尘）', 'mean with dust'], percentile_with_dust: ['百分位（含沙尘）', 'percentile with dust'], mean_without_dust: ['均值（扣除沙尘）', 'mean without dust'], percentile_without_dust: ['百分位（扣除沙尘）', 'percentile without dust'],
  Data: ['监测值', 'value'], DayData: ['昼间', 'daytime'], NightData: ['夜间', 'night'], Rtd: ['实测', 'sample'], rtd: ['实测', 'sample'], Avg: ['均值', 'mean'], avg: ['均值', 'mean'], Min: ['最小', 'minimum'], min: ['最小', 'minimum'], Max: ['最大', 'maximum'], max: ['最大', 'maximum'], Cou: ['累计', 'total'], cou: ['累计', 'total'],
  ZsRtd: ['折算实测', 'converted sample'], ZsAvg: ['折算均值', 'converted mean'], ZsMin: ['折算最小', 'converted minimum'], ZsMax: ['折算最大', 'converted maximum'],
};
/** A limit as people write it: both ends of a range, or the one bound. */
export function limitText(item: { limit: string | null; lower: boolean; range: { lower: string; upper: string } | null }): string {
  if (item.range) return `${item.range.lower}–${item.range.upper}`;
  return item.limit ? `${item.lower ? '≥' : '≤'} ${item.limit}` : '';
}
/** Conditions and rules of the standards' data are keys on purpose, the same in both languages: shown as code. */
export const isKey = (text: string): boolean => /^[a-z0-9]+(_[A-Za-z0-9]+)+$/.test(text);
/** HJ 212 writes `1` where there is no unit. */
export const unitText = (unit: string): string => (unit === '1' ? '' : unit);
