// Shapes of the HTTP contract. Ids and decimals are strings; times are ISO 8601 with +08:00.

export interface Name {
  zh: string;
  en: string;
}
export type StateCode = 'normal' | 'exceeding' | 'attention' | 'stale' | 'offline' | 'no_data' | 'suspended';
export interface State {
  code: StateCode;
  name: Name;
  since: string | null;
  reason: Name | null;
}

export interface User {
  id: string;
  name: string;
  display_name: string;
  roles: string[];
  body: string | null;
  actions: string[];
}
export interface Session {
  user: User;
  expires_at: string;
}
export interface Account {
  id: string;
  name: string;
  display_name: string;
  roles: string[];
  body: string | null;
  disabled: boolean;
  last_seen_at: string | null;
}

export interface MapLayer {
  id: string;
  name: Name;
  geometry: 'point' | 'line' | 'polygon';
  schematic: boolean;
  source: string;
  licence: string;
  accuracy: string;
  features: number;
}
export interface County {
  division: string;
  name: Name;
  extent: [number, number, number, number];
  source: string;
  neighbours: unknown[];
  simulating: boolean;
  layers: MapLayer[];
  version: string;
}

export interface Headline {
  factor: string;
  name: Name;
  value: string;
  unit: string;
  time: string;
  level: Name | null;
  colour: string | null;
}
export interface PointSummary {
  id: string;
  ledger: string;
  key: string;
  name: Name;
  kind: string;
  kind_name: Name;
  township: string | null;
  township_name: Name | null;
  owner: string | null;
  location: { lon: number; lat: number; accuracy: string; note: string } | null;
  location_note: string | null;
  simulated: boolean;
  schematic: boolean;
  state: State;
  last_data_at: string | null;
  connected: boolean;
  rates: { transmission: string | null; valid: string | null; effective: string | null } | null;
  headline: Headline | null;
}
export interface FactorLimit {
  factor: string;
  period: string;
  upper: string | null;
  lower: string | null;
  unit: string;
  converted: boolean;
  basis: string;
  valid_from: string | null;
  valid_until: string | null;
  unconfirmed: boolean;
}
export interface Factor {
  code: string;
  name: Name;
  unit: string;
}
export interface Device {
  mn: string;
  st: string;
  from: string | null;
  until: string | null;
  strictness: string;
  addresses: string[];
  password_set: boolean;
  sm4: boolean;
  edition: string | null;
  connected: boolean;
  peer: string | null;
  clock_drift_millis: number | null;
}
export interface PointDetail extends PointSummary {
  river: string | null;
  function_class: string | null;
  function_class_basis: string | null;
  standard: string | null;
  standard_grade: string | null;
  limits: FactorLimit[];
  factors: Factor[];
  devices: Device[];
  open_cases: CaseSummary[];
  record_id: string;
}
export interface Page<T> {
  items: T[];
  total: number;
  page: number;
}

export interface LatestValue {
  factor: string;
  name: Name;
  unit: string;
  statistic: string;
  value: string | null;
  mark: string | null;
  mark_name: Name | null;
  data_time: string;
  received_at: string;
  kind: number;
  frame: string | null;
}
export interface SeriesItem {
  time: string;
  value: string | null;
  min: string | null;
  max: string | null;
  mark: string | null;
  revision: number;
  frame: string | null;
}
export interface Series {
  point: string;
  factor: string;
  name: Name;
  unit: string;
  kind: string;
  items: SeriesItem[];
  truncated: boolean;
}
export interface LimitLine {
  value: string | null;
  lower: string | null;
  unconfirmed?: boolean;
  period: string;
  label: Name;
  basis: string;
  from: string | null;
  until: string | null;
  unit: string;
}
export interface Frame {
  sequence: string;
  received_at: string;
  transport: string;
  peer: string | null;
  text: string;
  hash: string;
  previous_hash: string | null;
  decoded: unknown;
}
export interface Anomaly {
  name: string;
  title: Name;
  count: number;
  last_at: string;
}
export interface CommandKind {
  kind: string;
  name: Name;
  cn: number;
  arguments: { key: string; name: Name; type: string; required: boolean; least: number | null; most: number | null; choices: string[] }[];
}
export interface Command {
  id: string;
  kind: string;
  name: Name;
  cn: number;
  arguments: unknown;
  state: string;
  reason: Name | string | null;
  asked_by: string;
  asked_at: string;
  sent_at: string | null;
  accepted_at: string | null;
  finished_at: string | null;
  qn_return: number | null;
  qn_return_name?: Name | null;
  execution_return: number | null;
  execution_return_name?: Name | null;
  answer: unknown;
}
export interface Quarantined {
  mn: string;
  st: string;
  first_at: string;
  last_at: string;
  packets: number;
  peer: string | null;
  sample: string | null;
}

