type Pair = [zh: string, en: string];
/** HJ 212 kinds of observation by command number. */
export const KIND_NAMES: Record<number, Pair> = { 2011: ['实时', 'real-time'], 2051: ['分钟', 'minute'], 2061: ['小时', 'hour'], 2031: ['日', 'day'] };
export const KIND_CODES: Record<string, number> = { realtime: 2011, minute: 2051, hour: 2061, day: 2031 };
export const STATISTICS: Record<string, Pair> = {
  mean: ['均值', 'mean'], total: ['累计', 'total'], minimum: ['最小', 'minimum'], maximum: ['最大', 'maximum'], percentile: ['百分位', 'percentile'], count: ['计数', 'count'],
  Rtd: ['实测', 'sample'], rtd: ['实测', 'sample'], Avg: ['均值', 'mean'], avg: ['均值', 'mean'], Min: ['最小', 'minimum'], min: ['最小', 'minimum'], Max: ['最大', 'maximum'], max: ['最大', 'maximum'], Cou: ['累计', 'total'], cou: ['累计', 'total'],
  ZsRtd: ['折算实测', 'converted sample'], ZsAvg: ['折算均值', 'converted mean'], ZsMin: ['折算最小', 'converted minimum'], ZsMax: ['折算最大', 'converted maximum'],
};
/** HJ 212 writes `1` where there is no unit. */
export const unitText = (unit: string): string => (unit === '1' ? '' : unit);
