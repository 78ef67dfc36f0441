// The care of records: attachments, bulk edits, merging, geometry files; and the enterprise file.
import type { FeatureCollection } from 'geojson';
import * as http from './client';
import type { ListedDuty, MarksAnswer, MergeReport, RowChoice } from './schema';
import type { CaseSummary, FieldChange, FileSection, LedgerRecord, LimitLine, Name, OutletToday, State, VerdictBrief } from './types';

export type { ListedDuty as DutyLine, MarkView as Mark, MarksAnswer as Marks, MergeReport } from './schema';

export interface Attachment {
  hash: string;
  file_name: string;
  size: number;
  content_type: string;
  note: string;
  /** `lon,lat` that a photo says; only for editors. */
  place: string | null;
  by: string;
  at: string;
  removed: string | null;
  /** There is a small picture of it. */
  thumbnail: boolean;
  /** Others than editors do not get it; null: uploaded before this was looked at. */
  editors_only: boolean | null;
}
export interface BulkEdit {
  ids: string[];
  set: Record<string, unknown>;
  add_tags: string[];
  remove_tags: string[];
  reason: string;
  dry_run: boolean;
}
export interface BulkReport {
  lines: { id: string; key: string; title: Name; changes: FieldChange[]; problem: string | null }[];
  changed: number;
  problems: number;
  written: boolean;
}
export interface SheetReport {
  ledger: string;
  rows: number;
  created: number;
  revised: number;
  problems: { row: number; column: number; field: string; code: string; what: Name; hint: Name; fix: string | null }[];
  more_problems: number;
  changes: { row: number; key: string; changes: { field: string; label: Name; before: unknown; after: unknown }[] }[];
  more_changes: number;
  /** Rows that say what their records say already. */
  unchanged: number;
  fixed: number;
  fixes: { row: number; column: number; field: string; from: string; to: string }[];
  written: boolean;
}
export interface GeometryReport extends SheetReport {
  format: string;
  system: string;
  system_name: Name;
  told_by: 'said' | 'file' | 'numbers';
  properties: { property: string; field: string | null; example: string }[];
  area_m2: number;
  preview: FeatureCollection;
  not_previewed: number;
}
export interface OutletFile {
  point: string;
  name: Name;
  kind_name: Name;
  simulated: boolean;
  schematic: boolean;
  state: State;
  last_data_at: string | null;
  standard: string | null;
  standard_grade: string | null;
  limits: (LimitLine & { factor: string })[];
  today: OutletToday;
  days_judged: number;
  days_exceeding: number;
  exceedances: VerdictBrief[];
}
export interface EnterpriseFile {
  record: LedgerRecord;
  as_of: string;
  extracted_at: string;
  verdicts_from: string;
  verdicts_until: string;
  permits: LedgerRecord[];
  outlets: OutletFile[];
  cases: CaseSummary[];
  sections: FileSection[];
  missing: Name[];
  /** Links or cases beyond those listed. */
  more: boolean;
}
const at = encodeURIComponent;
export const care = {
  attachments: (id: string) => http.get<Attachment[]>(`/api/records/${at(id)}/attachments`),
  attach: (id: string, file: File, note: string) => http.upload<Attachment>(`/api/records/${at(id)}/attachments`, { file_name: file.name, note }, file),
  takeOff: (id: string, hash: string, reason: string) => http.remove<void>(`/api/records/${at(id)}/attachments/${at(hash)}`, { reason }),
  file: (id: string, hash: string) => `/api/records/${at(id)}/attachments/${at(hash)}`,
  /** The small picture where there is one. */
  thumbnail: (id: string, hash: string) => `/api/records/${at(id)}/attachments/${at(hash)}?thumbnail=true`,
  bulk: (ledger: string, edit: BulkEdit) => http.post<BulkReport>(`/api/ledgers/${at(ledger)}/bulk`, edit),
  merge: (id: string, body: { duplicate: string; revision: number; duplicate_revision: number; take: string[]; rows: Record<string, RowChoice[]>; reason: string; dry_run: boolean }) => http.post<MergeReport>(`/api/records/${at(id)}/merge`, body),
  importSheet: (ledger: string, query: http.Query, file: Blob) => http.upload<SheetReport>(`/api/ledgers/${at(ledger)}/import`, query, file),
  importGeometry: (ledger: string, query: http.Query, file: Blob) => http.upload<GeometryReport>(`/api/ledgers/${at(ledger)}/geometry/import`, query, file),
  marks: (ledger: string, query: http.Query) => http.get<MarksAnswer>(`/api/ledgers/${at(ledger)}/marks`, query),
  duties: (query: http.Query) => http.get<{ lines: ListedDuty[]; more: boolean }>('/api/duties', query),
  enterprise: (id: string, query: http.Query) => http.get<EnterpriseFile>(`/api/enterprises/${at(id)}`, query),
};