export interface AirPeriod {
  time: string;
  date?: string;
  aqi: number | null;
  aqi_of_available?: number | null;
  level: number | null;
  category: Name | null;
  colour: string | null;
  primary: (Name | string)[];
  edition: string;
  verdict: string | null;
  valid: boolean;
  notes: Name[];
}
export interface AirToday {
  point: string;
  name: Name;
  simulated: boolean;
  hour: AirPeriod | null;
  day: AirPeriod | null;
  values: { factor: string; name: Name; value: string | null; unit: string; iaqi: number | string | null; valid: boolean; time: string }[];
}
export interface WaterToday {
  point: string;
  name: Name;
  simulated?: boolean;
  river: string | null;
  target_class: string | null;
  class: string | null;
  grade: Name | null;
  colour: string | null;
  compliant: boolean | null;
  main_pollutants: { factor: string; name: Name; multiple: string | null }[];
  time: string | null;
  edition: string;
  verdict: string | null;
  values: { factor: string; name: Name; value: string | null; unit: string; class: string | null }[];
}
export interface OutletPeriod {
  time: string;
  exceeding: boolean;
  items: { factor: string; name: Name; value: string | null; unit: string; limit: string | null; times: string | null; over?: Name | null; exceeding: boolean }[];
  verdict: string | null;
}
export interface OutletToday {
  point: string;
  name: Name;
  simulated?: boolean;
  enterprise: string | null;
  hour: OutletPeriod | null;
  day: OutletPeriod | null;
}
/** Rows of text cells exactly as shown; an empty cell is missing. The same address gives CSV. */
export interface Table {
  title: Name;
  method: Name;
  source: Name;
  as_of: string;
  simulated: boolean;
  columns: { key: string; label: Name; unit: string }[];
  rows: string[][];
}

export interface NamedCode {
  code: string;
  name: Name;
}
export interface VerdictItem {
  factor: string;
  name: Name;
  statistic: string;
  value: string;
  unit: string;
  limit: string | null;
  /** The limit is a lower bound. */
  lower: boolean;
  index: number | null;
  times: string | null;
  over?: Name | null;
  valid: boolean;
  exceeding: boolean;
  primary: boolean;
  count: number;
}
export interface VerdictInput {
  factor: string;
  name: Name;
  statistic?: string;
  /** HJ 212 CN; 0: a value that is a verdict itself. */
  kind: number;
  data_time: string;
  value: string | null;
  unit: string;
  mark: string | null;
  mark_name?: Name;
  used: boolean;
  why: Name | null;
  frame: string | null;
  verdict?: string | null;
  revision: number;
}
export interface VerdictBrief {
  id: string;
  point: { id: string; name: Name };
  level: string;
  label: string;
  start: string;
  end: string;
  summary: Name;
  exceeding: boolean;
  /** The period is not over yet. */
  running: boolean;
  simulated: boolean;
  tier: string;
  revision: number;
  judged_at: string;
}
export interface Verdict extends VerdictBrief {
  standard: { code: string; title: Name; edition: string; clause: string | null; in_force_from: string | null };
  outcome: { index: number | null; index_of_available: number | null; level: Name | null; colour: string | null; valid: boolean; items: VerdictItem[] };
  steps: { text: Name; clause: string | null }[];
  inputs: VerdictInput[];
  notes: Name[];
  revisions: { revision: number; judged_at: string; summary: Name; cause: Name | null }[];
}

export interface CaseSummary {
  id: string;
  number: string;
  workflow: string;
  title: Name;
  state: NamedCode;
  severity: NamedCode;
  point: string | null;
  point_name: Name | null;
  simulated?: boolean;
  owner: string | null;
  owner_name: Name | string | null;
  assignee: string | null;
  assignee_name?: string | null;
  due_at: string | null;
  overdue: boolean;
  opened_at: string;
  closed_at: string | null;
  exceedances: number;
  revision: number;
}
export interface Evidence {
  hash: string;
  file_name: string;
  size: number;
  content_type: string;
  by: string;
  at: string;
}
export interface CaseAction {
  code: string;
  name: Name;
  needs_note: boolean;
  needs_evidence: boolean;
  needs_assignee?: boolean;
  allowed: boolean;
  why_not: Name | string | null;
}
export interface CaseDetail extends CaseSummary {
  timeline: { at: string; actor: string; actor_name?: string; action: NamedCode; note: string | null; evidence: string[] }[];
  evidence: Evidence[];
  actions: CaseAction[];
  verdicts: string[];
}

