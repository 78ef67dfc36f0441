// Reviews, stops, suspicions, charts, reports, confirmations: what specialists work with.

import * as http from './client';
import type { Name, Table } from './types';

export type Tier = 'provisional' | 'reviewed' | 'final';
export type ReviewAction = 'invalidate' | 'correct' | 'confirm' | 'finalise' | 'restore' | 'reopen';
export interface SheetRow {
  hour: string;
  sent: string;
  value: string;
  valid: boolean;
  why: Name | null;
  exceeding: boolean;
  tier: Tier;
  flags: Name[];
  verdict: string | null;
  revision: number;
}
export interface Sheet {
  point: string;
  factor: string;
  name: Name;
  unit: string;
  factors: { code: string; name: Name }[];
  simulated: boolean;
  rows: SheetRow[];
  provisional: number;
  reviewed: number;
  final: number;
}
export interface ReviewItem {
  point: string;
  factor?: string;
  action: ReviewAction;
  from: string;
  until: string;
  value?: string;
  reason: string;
}
export interface Review {
  id: string;
  point: string;
  point_name: Name;
  simulated: boolean;
  factor: string | null;
  factor_name: Name | null;
  action: ReviewAction;
  from: string;
  until: string;
  value: string | null;
  reason: string;
  by: string;
  at: string;
}
export interface Stop {
  id: string;
  point: string;
  point_name: Name;
  enterprise: string | null;
  simulated: boolean;
  kind: 'stop' | 'maintenance' | 'condition';
  condition: string | null;
  condition_name: Name | null;
  factors: Name[];
  from: string;
  until: string;
  reason: string;
  by: string;
  at: string;
  state: 'waiting' | 'in_force' | 'refused';
  decision: { accepted: boolean; reason: string; by: string; at: string } | null;
  may_decide: boolean;
}
export interface StopCondition {
  id: string;
  name: Name;
  hours: number;
  factors: Name[];
  standard: string;
  deadline_hour: number;
  confirmed: boolean;
  fits: string[];
}
export interface Suspicions {
  point: { id: string; name: Name };
  enterprise: string | null;
  enterprise_name: Name | null;
  simulated: boolean;
  suspicions: { check: string; title: Name; factor: string; factor_name?: Name; from: string; until: string; statistic: Name }[];
}
export interface Chart extends Table {
  figures: { key: string; label: Name; value: string; unit: string }[];
  data: string;
  hours: number;
}
export interface ReportKind {
  kind: string;
  title: Name;
  daily: boolean;
}
export interface ReportCell {
  text: string;
  verdict: string | null;
  alarm: boolean;
}
export interface Report {
  kind: string;
  title: Name;
  period: string;
  as_of: string;
  simulated: boolean;
  running: boolean;
  lines: Name[];
  sections: { title: Name; method: Name; columns: { key: string; label: Name; unit: string }[]; rows: ReportCell[][]; left_out: number }[];
}
export interface Confirmation {
  id: string;
  figure: string;
  value: string | null;
  source: string;
  by: string;
  at: string;
  done_at: string | null;
  changed: number;
}

export const judging = {
  sheet: (query: http.Query) => http.get<Sheet>('/api/reviews/sheet', query),
  reviews: (query: http.Query) => http.get<Review[]>('/api/reviews', query),
  review: (items: ReviewItem[]) => http.post<Review[]>('/api/reviews', { items }),
  stops: (query: http.Query) => http.get<Stop[]>('/api/stops', query),
  stop: (body: { point: string; kind: string; condition?: string; from: string; until: string; reason: string }) => http.post<Stop>('/api/stops', body),
  stopConditions: () => http.get<StopCondition[]>('/api/stops/conditions'),
  decideStop: (id: string, body: { accepted: boolean; reason: string }) => http.post<Stop>(`/api/stops/${id}/decision`, body),
  suspicions: (query: http.Query) => http.get<Suspicions[]>('/api/suspicions', query),
  chart: (kind: string, query: http.Query) => http.get<Chart>(`/api/charts/${kind}`, query),
  reports: () => http.get<ReportKind[]>('/api/reports'),
  report: (kind: string, query: http.Query) => http.get<Report>(`/api/reports/${encodeURIComponent(kind)}`, query),
  confirmations: () => http.get<Confirmation[]>('/api/standards/confirmations'),
  confirm: (items: { figure: string; value?: string; source: string }[]) => http.post<Confirmation[]>('/api/standards/confirmations', { items }),
};

/** Neighbouring hours as one span: a batch says little and covers much. */
export function spansOf(hours: string[]): { from: string; until: string }[] {
  const sorted = [...hours].sort((a, b) => Date.parse(a) - Date.parse(b));
  const spans: { from: number; until: number }[] = [];
  for (const hour of sorted) {
    const start = Date.parse(hour);
    const last = spans.at(-1);
    if (last && start <= last.until) last.until = Math.max(last.until, start + 3_600_000);
    else spans.push({ from: start, until: start + 3_600_000 });
  }
  const iso = (time: number) => `${new Date(time + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`;
  return spans.map((span) => ({ from: iso(span.from), until: iso(span.until) }));
}
