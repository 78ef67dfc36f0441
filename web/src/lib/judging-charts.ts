// From a chart's table to what ECharts draws. Nothing is computed here: every number stands in the table.

import type { Chart } from '@/api/judging';
import { say } from '@/i18n';
import { AXIS, type ChartOption } from './echarts';
import { WATER_COLOURS } from './format';

type Row = Record<string, string>;
export const rowsOf = (chart: Pick<Chart, 'columns' | 'rows'>): Row[] => chart.rows.map((row) => Object.fromEntries(chart.columns.map((column, at) => [column.key, row[at] ?? ''])));
const number = (text: string): number | null => (text === '' ? null : Number(text));
const unitOf = (chart: Chart, key: string) => chart.columns.find((column) => column.key === key)?.unit ?? '';
const PINE = '#1d5c4a';
const OCHRE = '#b4781e';
const RAMP = ['#e7f1ec', '#a9cabb', '#4fa985', '#e0b34b', '#c2541b', '#7d1811'];
const grid = { left: 52, right: 16, top: 34, bottom: 34 };

const weekday = (key: string) => say('日一二三四五六'[Number(key) % 7] ?? key, ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][Number(key) % 7] ?? key);

/** Hour, weekday, month with the interval, and hour × weekday as a grid. */
export function optionsOfVariation(chart: Chart): ChartOption[] {
  const rows = rowsOf(chart);
  const unit = unitOf(chart, 'mean');
  const line = (facet: string, title: string, label: (key: string) => string): ChartOption => {
    const own = rows.filter((row) => row.facet === facet);
    const values = (key: string) => own.map((row) => number(row[key]));
    return {
      title: { text: title, textStyle: { fontSize: 13, fontWeight: 500 } },
      tooltip: { trigger: 'axis' },
      grid,
      xAxis: { type: 'category', data: own.map((row) => label(row.key)), ...AXIS },
      yAxis: { type: 'value', name: unit, scale: true, ...AXIS },
      series: [
        { name: say('95% 下限', '95 % low'), type: 'line', data: values('low'), symbol: 'none', lineStyle: { type: 'dashed', width: 1, color: '#8b9992' }, itemStyle: { color: '#8b9992' } },
        { name: say('平均', 'mean'), type: 'line', data: values('mean'), symbolSize: 5, lineStyle: { color: PINE, width: 2 }, itemStyle: { color: PINE } },
        { name: say('95% 上限', '95 % high'), type: 'line', data: values('high'), symbol: 'none', lineStyle: { type: 'dashed', width: 1, color: '#8b9992' }, itemStyle: { color: '#8b9992' } },
      ],
    };
  };
  const cells = rows.filter((row) => row.facet === 'weekday_hour').map((row) => {
    const [day, hour] = row.key.split('-').map(Number);
    return [hour, day - 1, number(row.mean)];
  });
  const means = cells.map((cell) => cell[2] ?? 0);
  return [
    line('hour', say('一天中的小时', 'Hour of the day'), (key) => key),
    line('weekday', say('星期', 'Weekday'), weekday),
    line('month', say('月', 'Month'), (key) => key),
    {
      title: { text: say('星期 × 小时', 'Weekday × hour'), textStyle: { fontSize: 13, fontWeight: 500 } },
      tooltip: {},
      grid: { ...grid, right: 70 },
      xAxis: { type: 'category', data: Array.from({ length: 24 }, (_, hour) => String(hour)), ...AXIS },
      yAxis: { type: 'category', data: ['1', '2', '3', '4', '5', '6', '7'].map(weekday), ...AXIS },
      visualMap: { min: Math.min(...means), max: Math.max(...means), calculable: false, right: 0, top: 'middle', itemHeight: 120, inRange: { color: RAMP }, precision: 1 },
      series: [{ type: 'heatmap', data: cells }],
    },
  ];
}

const POLAR = { angleAxis: (names: string[]) => ({ type: 'category', data: names, startAngle: 101.25, boundaryGap: true, axisTick: { show: false }, ...AXIS }), polar: { radius: '68%', center: ['50%', '54%'] } };

