// The plan: shapes and addresses. Decimals are strings; values of cells are numbers.
import * as http from './client';
import type { Name } from './types';

export type Light = 'green' | 'yellow' | 'red' | 'missing' | 'text' | string;
/** `from`, `until`: years between which it holds; `was`: what a change replaced. */
export interface Goal { year: number; operator: string; value: number; place: string; changed_by: string | null; from: number | null; until: number | null; was: string | null }
export interface Standing { light: Light; name: Name; path: number | null; target: Goal | null; met: boolean | null; lag: number | null; distance: number | null; partial: boolean }
export interface ForecastYear { year: number; value: number; low: number; high: number; meets: boolean | null; has_target: boolean }
export interface Forecasts { method: Name; years: ForecastYear[]; none_because: Name | null }
export interface Projection { year: number; elapsed: number; value: number | null; low: number | null; high: number | null; meets: boolean | null; method: Name; none_because: Name | null }
export interface BodyTarget { subject: string; name: string; body: string; year: number; what: string; target: string | null; unit: string; reached: string | null; met: boolean | null; weaker: boolean; item: string; report: string | null; report_state: string | null }
export interface AddedUp { year: number; sum: string; path: number | null; short: number | null }
export interface Site { township: string | null; lon: number; lat: number; basis: 'stated' | 'inspected' | 'township_centre'; note: string }
export interface ChartBlock { kind: 'line' | 'bar'; title: Name; categories: Name[]; series: { name: Name; colour: string; dashed: boolean; values: (number | null)[] }[] }
export interface IndicatorRow {
  id: string; name: Name; unit: string; direction: string; bindingness: string; cumulative: boolean; year: number;
  value: string | null; basis: string; simulated: boolean; error: Name | null; standing: Standing; target_text: string | null;
  forecast: Forecasts; projection: Projection | null; result: string; doubts: Name[]; place: string;
  /** Of the plan before this one. */
  earlier: boolean;
  /** What the facts of the value lack: the first of it, and how much. */
  missing: Name[]; missing_count: number;
}
export interface PlanHome {
  name: Name; document: string; period: [number, number]; horizon: number; year: number; years: [number, number]; this_year: number;
  revision: number; approved_at: string | null; pending_revision: number | null; unreadable: string | null;
  lights: Record<string, number>; results: Record<string, number>; indicators: IndicatorRow[];
  projects: number; estimate: string; estimate_now: string; arranged: string | null; paid: string | null; projects_without_stage: number;
  tasks: number; tasks_without_owner: number; findings: number; warnings: number; waiting: number; simulated: boolean; as_of: string;
}
export interface PlanCell { value: number | null; basis: string; computed: number | null; numerator: number | null; denominator: number | null; documented: number | null; stated: number | null; missing: Name[]; simulated: boolean }
export interface YearValue { year: number; cell: PlanCell; shown: string | null; standing: Standing; to_date: boolean }
export interface Evidence { label: Name; href: string }
export interface Trace { variable: string; fact: string; arguments: Record<string, unknown>; label: Name | null; value: unknown; unit: string; as_of: string | null; method: Name | null; missing: Name[]; simulated: boolean; evidence: Evidence[] }
export interface Attached { hash: string; file_name: string }
export interface PlanItem {
  id: string; subject: string; year: number; content: { kind: string } & Record<string, unknown>; note: string; evidence: Attached[];
  replaces: string | null; state: 'entered' | 'approved' | 'returned' | 'withdrawn' | 'replaced' | 'retracted'; entered_by: string; entered_name: string; body: string | null; entered_at: string;
  decided_by: string | null; decided_name: string | null; decided_at: string | null; decision_note: string;
}
export interface ItemsPage { items: PlanItem[]; about: PlanItem[]; names: Record<string, string>; total: number; page: number; page_size: number; may_approve: boolean }
export interface Finding { code: string; severity: 'error' | 'warning'; file: string; line: number; column: number; subjects: string[]; what: Name; why: Name; hint: Name; waived: string | null }
export interface Earlier { year: number; value: string | null; target: string | null; place: string }
export interface IndicatorDetail {
  row: IndicatorRow; formula: string | null; document: string | null; path_method: Name; goals: Goal[]; earlier: Earlier[]; years: YearValue[]; trace: Trace[];
  needed: { target_year: number; rest: number; years_left: number; per_year: number | null; met: boolean } | null;
  projection: Projection | null; targets: BodyTarget[]; added_up: AddedUp[];
  bodies: string[]; bodies_from: string[]; projects: [number, string][]; tasks: [string, string][]; items: PlanItem[]; findings: Finding[]; kinds: string[];
}
export interface Sums { planned: string | null; arranged: string | null; arrived: string | null; paid: string | null }
export interface Scored { code: string; name: Name; points: number; got: number | null; explain: Name; from: Record<string, unknown> }
export interface Warning { code: string; zh: string; en: string }
export interface ProjectState {
  number: number; name: string; group: string; content: string; estimate: string; estimate_now: string; contracts: string | null; years: [number, number]; lead: string[]; cooperating: string[]; place: string;
  indicators: string[]; tasks: string[]; stage: string | null; stage_name: Name | null; money: { year: number; source: string; sums: Sums; items: string[] }[]; sums: Sums;
  quantities: { kind: string; what: string; planned: string; unit: string; done: string | null; items: string[] }[];
  milestones: { name: string; due: string; done: string | null; overdue: boolean; item: string; proof: Attached[] }[];
  warnings: Warning[]; performance: Scored[]; performance_score: number | null; performance_year: number | null; performance_by_year: { year: number; criteria: Scored[]; score: number | null }[]; waiting: number; sites: Site[]; unplaced: Name[];
}
export interface Portfolio { projects: ProjectState[]; curve: { year: number; even: string; arranged: string | null; arrived: string | null; paid: string | null }[]; curve_method: Name; as_of: string }
export interface ProjectDetail { project: ProjectState; items: PlanItem[]; next: string[]; last_stage: { item: string; next: string[] } | null; kinds: string[]; may_approve: boolean; findings: Finding[] }
export interface BodyScore { body: string; duties: number; reported: number; scored: number; due: number; score: number | null; too_few: boolean; rank: number | null; estimate: string }
export interface TaskRow { id: string; text: string; place: string; owners: string[]; owners_from: string[]; assigned: string[]; deliverable: string; proof: string; due: number | null; indicators: [string, string][]; projects: [number, string][]; progress: string | null; progress_year: number | null; report: string | null; bodies: number; reported: number; waiting: number }
export interface Criterion { code: string; name: Name; points: number; share: string; explain: Name }
export interface Scheme { forecast: { method: string; confidence: number; least_years: number }; light: { code: string; name: Name; when: string }[]; silence: { when: string; score: number; explain: Name } | null; criterion: Criterion[]; performance: Criterion[] }
export interface Bodies { year: number; bodies: BodyScore[]; scheme: Scheme; unassigned_tasks: [string, string][] }
export interface Duty { subject: string; name: string; part: string; inferred_from: string[]; due: number; report: string | null; report_state: string | null; pending: string | null; pending_state: string | null; progress: number | null; criteria: Scored[]; score: number | null; unreported: Name | null }
export interface BodyDetail { body: string; key: string | null; year: number; score: BodyScore | null; duties: Duty[]; targets: BodyTarget[]; items: PlanItem[]; scheme: Scheme; may_enter: boolean; may_approve: boolean }
export interface Findings { findings: Finding[]; errors: number; warnings: number; waived: number; rules: [string, Name][] }
export interface Lifecycle { stage: { code: string; name: Name; next: string[] }[] }
export interface Entry { text: string; href: string | null; number: boolean; bar: number | null }
export interface AssessmentContent { kind: string; year: number; title: Name; plan: Name; plan_revision: number; as_of: string; simulated: boolean; sections: { title: Name; paragraphs: Name[]; charts: ChartBlock[]; tables: { title: Name; header: Name[]; widths: number[]; rows: Entry[][] }[] }[] }
export interface SavedAssessment { id: string; kind: string; year: number; revision: number; hash: string; made_by: string; made_at: string; approved_by: string | null; approved_at: string | null; content: AssessmentContent | null }
export interface Revision { number: number; hash: string; loaded_at: string; state: string; changes: string[]; approved_by: string | null; approved_at: string | null; note: string }
export interface WhatIfCell { indicator: string; name: Name; year: number; before: string | null; after: string | null; light_before: Light; light_after: Light }
export interface WhatIf { cells: WhatIfCell[]; rows: IndicatorRow[] }
export interface Draft { subject: string; year: number; content: { kind: string } & Record<string, unknown>; note: string; evidence: Attached[]; replaces?: string }

