// Every address of the server that the application uses.

import type { FeatureCollection } from 'geojson';
import * as http from './client';
import type { StationMarks } from './schema';
import type * as T from './types';

export * from './types';
export { ApiError, withQuery, type Problem, type Query } from './client';

type Listed<X> = X[] | { items: X[] };
/** Lists come bare or as `{items}`. */
export const itemsOf = <X>(answer: Listed<X>): X[] => (Array.isArray(answer) ? answer : answer.items);
const list = async <X>(path: string, query?: http.Query): Promise<X[]> => itemsOf(await http.get<Listed<X>>(path, query));
const paged = async <X>(path: string, query?: http.Query): Promise<T.Page<X>> => {
  const answer = await http.get<X[] | T.Page<X>>(path, query);
  return Array.isArray(answer) ? { items: answer, total: answer.length, page: 1 } : answer;
};
const at = encodeURIComponent;

export const session = {
  get: () => http.get<T.Session>('/api/session'),
  open: (name: string, password: string) => http.post<T.Session>('/api/session', { name, password }),
  close: () => http.remove<void>('/api/session'),
  changePassword: (old: string, next: string) => http.put<void>('/api/session/password', { old, new: next }),
  setupValid: (token: string) => http.get<{ valid: boolean }>('/api/setup', { token }),
  setUp: (body: { token: string; name: string; display_name: string; password: string }) => http.post<unknown>('/api/setup', body),
};

export const county = {
  get: () => http.get<T.County>('/api/county'),
  layer: (id: string) => http.get<FeatureCollection>(`/api/map/layers/${at(id)}`),
  townships: () => list<{ key: string; name: T.Name }>('/api/townships'),
  overview: () => http.get<T.Overview>('/api/overview'),
  events: (query: http.Query) => http.get<{ items: T.AuditEvent[]; last_sequence: number; names: Record<string, T.Name> }>('/api/events', query),
};

export const points = {
  list: (query: http.Query) => paged<T.PointSummary>('/api/points', query),
  marks: (query: http.Query) => http.get<StationMarks>('/api/points/marks', query),
  factors: () => list<{ code: string; name: T.Name }>('/api/factors'),
  get: (id: string) => http.get<T.PointDetail>(`/api/points/${at(id)}`),
  latest: (id: string) => list<T.LatestValue>(`/api/points/${at(id)}/latest`),
  series: (id: string, query: http.Query) => http.get<T.Series>(`/api/points/${at(id)}/series`, query),
  limits: (id: string, factor: string) => list<T.LimitLine>(`/api/points/${at(id)}/limits`, { factor }),
  frames: (id: string, query: http.Query) => list<T.Frame>(`/api/points/${at(id)}/frames`, query),
  frame: (sequence: string) => http.get<T.Frame>(`/api/frames/${at(sequence)}`),
  anomalies: (id: string) => list<T.Anomaly>(`/api/points/${at(id)}/anomalies`),
  commands: (id: string) => list<T.Command>(`/api/points/${at(id)}/commands`),
  commandKinds: () => list<T.CommandKind>('/api/command-kinds'),
  command: (id: string, kind: string, args: Record<string, unknown>) => http.post<T.Command>(`/api/points/${at(id)}/commands`, { kind, arguments: args }),
};

export const collect = {
  quarantine: () => list<T.Quarantined>('/api/quarantine'),
  adopt: (mn: string, st: string, point: string) => http.post<T.AdoptionReport>('/api/quarantine/adopt', { mn, st, point }),
  discard: (mn: string, st: string) => http.post<T.DiscardReport>('/api/quarantine/discard', { mn, st }),
  profiles: () => list<T.ImportProfile>('/api/import/profiles'),
  import: (profile: string, dryRun: boolean, file: Blob) => http.upload<T.ImportReport>('/api/import', { profile, dry_run: dryRun ? 'true' : 'false' }, file),
};

export const judge = {
  air: () => list<T.AirToday>('/api/air/today'),
  airDays: (query: http.Query) => http.get<T.Table>('/api/air/days', query),
  airRanking: (query: http.Query) => http.get<T.Table>('/api/air/ranking', query),
  airStatistics: (query: http.Query) => http.get<T.Table>('/api/air/statistics', query),
  water: () => list<T.WaterToday>('/api/water/today'),
  waterDays: (query: http.Query) => http.get<T.Table>('/api/water/days', query),
  waterRanking: (query: http.Query) => http.get<T.Table>('/api/water/ranking', query),
  outlets: () => list<T.OutletToday>('/api/outlets/today'),
  rates: (query: http.Query) => http.get<T.Table>('/api/rates', query),
  suspicions: () => list<T.PointSuspicions>('/api/suspicions'),
  verdicts: (query: http.Query) => list<T.VerdictBrief>('/api/verdicts', query),
  verdict: (id: string, revision?: number) => http.get<T.Verdict>(`/api/verdicts/${at(id)}`, { revision }),
};

export const cases = {
  list: (query: http.Query) => paged<T.CaseSummary>('/api/cases', query),
  get: (id: string) => http.get<T.CaseDetail>(`/api/cases/${at(id)}`),
  /** Who can be given the case; only for those who may assign it. */
  assignees: (id: string) => list<T.Person>(`/api/cases/${at(id)}/assignees`),
  act: (id: string, body: { action: string; note: string; assignee?: string; revision: number; fields?: Record<string, unknown> }) => http.post<unknown>(`/api/cases/${at(id)}/actions`, body),
  attach: (id: string, file: File) => http.upload<T.Evidence>(`/api/cases/${at(id)}/evidence`, { file_name: file.name }, file),
};

export const ledgers = {
  list: () => list<T.LedgerSummary>('/api/ledgers'),
  get: (id: string) => http.get<T.Ledger>(`/api/ledgers/${at(id)}`),
  records: (id: string, query: http.Query) => paged<T.LedgerRecord>(`/api/ledgers/${at(id)}/records`, query),
  ownViews: (id: string) => http.get<T.OwnViews>(`/api/ledgers/${at(id)}/views`),
  saveView: (id: string, view: T.SavedView) => http.put<T.OwnViews>(`/api/ledgers/${at(id)}/views`, view),
  removeView: (id: string, name: string) => http.remove<T.OwnViews>(`/api/ledgers/${at(id)}/views`, { name }),
  saveColumns: (id: string, columns: string[]) => http.put<T.OwnViews>(`/api/ledgers/${at(id)}/columns`, { columns }),
  record: (id: string, asOf = '') => http.get<T.LedgerRecord>(`/api/records/${at(id)}`, { as_of: asOf }),
  revisions: (id: string) => list<T.RecordRevision>(`/api/records/${at(id)}/revisions`),
  create: (ledger: string, body: unknown) => http.post<T.LedgerRecord>(`/api/ledgers/${at(ledger)}/records`, body),
  change: (id: string, body: unknown) => http.put<T.LedgerRecord>(`/api/records/${at(id)}`, body),
  remove: (id: string, query: http.Query) => http.remove<void>(`/api/records/${at(id)}`, query),
  restore: (id: string, body: { revision: number; reason: string }) => http.post<T.LedgerRecord>(`/api/records/${at(id)}/restore`, body),
};

export const standards = {
  list: () => list<T.StandardBrief>('/api/standards'),
  /** Every edition. */
  get: (code: string) => list<T.Standard>(`/api/standards/${at(code)}`),
};

export const users = {
  list: () => list<T.Account>('/api/users'),
  create: (body: unknown) => http.post<T.Account>('/api/users', body),
  change: (id: string, body: unknown) => http.patch<T.Account>(`/api/users/${at(id)}`, body),
};