function windRose(chart: Chart): ChartOption {
  const rows = rowsOf(chart);
  const names = rows.map((row) => row.sector);
  const total = Number(chart.figures.find((figure) => figure.key === 'hours')?.value ?? 0) || 1;
  const classes = chart.columns.filter((column) => /^h\d$/.test(column.key));
  return {
    tooltip: { trigger: 'axis' },
    legend: { top: 0 },
    polar: [{ radius: '62%', center: ['27%', '56%'] }, { radius: '62%', center: ['75%', '56%'] }],
    angleAxis: [{ ...POLAR.angleAxis(names), polarIndex: 0 }, { ...POLAR.angleAxis(names), polarIndex: 1 }],
    radiusAxis: [{ polarIndex: 0, axisLabel: { formatter: '{value}%', fontSize: 10 } }, { polarIndex: 1, axisLabel: { fontSize: 10 } }],
    series: [
      ...classes.map((column, at) => ({ name: say(column.label.zh, column.label.en), type: 'bar', coordinateSystem: 'polar', polarIndex: 0, stack: 'wind', itemStyle: { color: RAMP[at + 1] }, data: rows.map((row) => Number(((100 * Number(row[column.key])) / total).toFixed(2))) })),
      { name: say('平均浓度', 'mean concentration'), type: 'bar', coordinateSystem: 'polar', polarIndex: 1, itemStyle: { color: OCHRE }, data: rows.map((row) => number(row.mean)) },
    ],
  };
}

function polar(chart: Chart): ChartOption {
  const rows = rowsOf(chart);
  const SECTORS = ['N', 'NNE', 'NE', 'ENE', 'E', 'ESE', 'SE', 'SSE', 'S', 'SSW', 'SW', 'WSW', 'W', 'WNW', 'NW', 'NNW'];
  const means = rows.map((row) => Number(row.mean));
  return {
    tooltip: { formatter: (point: { data: [number, number, number, string, string] }) => `${point.data[3]} ${say('风速', 'speed')} ≥ ${point.data[0]} m/s<br>${point.data[2]} ${unitOf(chart, 'mean')} (${point.data[4]} h)` },
    polar: POLAR.polar,
    angleAxis: { type: 'value', min: 0, max: 360, startAngle: 90, interval: 45, axisLabel: { formatter: (degrees: number) => SECTORS[Math.round(degrees / 22.5) % 16] }, ...{ axisLine: AXIS.axisLine, splitLine: AXIS.splitLine } },
    radiusAxis: { min: 0, name: 'm/s', axisLabel: { fontSize: 10 } },
    visualMap: { min: Math.min(...means), max: Math.max(...means), dimension: 2, right: 0, top: 'middle', precision: 1, inRange: { color: RAMP } },
    series: [{ type: 'scatter', coordinateSystem: 'polar', symbolSize: (value: number[]) => 8 + Math.min(14, Math.sqrt(Number(value[4]))), data: rows.map((row) => [Number(row.speed), SECTORS.indexOf(row.sector) * 22.5, Number(row.mean), row.sector, row.n]) }],
  };
}

function percentileRose(chart: Chart): ChartOption {
  const rows = rowsOf(chart);
  return {
    tooltip: { trigger: 'axis' },
    legend: { top: 0 },
    polar: POLAR.polar,
    angleAxis: POLAR.angleAxis(rows.map((row) => row.sector)),
    radiusAxis: { axisLabel: { fontSize: 10 } },
    series: ['p5', 'p25', 'p50', 'p75', 'p95'].map((key, at) => ({ name: key, type: 'line', coordinateSystem: 'polar', connectNulls: false, symbolSize: 4, lineStyle: { color: RAMP[at + 1], width: key === 'p50' ? 3 : 1.5 }, itemStyle: { color: RAMP[at + 1] }, data: [...rows, rows[0]].map((row) => number(row?.[key] ?? '')) })),
  };
}

function trend(chart: Chart): ChartOption {
  const rows = rowsOf(chart);
  return {
    tooltip: { trigger: 'axis' },
    legend: { top: 0 },
    grid,
    xAxis: { type: 'category', data: rows.map((row) => row.month), ...AXIS },
    yAxis: { type: 'value', name: unitOf(chart, 'mean'), scale: true, ...AXIS },
    series: [
      { name: say('月均', 'monthly mean'), type: 'line', symbolSize: 6, lineStyle: { color: PINE }, itemStyle: { color: PINE }, data: rows.map((row) => ({ value: number(row.mean), symbol: row.counts === '1' ? 'circle' : 'emptyCircle' })) },
      { name: say('趋势线', 'trend line'), type: 'line', symbol: 'none', lineStyle: { color: OCHRE, width: 2 }, itemStyle: { color: OCHRE }, data: rows.map((row) => number(row.line)) },
    ],
  };
}