const at = encodeURIComponent;
export const plan = {
  home: (year?: string | number) => http.get<PlanHome>('/api/plan', { year }),
  indicator: (id: string, year?: string) => http.get<IndicatorDetail>(`/api/plan/indicators/${at(id)}`, { year }),
  whatIf: (year: number, assumptions: { indicator: string; year: number; value: number }[]) => http.post<WhatIf>('/api/plan/what-if', { year, assumptions }),
  projects: () => http.get<Portfolio>('/api/plan/projects'),
  project: (number: string) => http.get<ProjectDetail>(`/api/plan/projects/${at(number)}`),
  tasks: () => http.get<{ tasks: TaskRow[]; as_of: string }>('/api/plan/tasks'),
  bodies: (year?: string) => http.get<Bodies>('/api/plan/bodies', { year }),
  body: (body: string, year?: string) => http.get<BodyDetail>(`/api/plan/bodies/${at(body)}`, { year }),
  findings: () => http.get<Findings>('/api/plan/findings'),
  scheme: () => http.get<{ scheme: Scheme; lifecycle: Lifecycle; bodies: string[] }>('/api/plan/scheme'),
  items: (query: http.Query) => http.get<ItemsPage>('/api/plan/items', query),
  enter: (draft: Draft) => http.post<PlanItem>('/api/plan/items', draft),
  decide: (id: string, to: string, note: string) => http.post<PlanItem>(`/api/plan/items/${at(id)}/decision`, { to, note }),
  attach: (file: File) => http.upload<Attached>('/api/plan/files', { file_name: file.name }, file),
  preview: (kind: string, year?: string) => http.get<AssessmentContent>('/api/plan/preview', { kind, year: kind === 'yearly' ? year : undefined }),
  assessments: () => http.get<SavedAssessment[]>('/api/plan/assessments'),
  assessment: (id: string) => http.get<SavedAssessment>(`/api/plan/assessments/${at(id)}`),
  saveAssessment: (kind: string, year?: number) => http.post<SavedAssessment>('/api/plan/assessments', kind === 'yearly' ? { kind, year } : { kind }),
  approveAssessment: (id: string) => http.post<SavedAssessment>(`/api/plan/assessments/${at(id)}/approval`),
  revisions: () => http.get<Revision[]>('/api/plan/revisions'),
  approveRevision: (number: number, note: string) => http.post<Revision[]>(`/api/plan/revisions/${number}/approval`, { note }),
};
