// Only the parts of ECharts that our pages draw with.

import { BarChart, HeatmapChart, LineChart, ScatterChart } from 'echarts/charts';
import { AriaComponent, CalendarComponent, DataZoomComponent, GridComponent, LegendComponent, MarkLineComponent, PolarComponent, TooltipComponent, VisualMapComponent } from 'echarts/components';
import { init, use, type EChartsCoreOption } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

use([BarChart, HeatmapChart, LineChart, ScatterChart, AriaComponent, CalendarComponent, DataZoomComponent, GridComponent, LegendComponent, MarkLineComponent, PolarComponent, TooltipComponent, VisualMapComponent, CanvasRenderer]);
export type ChartOption = EChartsCoreOption;
export const createChart = (box: HTMLElement) => init(box);
export const AXIS = { axisLine: { lineStyle: { color: '#8b9992' } }, axisLabel: { color: '#44524d' }, splitLine: { lineStyle: { color: '#e5eae6' } } };