function correlation(chart: Chart): ChartOption {
  const rows = rowsOf(chart);
  const names = [...new Set(rows.map((row) => row.x_name))];
  const cells = rows.flatMap((row) => {
    const [x, y, r] = [names.indexOf(row.x_name), names.indexOf(row.y_name), number(row.pearson)];
    return x === y ? [[x, y, r]] : [[x, y, r], [y, x, r]];
  });
  return {
    tooltip: { formatter: (point: { data: [number, number, number | null] }) => `${names[point.data[0]]} × ${names[point.data[1]]}<br>r = ${point.data[2] ?? '—'}` },
    grid: { left: 110, right: 70, top: 10, bottom: 70 },
    xAxis: { type: 'category', data: names, axisLabel: { rotate: 35, color: '#44524d' } },
    yAxis: { type: 'category', data: names, axisLabel: { color: '#44524d' } },
    visualMap: { min: -1, max: 1, right: 0, top: 'middle', precision: 1, inRange: { color: ['#2c6fb3', '#f4f6f4', '#c2541b'] } },
    series: [{ type: 'heatmap', data: cells, label: { show: names.length <= 8, formatter: (point: { data: [number, number, number | null] }) => (point.data[2] === null ? '' : point.data[2].toFixed(2)) } }],
  };
}

function calendar(chart: Chart): ChartOption {
  const rows = rowsOf(chart);
  const years = [...new Set(rows.map((row) => row.date.slice(0, 4)))].slice(-2);
  const means = rows.map((row) => Number(row.mean));
  return {
    tooltip: { formatter: (point: { data: [string, number] }) => `${point.data[0]}<br>${point.data[1]} ${unitOf(chart, 'mean')}` },
    visualMap: { min: Math.min(...means), max: Math.max(...means), orient: 'horizontal', left: 'center', bottom: 0, precision: 1, inRange: { color: RAMP } },
    calendar: years.map((year, at) => ({ range: year, top: 22 + at * 130, left: 44, right: 8, cellSize: ['auto', 13], itemStyle: { color: '#f1f4f1', borderColor: '#fff' }, dayLabel: { firstDay: 1, fontSize: 10 }, yearLabel: { show: true, margin: 26, fontSize: 12 } })),
    series: years.map((year, at) => ({ type: 'heatmap', coordinateSystem: 'calendar', calendarIndex: at, data: rows.filter((row) => row.date.startsWith(year)).map((row) => [row.date, Number(row.mean)]) })),
  };
}

function capture(chart: Chart): ChartOption {
  const rows = rowsOf(chart);
  return {
    tooltip: { trigger: 'axis' },
    legend: { top: 0 },
    grid,
    xAxis: { type: 'category', data: rows.map((row) => row.month), ...AXIS },
    yAxis: { type: 'value', max: 100, name: '%', ...AXIS },
    series: [['transmission', say('传输率', 'transmission'), '#a9cabb'], ['effective', say('有效传输率', 'effective'), PINE]].map(([key, name, color]) => ({
      name, type: 'bar', itemStyle: { color }, data: rows.map((row) => (row[key] === '' ? null : Number((100 * Number(row[key])).toFixed(2)))),
      ...(key === 'effective' ? { markLine: { symbol: 'none', silent: true, lineStyle: { color: OCHRE, type: 'dashed' }, data: [{ yAxis: 90, name: '90%' }] } } : {}),
    })),
  };
}

function riverProfile(chart: Chart): ChartOption {
  const rows = rowsOf(chart);
  return {
    tooltip: { trigger: 'axis' },
    grid: { ...grid, bottom: 60 },
    xAxis: { type: 'category', data: rows.map((row) => row.name), axisLabel: { rotate: 20, color: '#44524d' } },
    yAxis: { type: 'value', name: unitOf(chart, 'value'), ...AXIS },
    series: [{ type: 'line', lineStyle: { color: '#8b9992' }, symbolSize: 14, data: rows.map((row) => ({ value: number(row.value), itemStyle: { color: row.colour || WATER_COLOURS[row.class] || '#d7ddd9', borderColor: '#44524d' } })) }],
  };
}

const MAKERS: Record<string, (chart: Chart) => ChartOption> = { 'wind-rose': windRose, polar, 'percentile-rose': percentileRose, trend, correlation, calendar, capture, 'river-profile': riverProfile };
export const optionOf = (kind: string, chart: Chart): ChartOption => MAKERS[kind]?.(chart) ?? {};