export interface CollectStatus {
  trouble?: Name | null;
  packets_today: number;
  packets_per_second: number | string;
  connections: number;
  last_packet_at: string | null;
  duplicates: number;
  refused: number;
  quarantined: number;
}
export interface WrongNow {
  point: string;
  name: Name;
  kind: string;
  state: State;
  since: string | null;
  reason: Name | null;
  case_id: string | null;
}
export interface Overview {
  at: string;
  trouble: Name | null;
  collect: CollectStatus;
  points: { total: number; by_state: Partial<Record<StateCode, number>>; by_kind: { kind: string; name: Name; total: number; by_state: Partial<Record<StateCode, number>> }[] };
  cases: { open: number; overdue: number; unassigned: number; items: CaseSummary[] };
  air: AirToday[];
  water: WaterToday[];
  outlets: OutletToday[];
  wrong_now: WrongNow[];
}

export interface ImportProfile {
  id: string;
  name: Name;
}
export interface ImportReport {
  rows: number;
  values: number;
  missing: number;
  accepted: number;
  duplicates: number;
  rejected: number;
  problems: { row: number; column: string; problem: Name }[];
  problems_not_listed: number;
}

export interface LedgerField {
  id: string;
  label: Name;
  help: Name | null;
  /** `text`, `integer`, `decimal`, `date`, `datetime`, `bool`, `code`, `link`, `location`, `list`, `table`. */
  type: string;
  items: string | null;
  unit: string | null;
  required: boolean;
  sensitive: boolean;
  public: boolean;
  filter: boolean;
  codes: string | null;
  ledgers: string[];
  columns: LedgerField[];
  min: string | null;
  max: string | null;
  max_length: number;
}
export interface LedgerSummary {
  id: string;
  name: Name;
  help: Name | null;
  group: string;
  geometry: string;
  public: boolean;
  observed: boolean;
  records: number;
}
export interface Ledger extends LedgerSummary {
  version: number;
  key: string;
  title: string;
  filters: string[];
  fields: LedgerField[];
  code_lists: Record<string, { code: string; name: Name; colour: string | null }[]>;
  colours: { when: string; colour: string; name: Name }[];
  editable: boolean;
}
export interface Location {
  lon: number;
  lat: number;
  accuracy: string;
  note: string;
}
export interface LedgerRecord {
  id: string;
  ledger: string;
  key: string;
  title: Name;
  fields: Record<string, unknown>;
  location: Location | null;
  location_note: string;
  source: string;
  note: string;
  simulated: boolean;
  schematic: boolean;
  valid_from: string | null;
  revision: number;
  updated_at: string;
  updated_by: string;
  deleted: string | null;
  editable: boolean;
  /** State by the ledger's colour rules. */
  state?: { colour: string; name: Name } | null;
  /** Field to the records that it links to. */
  links?: Record<string, { id: string; ledger: string; key: string; title: Name }[]>;
}
export interface FieldChange {
  field: string;
  label?: Name;
  before?: unknown;
  after?: unknown;
  old?: unknown;
  new?: unknown;
}
export interface RecordRevision {
  revision: number;
  at: string;
  by: string;
  reason: string | null;
  changes?: FieldChange[];
}

export interface StandardCell {
  text: string;
  confirmed: boolean;
}
export interface StandardTable {
  id: string;
  title: Name;
  clause: string;
  columns: { id: string; title: Name; unit: string }[];
  rows: StandardCell[][];
  notes: Name[];
}
export interface StandardBrief {
  id: string;
  code: string;
  family: string;
  edition: string;
  title: Name;
  effects: { divisions: string[]; from: string; until: string | null; basis: string }[];
  replaces: string[];
  confirmed: boolean;
  /** Figures that are shown and not judged by. */
  unconfirmed: number;
  tables: number;
}
export interface Standard extends Omit<StandardBrief, 'tables'> {
  source: string;
  notes: Name[];
  tables: StandardTable[];
  figures: { id: string; title: Name; value: StandardCell; unit: string; clause: string }[];
  unconfirmed_figures: { figure: string; text: string; unit: string; title: Name; clause: string }[];
}

export interface AuditEvent {
  sequence: number;
  id: string;
  at: string;
  actor: string;
  kind: string;
  subject: string | null;
  payload: unknown;
  hash: string;
  previous_hash?: string | null;
}

export interface PointSuspicions {
  point: { id: string; name: Name };
  enterprise: string | null;
  simulated: boolean;
  suspicions: { check: string; title: Name; factor: string; from: string; until: string; statistic: Name }[];
}
