// Made by scripts/api-types.mjs from the OpenAPI document. Do not edit.

export type Accuracy = "surveyed" | "approximate" | "township_centre" | "schematic";

/** Everything that can be asked of the program. */
export type Action = "read_cases" | "assign_cases" | "import_data" | "edit_registers" | "manage_users" | "read_audit" | "read_monitoring" | "read_frames" | "work_cases" | "close_cases" | "command_stations" | "adopt_devices" | "review_data" | "read_plan" | "edit_plan" | "approve_plan" | "design_ledgers" | "inspect_projects" | "save_admissions";

export interface ActionRequest {
  action: string;
  note?: string;
  /** User id, one of `/api/cases/{id}/assignees`. */
  assignee: Id | null;
  /** Not used: the name is that of the account. */
  assignee_name?: string;
  /** Revision that the caller saw. */
  revision: number | null;
  /** Of a step that writes a record: what was filled in, by field of its ledger. */
  fields?: { [key: string]: unknown };
}

/** What the caller could do now, and why not where not. */
export interface ActionView {
  code: string;
  name: Name;
  needs_note: boolean;
  needs_evidence: boolean;
  needs_assignee: boolean;
  allowed: boolean;
  why_not: string | null;
  /** The record that the step writes. */
  writes: StepForm | null;
}

/** Whether the parts of a countable indicator add up. */
export interface AddedUp {
  year: number;
  /** All bodies, from the first year to this one. */
  sum: string;
  path: number | null;
  /** How much the parts fall short of the path; `None`: they do not. */
  short: number | null;
}

export interface Adopt {
  mn: string;
  /** System code ST. */
  st: string;
  /** Id of the point. */
  point: string;
}

/** What an adoption brought over. */
export interface AdoptionReport {
  /** The device's MN; a new one where it had none. */
  mn: string;
  frames: number;
  stored: number;
  duplicates: number;
  /** Frames that the station's tolerance, password or key refuses: they stay in quarantine. */
  refused: number;
}

/** An air station now. */
export interface AirRow {
  station: Name;
  simulated: boolean;
  schematic: boolean;
  situation: Situation;
  /** Start of the hour judged. */
  time: Timestamp | null;
  aqi: number | null;
  category: Name | null;
  /** `#rrggbb` of the category, from the standard. */
  colour: string | null;
  primary: Name[];
  edition: string;
  factors: PublicFactor[];
}

export interface AirToday {
  point: string;
  name: Name;
  simulated: boolean;
  hour: AqiView | null;
  day: AqiView | null;
  /** The pollutants of the newest hour. */
  values: AirValue[];
}

export interface AirValue {
  factor: string;
  name: Name;
  value: string;
  unit: string;
  iaqi: number | null;
  valid: boolean;
  time: Timestamp;
}

export interface AnomalyRow {
  name: string;
  title: Name;
  count: number;
  last_at: Timestamp;
}

export interface Answer {
  verdict: Verdict;
  name: Name;
  /** All rules in force: hits first, then what could not be decided, then the clear ones. */
  rules: RuleResult[];
  missing: Name[];
  /** Some measurement rests on a schematic (示意) layer. */
  schematic: boolean;
  area_m2: number;
}

/** An index as shown. */
export interface AqiView {
  /** Start of the hour, or of the day. */
  time: Timestamp;
  /** Of a day. */
  date: string | null;
  /** `null` = NA. */
  aqi: number | null;
  aqi_of_available: number | null;
  /** 1..=6. */
  level: number | null;
  category: Name | null;
  colour: string | null;
  primary: Name[];
  edition: string;
  verdict: string;
  valid: boolean;
  exceeding: boolean;
  notes: Name[];
}

export interface ArgumentRow {
  key: string;
  name: Name;
  /** `time`, `number`, `choice`, `factor`. */
  type: string;
  required: boolean;
  least: number | null;
  most: number | null;
  choices: string[];
}

export interface Ask {
  kind: CommandKind;
  /** CP fields by name; values as text. */
  arguments?: { [key: string]: string };
}

export interface Assessment {
  kind: Kind;
  year: number;
  title: Name;
  plan: Name;
  /** Revision of the plan that it was written under. */
  plan_revision: number;
  as_of: Timestamp;
  /** Rests on simulated (模拟) data. */
  simulated: boolean;
  sections: Section2[];
}

export interface AssessmentRequest {
  kind: Kind;
  year: number | null;
}

/** A value that is pretended. */
export interface Assumption {
  indicator: string;
  year: number;
  value: number;
}

export interface AttachQuery {
  file_name: string;
  note: string | null;
}

/** A file beside an item. */
export interface Attached {
  /** SHA-256, lower-case hexadecimal. */
  hash: string;
  file_name: string;
}

/** A file on a record. */
export interface Attachment {
  /** SHA-256 in hexadecimal. */
  hash: string;
  file_name: string;
  size: number;
  content_type: string;
  note: string;
  /** `lon,lat` where a photo says it was taken; only for those who may edit the record. */
  place: string | null;
  by: string;
  at: Timestamp;
  /** Why it was taken off. */
  removed: string | null;
  /** There is a small picture of it. */
  thumbnail: boolean;
  /** What it tells of place, device and time cannot be taken out, so that only those who may edit the record get it; `None`: uploaded before this was looked at. */
  editors_only: boolean | null;
}

/** One of the answers that an attribute knows. */
export interface AttributeValue {
  code: string;
  name: Name;
}

/** Where a value comes from. */
export type Basis = "formula" | "document" | "missing" | "stated";

export interface Batch {
  items: Item[];
}

export type Bindingness = "binding" | "expected" | "text";

export interface Bodies {
  year: number;
  bodies: BodyScore[];
  scheme: Scheme;
  /** Tasks that the plan gives to nobody and that nobody has been given since. */
  unassigned_tasks: [string, string][];
}

export interface BodyDetail {
  body: string;
  key: string | null;
  year: number;
  score: BodyScore | null;
  duties: Duty[];
  /** Of all years. */
  targets: BodyTarget[];
  items: Item2[];
  scheme: Scheme;
  may_enter: boolean;
  may_approve: boolean;
}

export interface BodyScore {
  body: string;
  duties: number;
  /** With an approved report. */
  reported: number;
  scored: number;
  /** Duties of which something was due in the year. */
  due: number;
  score: number | null;
  /** Not ranked, because too little of what was due was scored (`least_scored` of the scheme). */
  too_few: boolean;
  rank: number | null;
  estimate: string;
}

/** What one body is asked for in one year. */
export interface BodyTarget {
  /** `indicator:pm25`, `task:T-3.1-1`. */
  subject: string;
  name: string;
  body: string;
  year: number;
  what: string;
  /** `None`: in words only. */
  target: string | null;
  unit: string;
  /** What the body's approved report says; `None`: not reported, or not approved. */
  reached: string | null;
  /** `None` without a target, a value or a direction. */
  met: boolean | null;
  /** Asks less than the plan's own path does in that year. */
  weaker: boolean;
  item: Id;
  report: Id | null;
  report_state: State2 | null;
}

/** Bounds of the values of a unit; the unit `*` stands for all that are not named. */
export interface Bound {
  unit: string;
  least: string | null;
  most: string | null;
}

/** What is to change. */
export interface BulkEdit {
  ids: Id[];
  /** Field → new value; `null` empties it. `source`, `note` and the like count as fields. */
  set?: { [key: string]: unknown };
  add_tags?: string[];
  remove_tags?: string[];
  reason: string;
  /** Nothing is written. */
  dry_run?: boolean;
}

/** What changes on one record, or why it cannot. */
export interface BulkLine {
  id: Id;
  key: string;
  title: Name;
  changes: Change[];
  problem: string | null;
}

export interface BulkReport {
  lines: BulkLine[];
  changed: number;
  problems: number;
  written: boolean;
}

/** What makes one row. */
export type By = "point" | "enterprise" | "body" | "kind" | "all";

export interface CaseCounts {
  open: number;
  overdue: number;
  unassigned: number;
  /** Of the open ones, those of duties of ledgers. */
  duties: number;
  /** Overdue first, then by due time. */
  items: CaseSummary[];
}

export interface CaseDetail {
  id: Id;
  number: string;
  workflow: string;
  title: Name;
  state: NamedCode;
  severity: NamedCode;
  /** Point id; empty for a duty of a record. */
  point: string;
  point_name: Name;
  /** The duty of a record that it is about. */
  duty: DutyLink | null;
  /** Rests on simulated (模拟) data. */
  simulated: boolean;
  owner: string;
  owner_name: Name;
  assignee: Id | null;
  assignee_name: string | null;
  due_at: Timestamp;
  overdue: boolean;
  opened_at: Timestamp;
  closed_at: Timestamp | null;
  spell_from: Timestamp;
  spell_until: Timestamp;
  exceedances: number;
  revision: number;
  /** The newest entries, oldest first. */
  timeline: EntryView[];
  /** Entries before those. */
  older_entries: number;
  evidence: Evidence[];
  actions: ActionView[];
  verdicts: string[];
}

export interface CasePage {
  items: CaseSummary[];
  total: number;
  page: number;
}

export interface CaseQuery {
  /** `open`, `closed`, or a state of the workflow. */
  state: string | null;
  mine?: boolean;
  overdue?: boolean;
  /** `alarm` or `duty`. */
  workflow: string | null;
  /** Point id. */
  point: string | null;
  /** Record id: cases of its duties. */
  record: Id | null;
  page: number | null;
  page_size: number | null;
}

export interface CaseSummary {
  id: Id;
  number: string;
  workflow: string;
  title: Name;
  state: NamedCode;
  severity: NamedCode;
  /** Point id; empty for a duty of a record. */
  point: string;
  point_name: Name;
  /** The duty of a record that it is about. */
  duty: DutyLink | null;
  /** Rests on simulated (模拟) data. */
  simulated: boolean;
  owner: string;
  owner_name: Name;
  assignee: Id | null;
  assignee_name: string | null;
  due_at: Timestamp;
  overdue: boolean;
  opened_at: Timestamp;
  closed_at: Timestamp | null;
  spell_from: Timestamp;
  spell_until: Timestamp;
  exceedances: number;
  revision: number;
}

/** A cell; what it rests on is one link away. */
export interface Cell {
  text: string;
  /** The verdict that the number comes from. */
  verdict: string | null;
  /** Shown as a warning. */
  alarm: boolean;
}

/** One indicator in one year. */
export interface Cell2 {
  value: number | null;
  basis: Basis;
  /** What the formula gave, taken or not. */
  computed: number | null;
  numerator: number | null;
  denominator: number | null;
  documented: number | null;
  stated: number | null;
  error: FormulaError | null;
  missing: Name[];
  /** Rests on simulated (模拟) data. */
  simulated: boolean;
}

export interface CellView {
  text: string;
  confirmed: boolean;
}

/** One field that differs between two revisions. */
export interface Change {
  field: string;
  label: Name;
  before: unknown;
  after: unknown;
}

/** A table, the figures beside it, and where the values it rests on are. */
export interface Chart {
  title: Name;
  method: Name;
  source: Name;
  as_of: Timestamp;
  /** Rests on simulated (模拟) data. */
  simulated: boolean;
  columns: Column[];
  rows: string[][];
  figures: Figure[];
  /** The hours behind it, as CSV. */
  data: string;
  /** Hours that the chart rests on. */
  hours: number;
}

export interface ChartBlock {
  kind: ChartForm;
  title: Name;
  categories: Name[];
  series: ChartSeries[];
}

export type ChartForm = "line" | "bar";

export interface ChartQuery {
  point: string;
  /** HJ 212 code; several with commas where a chart takes several. */
  factor: string | null;
  /** Without it: 365 days before `until`. */
  from: string | null;
  /** Exclusive; without it: now. */
  until: string | null;
  format?: Format;
}

export interface ChartSeries {
  name: Name;
  /** Six hexadecimal digits. */
  colour: string;
  dashed: boolean;
  /** In the order of the categories; a gap where nothing is known. */
  values: (number | null)[];
}

export interface CheckQuery {
  /** `false`: only an answer, no number. */
  save: boolean | null;
}

export interface CodeView {
  code: string;
  name: Name;
  colour: string | null;
  /** Neither offered nor taken anew. */
  retired: boolean;
}

export interface CollectView {
  trouble: Name | null;
  packets_today: number;
  packets_per_second: number;
  connections: number;
  last_packet_at: Timestamp | null;
  duplicates: number;
  refused: number;
  /** Refused since start by reason, most first. */
  refusals: RefusalCount[];
  quarantined: number;
}

export interface ColourView {
  /** CEL. */
  when: string;
  colour: string;
  name: Name;
}

export interface Column {
  key: string;
  label: Name;
  unit: string;
}

export interface ColumnView {
  id: string;
  title: Name;
  unit: string;
}

export interface Columns {
  columns: string[];
}

/** A command and how far it has come. */
export interface CommandAnswerBody {
  id: Id;
  point: string;
  mn: string;
  kind: CommandKind;
  name: Name;
  cn: number;
  arguments: [string, string][];
  state: CommandState;
  reason: CommandReason;
  asked_by: string;
  asked_at: Timestamp;
  sent_at: Timestamp | null;
  accepted_at: Timestamp | null;
  finished_at: Timestamp | null;
  tries: number;
  /** QnRtn of 9011 and what it means. */
  qn_return: number | null;
  qn_return_name: Name | null;
  /** ExeRtn of 9012 and what it means. */
  execution_return: number | null;
  execution_return_name: Name | null;
  /** What the device answered beside the return codes. */
  answer: string | null;
}

/** What can be asked of a station (反控命令). */
export type CommandKind = "get_time" | "set_time" | "get_realtime_interval" | "set_realtime_interval" | "get_minute_interval" | "set_minute_interval" | "set_timeout" | "start_realtime" | "stop_realtime" | "history" | "calibrate" | "sample_now" | "clean" | "keep_sample" | "standard_check";

/** Why a command was given. */
export type CommandReason = "manual" | "gap" | "clock";

/** Life of a command: queued → sent → accepted (9011, QnRtn=1) → done or failed (9012). */
export type CommandState = "queued" | "sent" | "accepted" | "refused" | "done" | "failed" | "timed_out";

export interface ConditionView {
  id: string;
  name: Name;
  /** Longest window that holds without a reviewer. */
  hours: number;
  /** Names of the factors that do not judge within it; empty: all. */
  factors: Name[];
  standard: string;
  /** Marks by hand are made before this hour of the next day. */
  deadline_hour: number;
  /** Its figures are confirmed; until they are, every mark of it waits for a reviewer. */
  confirmed: boolean;
  /** The emission standards of the facilities that it is of; a mark anywhere else waits. */
  fits: string[];
}

/** What an item says. Amounts of money are in 万元. */
export type Content = {
  kind: "value";
  value: string;
} | {
  kind: "target";
  target_year: number;
  operator: string;
  value: string;
} | {
  kind: "money";
  step: MoneyStep;
  source: MoneySource;
  amount: string;
} | {
  kind: "quantity";
  quantity: string;
  amount: string;
  unit: string;
} | {
  kind: "stage";
  to: string;
} | {
  kind: "milestone";
  name: string;
  /** `2026-06-30` */
  due: string;
  done: string | null;
} | {
  kind: "contract";
  number: string;
  party: string;
  amount: string;
  signed_on: string;
} | {
  kind: "change";
  what: string;
  before: string;
  after: string;
  /** The new estimate (调整后估算), where that is what changes: money is checked against it. */
  estimate: string | null;
} | {
  kind: "inspection";
  finding: string;
  lon: number | null;
  lat: number | null;
} | {
  kind: "assignment";
  body: string;
  target: string | null;
  what: string;
} | {
  kind: "report";
  body: string;
  /** 0 to 1. */
  progress: string;
  /** What was reached, in the unit of the indicator. */
  value: string | null;
  text: string;
} | {
  kind: "appeal";
  of: Id;
  text: string;
} | {
  kind: "retraction";
  of: Id;
  text: string;
};

export interface CountyAnswer {
  division: string;
  name: Name;
  /** West, south, east, north in degrees. */
  extent: number[];
  source: string;
  neighbours: NeighbourView[];
  /** Simulated (模拟) stations send, or have sent. */
  simulating: boolean;
  layers: LayerView[];
  version: string;
}

export interface Criterion {
  code: string;
  name: Name;
  points: number;
  /** CEL that gives a share between 0 and 1. */
  share: string;
  explain: Name;
}

/** One year of the S-curve, cumulative, 万元. */
export interface CurveYear {
  year: number;
  /** The estimates spread evenly over each project's period: an assumption, and said so. */
  even: string;
  arranged: string | null;
  arrived: string | null;
  paid: string | null;
}

export interface DataQuery {
  format?: Format;
}

export interface DaysQuery {
  point: string | null;
  year: number | null;
  /** `2012` or `2026`: recompute every day under one edition; without it: as judged then. */
  edition: string | null;
  format?: Format;
}

export interface DaysQuery2 {
  point: string | null;
  year: number | null;
  format?: Format;
}

export interface DecisionItem {
  accepted: boolean;
  reason: string;
}

export interface DecisionRequest {
  /** `approved`, `returned`; `withdrawn` by the author. */
  to: State2;
  note?: string;
}

export interface DecisionView {
  accepted: boolean;
  reason: string;
  by: string;
  at: Timestamp;
}

export interface DeleteQuery {
  revision: number;
  reason: string;
}

/** A computed value, or why there is none. */
export interface DerivedValue {
  id: string;
  label: Name;
  help: Name | null;
  unit: string | null;
  formula: string;
  value: string | null;
  missing: Name | null;
}

/** What going back needs. */
export interface DesignBack {
  reason: string;
  /** Revision of the definition that was seen. */
  revision: number;
  /** Paths of the changes that were shown and are accepted. */
  accepted?: string[];
}

/** One difference between two definitions, with what stored records say to it. */
export interface DesignChange {
  /** Names the change when it is accepted, such as `field.phone.public`. */
  path: string;
  what: Name;
  before: unknown;
  after: unknown;
  effect: Effect;
  why: Name | null;
  /** Records that it concerns. */
  records: number;
  /** Keys of some of them. */
  examples: string[];
  /** What is wrong with the first of them, when the new definition would not take it. */
  complaint: Name | null;
}

/** A definition that somebody wants, as TOML or as JSON. */
export interface DesignCheckBody {
  kind: PartKind;
  /** TOML; counts before `design`. */
  text: string | null;
  design: { [key: string]: unknown } | null;
}

/** A definition in the list of all. */
export interface DesignLine {
  kind: PartKind;
  id: string;
  name: Name;
  /** Where it comes from; none: it is not in force any more. */
  origin: Origin | null;
  /** Of the definition, not of its text. */
  version: number | null;
  revision: number;
  at: Timestamp | null;
  by: string;
  /** The release or the pack has changed what the designer wrote upon. */
  base_changed: boolean;
  /** What the designer wrote does not hold under this release. */
  broken: boolean;
}

/** Why a text cannot be a definition. */
export interface DesignProblem {
  file: string;
  line: number;
  column: number;
  /** Such as `QP-202`. */
  code: string;
  what: Name;
  hint: Name;
  excerpt: string;
}

/** What a definition would change. */
export interface DesignReport {
  kind: PartKind;
  id: string;
  text: string;
  design: { [key: string]: unknown };
  problems: DesignProblem[];
  changes: DesignChange[];
  /** Paths of the changes that must be accepted. */
  to_accept: string[];
  refused: boolean;
  /** Records of the ledger, living or deleted. */
  records: number;
  /** How its form would look; of a ledger without problems. */
  form: LedgerForm | null;
  colours: ColourView[];
  geometry: string | null;
}

export interface DesignRevisionView {
  revision: number;
  at: Timestamp;
  by: string;
  reason: string;
  origin: Origin;
  /** TOML; none: there was none from then on. */
  text: string | null;
}

/** What saving needs beside the definition. */
export interface DesignSaveBody {
  kind: PartKind;
  /** TOML; counts before `design`. */
  text: string | null;
  design: { [key: string]: unknown } | null;
  /** Why it is changed. */
  reason: string;
  /** Revision of the definition that was seen; 0 for a new one. */
  revision: number;
  /** Paths of the changes that were shown and are accepted. */
  accepted?: string[];
}

/** A definition with its history. */
export interface DesignView {
  kind: PartKind;
  id: string;
  name: Name;
  /** Where it comes from; none: it is not in force any more. */
  origin: Origin | null;
  /** Of the definition, not of its text. */
  version: number | null;
  revision: number;
  at: Timestamp | null;
  by: string;
  /** The release or the pack has changed what the designer wrote upon. */
  base_changed: boolean;
  /** What the designer wrote does not hold under this release. */
  broken: boolean;
  text: string | null;
  /** The same as JSON, for the form. */
  design: { [key: string]: unknown } | null;
  /** What the release or the pack says, when the designer says otherwise. */
  base: string | null;
  problems: DesignProblem[];
  /** Newest first. */
  revisions: DesignRevisionView[];
}

/** Words that a definition may use, for the form. */
export interface DesignWords {
  /** Of text fields. */
  formats: string[];
  /** What a record that is a point can be. */
  point_kinds: PointKindWord[];
  /** What a field of such a record can tell. */
  roles: string[];
}

/** A device of a point and its connection. What would help to pass oneself off as the device (MN, addresses, whether there is a password) is null for those who may neither read frames nor command stations. */
export interface DeviceRow {
  mn: string | null;
  st: string;
  from: Timestamp;
  until: Timestamp | null;
  strictness: string;
  addresses: string[] | null;
  password_set: boolean | null;
  sm4: boolean;
  edition: string | null;
  connected: boolean;
  peer: string | null;
  connected_since: Timestamp | null;
  last_frame_at: Timestamp | null;
  clock_drift_millis: number | null;
}

/** A rule that now says something else. */
export interface Difference {
  rule: string;
  name: Name;
  /** What it said; nothing: there was no such rule. */
  then: Name | null;
  now: Name | null;
}

export type Direction = "higher_is_better" | "lower_is_better" | "neutral";

export interface Discard {
  mn: string;
  /** System code ST. */
  st: string;
}

/** What was taken out of quarantine without becoming data. The raw frames stay where all frames are. */
export interface DiscardReport {
  mn: string;
  frames: number;
}

/** What a person writes: fields by id, and `location`, `location_note`, `source`, `note`, `simulated`, `schematic`, `valid_from` beside them. */
export interface Draft {
  fields: { [key: string]: unknown };
  /** Why it is written. */
  reason: string;
  /** Revision that was seen, when an existing record is revised. */
  revision: number | null;
}

/** What somebody wants to enter. */
export interface Draft2 {
  subject: string;
  year: number;
  content: Content;
  note?: string;
  evidence?: Attached[];
  /** The approved item that this one corrects: it counts no more once this one is approved. */
  replaces: Id | null;
}

export interface Duty {
  /** `project:7`, `task:T-3.1-1`, `indicator:pm25`. */
  subject: string;
  name: string;
  part: Part;
  /** Projects (`project:9`) that the duty was inferred from, where the plan names no body. */
  inferred_from: string[];
  /** Share that should be done by the end of the year. */
  due: number;
  /** Newest approved report of the year, else the newest that was not withdrawn. */
  report: Id | null;
  report_state: State2 | null;
  /** A report after the approved one that was not approved. */
  pending: Id | null;
  pending_state: State2 | null;
  progress: number | null;
  criteria: Scored[];
  /** Per cent of the points that could be scored. */
  score: number | null;
  /** Why it is scored although nothing was reported. */
  unreported: Name | null;
}

/** The case of a duty, in short. */
export interface DutyCase {
  id: Id;
  number: string;
  /** State of the workflow. */
  state: Name;
  owner_name: Name;
  closed: boolean;
}

/** The duty of a record that a case is about (台账事项), as it was when the case was opened. */
export interface DutyLink {
  record: Id;
  ledger: string;
  key: string;
  title: Name;
  duty: string;
  name: Name;
  /** `2026-12-31`. */
  last_day: string;
  /** What shows that it was done. */
  evidence: Name | null;
  /** The record is simulated (模拟). */
  simulated: boolean;
  /** The record is invented to show the use (示意). */
  schematic?: boolean;
  /** None while the record asks for it. */
  settled: Settled | null;
}

export interface DutyQuestion {
  ledger: string | null;
  /** Only those of this record (id). */
  record: Id | null;
  /** `true`: also those that are not due yet, lack their date or are done. */
  all: boolean | null;
}

/** How a duty stands. */
export type DutyState = "overdue" | "due" | "coming" | "undated" | "done";

export interface DutyView {
  id: string;
  name: Name;
  date: string;
  before_days: number | null;
  within_working_days: number | null;
  every_months: number | null;
}

/** Periods that the time is cut into. */
export type Each = "day" | "month" | "year" | "whole";

/** A value or a target of a year before this plan. */
export interface Earlier {
  year: number;
  /** As the source prints it. */
  value: string | null;
  /** Operator and figure, or the words of it. */
  target: string | null;
  place: string;
}

export type Effect = "fine" | "accept" | "refused";

export interface EffectView {
  /** Division prefixes; empty: the nation. */
  divisions: string[];
  from: string;
  until: string | null;
  basis: string;
}

export interface EnterpriseFile {
  record: RecordView;
  /** The day that records, their links and limits are shown as of. */
  as_of: string;
  /** When readings, verdicts and cases were taken out. */
  extracted_at: Timestamp;
  verdicts_from: string;
  verdicts_until: string;
  permits: RecordView[];
  outlets: OutletFile[];
  cases: CaseSummary[];
  sections: FileSection[];
  /** More records or cases belong to it than one answer holds. */
  more: boolean;
  /** What a full file would hold and this one does not. */
  missing: Name[];
}

/** A cell: what it says, and where a reader sees why. */
export interface Entry {
  text: string;
  /** Path of a page of this platform. */
  href: string | null;
  /** The text is a number. */
  number: boolean;
  /** Draws a bar of this share, 0 to 1. */
  bar: number | null;
}

/** What an item is about, as `kind` of its content says it. */
export type EntryKind = "value" | "target" | "money" | "quantity" | "stage" | "milestone" | "contract" | "change" | "inspection" | "assignment" | "report" | "appeal" | "retraction";

export interface EntryView {
  at: Timestamp;
  actor: string;
  actor_name: string;
  action: NamedCode;
  note: string;
  evidence: string[];
  /** The record that the step wrote. */
  record: StepRecord | null;
}

/** An event as the log holds it. */
export interface Event {
  sequence: number;
  id: Id;
  at: Timestamp;
  kind: string;
  actor: string;
  subject: string;
  payload: unknown;
  /** SHA-256, lower-case hexadecimal. */
  previous_hash: string;
  hash: string;
}

export interface EventList {
  items: Event[];
  last_sequence: number;
  /** Names of the people and points that the entries give by number, as they are called today. */
  names: { [key: string]: Name };
}

export interface EventQuery {
  /** Events before this sequence number; the newest when left out. */
  before: number | null;
  limit: number | null;
}

export interface Evidence {
  /** SHA-256, lower-case hexadecimal. */
  hash: string;
  file_name: string;
  size: number;
  content_type: string;
  by: string;
  at: Timestamp;
}

/** Where a reader can see what a fact rests on. */
export interface Evidence2 {
  label: Name;
  /** Path of the API or page. */
  href: string;
}

export interface EvidenceQuery {
  file_name?: string;
}

/** A value in a fact. Numbers that must be exact travel as decimal text beside their meaning. */
export type FactValue = null | boolean | number | string | FactValue[] | { [key: string]: FactValue };

/** One of a point's own limits, such as those of its discharge permit. */
export interface FactorLimit {
  /** HJ 212 factor code. */
  factor: string;
  period: LimitPeriod;
  upper: string | null;
  lower: string | null;
  unit: string;
  /** Compare the value converted to reference conditions (折算值), not the measured one. */
  converted: boolean;
  /** Document, permit clause or table the limit stands in. */
  basis: string;
  valid_from: Timestamp | null;
  /** Exclusive. */
  valid_until: Timestamp | null;
  /** `true`: the figure is not confirmed and never judges. */
  unconfirmed: boolean;
  /** Holds only under a condition that is measured itself. */
  when: LimitWhen | null;
}

export interface FactorName {
  code: string;
  name: Name;
}

export interface FactorView {
  code: string;
  name: Name;
  unit: string;
}

/** A field as a form, a table or a template needs it. */
export interface FieldView {
  id: string;
  label: Name;
  help: Name | null;
  /** `text`, `integer`, `decimal`, `date`, `datetime`, `bool`, `code`, `link`, `location`, `list` or `table`. */
  type: string;
  /** Of a list: the type of its entries. */
  items: string | null;
  unit: string | null;
  required: boolean;
  unique: boolean;
  public: boolean;
  sensitive: boolean;
  filter: boolean;
  codes: string | null;
  ledgers: string[];
  columns: FieldView[];
  min: string | null;
  max: string | null;
  max_length: number;
  /** Such as `uscc`; what a text must look like. */
  format: string | null;
  /** 停用: asked for no more. */
  retired: boolean;
}

/** One number of a chart that stands in no row: slope, p value, calm hours. */
export interface Figure {
  key: string;
  label: Name;
  /** Decimal text; empty: cannot be given. */
  value: string;
  unit: string;
}

export interface FigureView {
  id: string;
  title: Name;
  value: CellView;
  unit: string;
  clause: string;
}

export type FileFormat = "json" | "xlsx" | "docx";

export interface FileQuery {
  /** A day; today when left out. */
  as_of: string | null;
}

export interface FileQuery2 {
  /** `true`: the small picture where there is one. */
  thumbnail: boolean | null;
}

export interface FileQuery3 {
  file_name?: string;
}

/** A section of the file. A ledger that names the section stands there even when it says nothing of the enterprise. */
export interface FileSection {
  id: string;
  name: Name;
  ledgers: LedgerPart[];
}

/** Line and column, from 1. */
export interface Finding {
  /** Number of the rule; `docs/guides/plan.md` lists them. */
  code: string;
  severity: Severity;
  file: string;
  line: number;
  column: number;
  /** What it is about: `project:37`, `indicator:pm25`, `list:box4-river`, … */
  subjects: string[];
  what: Name;
  /** Why the rule is there. */
  why: Name;
  /** What to do about it. */
  hint: Name;
  /** Reason of the waiver that silences it. */
  waived: string | null;
}

export interface Findings {
  findings: Finding[];
  errors: number;
  warnings: number;
  waived: number;
  rules: [string, Name][];
}

/** What looking through a ledger found. */
export interface FitReport {
  ledger: string;
  looked_at: number;
  unfit: Unfit[];
  /** Beyond those listed. */
  more: number;
}

export interface FluxQuery {
  point: string;
  /** HJ 212 code of what is carried, such as `w21011`. */
  factor: string;
  from: string | null;
  until: string | null;
  /** Weight of the mean instantaneous flux in the mixed estimator, 0 to 1; without it a half. */
  alpha: string | null;
  format?: Format;
}

/** A forecast for one year. */
export interface Forecast {
  year: number;
  value: number;
  low: number;
  high: number;
  /** Whether both ends of the interval meet the target, or neither does; `None`: one does and the other not (说不准), or there is no target. */
  meets: boolean | null;
  /** A target stands for that year. */
  has_target?: boolean;
}

export interface ForecastRule {
  method: string;
  confidence: number;
  least_years: number;
}

export interface Forecasts {
  method: Name;
  years: Forecast[];
  /** Why there is none. */
  none_because: Name | null;
}

export type Format = "json" | "csv";

/** Why an indicator has no value although it has a formula. Each is named; none is ever read as zero. */
export type FormulaError = {
  code: "syntax";
  about: string;
} | {
  code: "unknown_name";
  about: string;
} | {
  code: "unknown_fact";
  about: string;
} | {
  code: "unknown_indicator";
  about: string;
} | {
  code: "cycle";
  about: string[];
} | {
  code: "division_by_zero";
} | {
  code: "unit_changed";
  about: {
    variable: string;
    expected: string;
    found: string;
  };
} | {
  code: "not_a_number";
} | {
  code: "fact_failed";
  about: {
    variable: string;
    why: string;
  };
} | {
  code: "evaluation";
  about: string;
};

export interface FramesQuery {
  /** Received before this time. */
  before: string | null;
  limit: number | null;
}

export interface GeometryQuery {
  /** `false` writes, when nothing is wrong; a dry run otherwise. */
  dry_run: boolean | null;
  /** `wgs84`, `cgcs2000`, `gcj02`, `gk` or `gk108`; left out: as the file says. */
  crs: string | null;
  /** `field:property,field:property`, beside those whose names match. */
  map: string | null;
  /** Source of records that have none. */
  source: string | null;
  schematic: boolean | null;
  /** How well places are known that the file says nothing of: `surveyed`, `approximate` (so where it is left out), `schematic`. */
  accuracy: string | null;
  /** Take the proposed fixes. */
  apply_fixes: boolean | null;
  reason: string | null;
}

/** What a file holds and what importing it did or would do. */
export interface GeometryReport {
  ledger: string;
  rows: number;
  created: number;
  revised: number;
  problems: ImportProblem2[];
  /** Problems beyond those listed. */
  more_problems: number;
  /** What the rows change on records that are there, row by row. */
  changes: ImportChange[];
  /** Rows with changes beyond those listed. */
  more_changes: number;
  /** Rows that say what their records say already: nothing is written of them. */
  unchanged: number;
  /** Fixes that were applied. */
  fixed: number;
  /** The first of them. */
  fixes: ImportFix[];
  /** All rows are in the store. */
  written: boolean;
  /** `geojson` or `shapefile`. */
  format: string;
  system: string;
  system_name: Name;
  /** `said` (by the person), `file`, `numbers`. */
  told_by: string;
  /** Properties of the file, and the fields that they fill. */
  properties: PropertyUse[];
  area_m2: number;
  /** What lies on the map, in WGS-84. */
  preview: { [key: string]: unknown };
  /** Features that the preview leaves out. */
  not_previewed: number;
}

/** A numbered target in force. */
export interface Goal {
  year: number;
  /** `>=`, `>`, `<=`, `<`, `=`. */
  operator: string;
  value: number;
  place: string;
  /** Changed after approval: number of the item that says why. */
  changed_by: string | null;
  /** Year of the approval of the change, from which it holds; `None`: from the beginning. */
  from: number | null;
  /** Year from which another one holds instead. */
  until: number | null;
  /** What it was before the change, as printed. */
  was: string | null;
}

/** The newest verdict of a point in one line. */
export interface Headline {
  factor: string;
  name: Name;
  value: string;
  unit: string;
  time: Timestamp;
  level: Name | null;
  colour: string | null;
}

export interface Home {
  name: Name;
  document: string;
  period: number[];
  horizon: number;
  year: number;
  years: number[];
  this_year: number;
  revision: number;
  approved_at: Timestamp | null;
  pending_revision: number | null;
  /** Why the files that the pack has now could not be read: the revision in force stays. */
  unreadable: string | null;
  /** Light → how many indicators. */
  lights: { [key: string]: number };
  /** Result of the period → how many. */
  results: { [key: string]: number };
  indicators: IndicatorRow[];
  projects: number;
  /** 万元, as the plan has it. */
  estimate: string;
  /** After approved changes. */
  estimate_now: string;
  arranged: string | null;
  paid: string | null;
  projects_without_stage: number;
  tasks: number;
  tasks_without_owner: number;
  findings: number;
  warnings: number;
  waiting: number;
  simulated: boolean;
  as_of: Timestamp;
}

export type Id = string;

/** What one row changes on the record of its key; what it clears has nothing after it. */
export interface ImportChange {
  row: number;
  key: string;
  changes: Change[];
}

/** A cell that was taken as something else than it says, because fixes were asked for. */
export interface ImportFix {
  row: number;
  column: number;
  field: string;
  from: string;
  to: string;
}

/** One finding about a cell. */
export interface ImportProblem {
  /** Line of the file, from 1; the header is line 1. */
  row: number;
  column: string;
  problem: Name;
}

/** One thing that is wrong with one cell. */
export interface ImportProblem2 {
  /** Row of the sheet or line of the CSV, from 1. */
  row: number;
  /** Column of the sheet, from 1; 0 for the whole row. */
  column: number;
  field: string;
  code: string;
  what: Name;
  hint: Name;
  /** What was probably meant; taken when the import is asked to apply fixes. */
  fix: string | null;
}

export interface ImportQuery {
  /** Id of a profile, such as `long` or `cnemc`. */
  profile: string;
  /** Read and check only. */
  dry_run?: boolean;
}

export interface ImportQuery2 {
  /** `false` writes, when nothing is wrong; a dry run otherwise. */
  dry_run: boolean | null;
  /** Take the proposed fixes. */
  apply_fixes: boolean | null;
  reason: string | null;
}

/** What an import did, or (dry run) would do. */
export interface ImportReport {
  rows: number;
  values: number;
  /** Cells that say "missing" in the profile's words. */
  missing: number;
  accepted: number;
  duplicates: number;
  rejected: number;
  problems: ImportProblem[];
  problems_not_listed: number;
}

/** What an import did or would do. */
export interface ImportReport2 {
  ledger: string;
  rows: number;
  created: number;
  revised: number;
  problems: ImportProblem2[];
  /** Problems beyond those listed. */
  more_problems: number;
  /** What the rows change on records that are there, row by row. */
  changes: ImportChange[];
  /** Rows with changes beyond those listed. */
  more_changes: number;
  /** Rows that say what their records say already: nothing is written of them. */
  unchanged: number;
  /** Fixes that were applied. */
  fixed: number;
  /** The first of them. */
  fixes: ImportFix[];
  /** All rows are in the store. */
  written: boolean;
}

export interface IndexQuery {
  /** `2026` or `2026-11`; without it: this year. */
  period: string | null;
  /** What it is compared with; without it: the same period a year before. */
  base: string | null;
  format?: Format;
}

export interface IndicatorDetail {
  row: IndicatorRow;
  formula: string | null;
  /** Which document proves it, where no formula can. */
  document: string | null;
  path_method: Name;
  goals: Goal[];
  /** Values and targets of the plans before, which the years do not show. */
  earlier: Earlier[];
  years: YearValue[];
  trace: Trace[];
  needed: Needed | null;
  /** The running year, whatever year is shown. */
  projection: Projection | null;
  /** What bodies are asked for by year, and whether it adds up. */
  targets: BodyTarget[];
  added_up: AddedUp[];
  bodies: string[];
  /** Projects (`project:9`) that the bodies are inferred from, where the plan names none. */
  bodies_from: string[];
  projects: [number, string][];
  tasks: [string, string][];
  items: Item2[];
  findings: Finding[];
  /** What the reader may enter; filled in for whoever asks. */
  kinds: EntryKind[];
}

/** One indicator in one year, as a list shows it. */
export interface IndicatorRow {
  id: string;
  name: Name;
  unit: string;
  direction: Direction;
  bindingness: Bindingness;
  cumulative: boolean;
  year: number;
  /** Rounded as the county publishes it; the number itself is in the cell. */
  value: string | null;
  basis: Basis;
  simulated: boolean;
  /** Problem of the formula, in words. */
  error: Name | null;
  standing: Standing;
  /** Target in words where it has no figure. */
  target_text: string | null;
  forecast: Forecasts;
  /** The value to date projected to the end of its year; only while the year runs, and never in place of the value. */
  projection: Projection | null;
  /** What the period ended with: `met`, `not_met`, `partial` (资料不全: its facts lack some of their evidence, so neither is said), `no_evidence`, `in_words`; `open` while it runs. */
  result: string;
  /** Why the value itself is doubtful (存疑): quantities that may be counted twice. */
  doubts: Name[];
  place: string;
  /** Its targets lie before the period: what the plan before this one ended with. */
  earlier?: boolean;
  /** What the facts of a computed value lack, the first of it, and how much there is. */
  missing?: Name[];
  missing_count?: number;
}

export interface InputView {
  factor: string;
  name: Name;
  statistic: string;
  /** HJ 212 CN: 2011, 2051, 2061, 2031; 0 for a value that is a verdict itself. */
  kind: number;
  data_time: Timestamp;
  value: string;
  unit: string;
  mark: string;
  mark_name: Name;
  used: boolean;
  why: Name | null;
  /** Sequence number of the raw frame. */
  frame: string | null;
  /** The verdict that the value comes from, where it is one. */
  verdict: string | null;
  revision: number;
}

export interface Item {
  /** As in the list of unconfirmed figures: `HJ 663-2026/composite/SO2/weight`. */
  figure: string;
  /** The figure as read in the source, where it differs from ours. */
  value: string | null;
  /** Document, page, table, clause. */
  source: string;
}

export interface Item2 {
  id: Id;
  /** `indicator:pm25`, `project:33`, `task:T-3.1-1`. */
  subject: string;
  year: number;
  content: Content;
  note: string;
  evidence: Attached[];
  /** The item that this one corrects. */
  replaces: Id | null;
  state: State2;
  entered_by: Id;
  entered_name: string;
  /** Body (key) of the author. */
  body: string | null;
  entered_at: Timestamp;
  decided_by: Id | null;
  decided_name: string | null;
  decided_at: Timestamp | null;
  decision_note: string;
}

export interface ItemQuery {
  subject: string | null;
  /** From 1. */
  page: number | null;
  /** `entered`: those that wait for a decision. */
  state: State2 | null;
  mine?: boolean;
}

export interface ItemView {
  factor: string;
  name: Name;
  statistic: string;
  /** Decimal text; empty when missing. */
  value: string;
  unit: string;
  limit: string | null;
  /** The limit is a lower bound. */
  lower: boolean;
  /** Both ends where the point's limit is a range (pH 6–9), in the unit of the value. */
  range: LimitRange | null;
  /** Sub-index or class number 1..=6. */
  index: number | null;
  /** 超标倍数 */
  times: string | null;
  /** By how much it is over, in words: `超标 0.4 倍`, `超标 3.2 dB(A)`, `超出范围`. */
  over: Name | null;
  valid: boolean;
  exceeding: boolean;
  primary: boolean;
  /** Valid values behind it. */
  count: number;
}

export interface ItemsPage {
  items: Item2[];
  /** Entries that are corrected, retracted or appealed against by those shown. */
  about: Item2[];
  /** What the subjects are called. */
  names: { [key: string]: string };
  total: number;
  page: number;
  page_size: number;
  may_approve: boolean;
}

export type Kind = "yearly" | "mid_term" | "final";

export interface KindCount {
  kind: PointKind;
  name: Name;
  total: number;
  by_state: { [key: string]: number };
}

export interface KindRow {
  kind: CommandKind;
  name: Name;
  cn: number;
  arguments: ArgumentRow[];
}

export interface KindView {
  kind: string;
  title: Name;
  daily: boolean;
}

/** The newest value of a series. */
export interface Latest {
  factor: string;
  name: Name;
  /** Default unit of the factor table; the station's own may differ. */
  unit: string;
  statistic: string;
  /** Decimal as sent; empty: the device sent the field without a value. */
  value: string;
  mark: string | null;
  mark_name: Name | null;
  data_time: Timestamp;
  received_at: Timestamp;
  /** CN: 2011, 2051, 2061, 2031, … */
  kind: number;
  system: number;
  frame: string;
}

export interface LayerView {
  id: string;
  name: Name;
  /** `point`, `line` or `polygon`. */
  geometry: unknown;
  /** 示意: drawn by us, not surveyed. */
  schematic: boolean;
  source: string;
  licence: string;
  accuracy: string;
  features: number;
}

/** What a page must know to show the records of a ledger: its fields with the code lists that they use. */
export interface LedgerForm {
  key: string;
  title: string;
  fields: FieldView[];
  code_lists: { [key: string]: CodeView[] };
}

/** Records of one ledger that name the enterprise, with what is needed to show them. */
export interface LedgerPart {
  ledger: string;
  name: Name;
  key: string;
  title: string;
  fields: FieldView[];
  code_lists: { [key: string]: CodeView[] };
  records: RecordView[];
}

/** A ledger in the list of all. */
export interface LedgerSummary {
  id: string;
  name: Name;
  help: Name | null;
  /** Group in the menu, such as `water`, and its name in the code list `ledger_group`. */
  group: string;
  group_name: Name;
  /** `none`, `point`, `line` or `polygon`. */
  geometry: string;
  public: boolean;
  /** Its records are points that are observed. */
  observed: boolean;
  /** Living records that the caller may see. */
  records: number;
}

/** A ledger's definition. */
export interface LedgerView {
  id: string;
  name: Name;
  help: Name | null;
  /** Group in the menu, such as `water`, and its name in the code list `ledger_group`. */
  group: string;
  group_name: Name;
  /** `none`, `point`, `line` or `polygon`. */
  geometry: string;
  public: boolean;
  /** Its records are points that are observed. */
  observed: boolean;
  /** Living records that the caller may see. */
  records: number;
  key: string;
  title: string;
  fields: FieldView[];
  code_lists: { [key: string]: CodeView[] };
  version: number;
  filters: string[];
  duties: DutyView[];
  colours: ColourView[];
  /** Numbers that the plan states without all names. */
  stated: StatedView[];
  /** The caller may write here. */
  editable: boolean;
}

export interface Lifecycle {
  stage: Stage[];
}

export interface LightRule {
  code: string;
  name: Name;
  /** CEL that gives a truth value. */
  when: string;
}

export interface LimitLine {
  factor: string;
  value: string | null;
  /** Lower bound. */
  lower: string | null;
  /** `hour`, `eight_hours`, `day`, `year`, `instant`, `daytime`, `night`, … */
  period: string;
  label: Name;
  basis: string;
  from: string | null;
  until: string | null;
  unit: string;
  /** Shown and not judged by. */
  unconfirmed: boolean;
}

/** Over which period a limit holds. */
export type LimitPeriod = "month" | "year" | "instant" | "hour" | "day" | "daytime" | "night";

export interface LimitQuery {
  factor: string | null;
}

export interface LimitRange {
  lower: string;
  upper: string;
}

/** What a measured value of the same period must be for a limit to hold, such as ammonia by water temperature (GB 18918-2002 table 1, note 2). */
export interface LimitWhen {
  /** HJ 212 factor code. */
  factor: string;
  above: string | null;
  at_most: string | null;
}

export interface LinkedView {
  id: Id;
  ledger: string;
  key: string;
  title: Name;
}

export interface ListQuery {
  point: string | null;
  /** `hour`, `day`, `month`, `year`; without it: day. */
  level: string | null;
  /** Time or date; without it: 31 days before `until`. */
  from: string | null;
  /** Exclusive; without it: now. */
  until: string | null;
  exceeding: boolean | null;
  limit: number | null;
}

export interface ListQuery2 {
  /** Without it: all points that the caller may read, newest statement first. */
  point: string | null;
  from: string | null;
  until: string | null;
}

export interface ListedDuties {
  lines: ListedDuty[];
  /** There are more than one answer holds: ask for one ledger. */
  more: boolean;
}

/** One duty of one record. */
export interface ListedDuty {
  ledger: string;
  ledger_name: Name;
  record: Id;
  key: string;
  title: Name;
  duty: string;
  name: Name;
  state: DutyState;
  /** From this day it can be done; the last day. */
  from: string | null;
  until: string | null;
  /** What shows that it was done. */
  evidence: Name | null;
  simulated: boolean;
  schematic: boolean;
  /** None before it falls due, and for those who may not see it. */
  case: DutyCase | null;
}

/** A revision in a list, with what it changed. */
export interface ListedRevision {
  revision: number;
  at: Timestamp;
  by: string;
  reason: string;
  deleted: string | null;
  changes: Change[];
}

/** A point in WGS-84, taken as CGCS2000 for display. */
export interface Location {
  /** Degrees east. */
  lon: number;
  /** Degrees north. */
  lat: number;
  accuracy: Accuracy;
  note?: string;
}

export interface MainPollutant {
  factor: string;
  name: Name;
  /** 超标倍数; pH and dissolved oxygen have none. */
  multiple: string | null;
}

/** A record that a mark names. */
export interface MarkRecord {
  id: Id;
  key: string;
  title: Name;
  simulated: boolean;
  schematic: boolean;
}

/** A line or an area in the box, as coarse as the zoom allows. Its record has a mark too. */
export interface MarkShape {
  /** GeoJSON. */
  geometry: unknown;
  state: MarkState | null;
  record: MarkRecord;
}

/** The worst state of the records of a mark. */
export interface MarkState {
  colour: string;
  name: Name;
  /** Records that have it. */
  count: number;
}

/** One record on the map, or several that lie together. */
export interface MarkView {
  lon: number;
  lat: number;
  count: number;
  /** The smallest box around them; none when all are at one spot. */
  around: number[] | null;
  state: MarkState | null;
  /** The record; up to 20 of those at one spot. Empty where looking closer parts them, and when the answer names enough already: asked for alone a spot names its records. */
  records: MarkRecord[];
}

/** A station that a mark names. */
export interface MarkedStation {
  id: string;
  name: Name;
  kind: PointKind;
  kind_name: Name;
  state: State;
  simulated: boolean;
  schematic: boolean;
}

export interface MarksAnswer {
  marks: MarkView[];
  /** Lines and areas; none where more than 300 reach into the box. */
  shapes: MarkShape[];
  /** Lines and areas in the box that are marks only: too many, too long, or smaller than a pixel. */
  undrawn: number;
  /** Matches of the list, and those of them that have a place, in the box or not. */
  matched: number;
  placed: number;
  /** There are more than a map shows. */
  more: boolean;
}

export interface MarksQuery {
  /** West, south, east, north in degrees. */
  bbox: string;
  /** Zoom of the map, 0 to 20; the world is 512 pixels wide at 0. */
  zoom: number;
  /** Text that the record contains; the declared filters of the ledger are asked as in the list. */
  q: string | null;
}

/** A measurement that a rule asked for: the evidence. */
export interface Measurement {
  layer: string;
  layer_name: Name;
  /** `within`, `inside`, `distance`, `share`. */
  what: string;
  /** `true`/`false`, metres with one digit, or a share with four. */
  value: string;
  /** Zones that it rests on. */
  zones: Name[];
  /** Covered square metres and covered share of the site (0–1), where the site is a polygon. */
  overlap_m2: number | null;
  share: number | null;
  schematic: boolean;
  source: string;
}

export interface Merge {
  /** The record that goes. */
  duplicate: Id;
  /** Revisions that were seen. */
  revision: number;
  duplicate_revision: number;
  /** Fields in which the duplicate is right. Fields that are empty here are taken from it anyway. */
  take?: string[];
  /** Table field → the rows of the merged table, of either side. Goes before `take`. */
  rows?: { [key: string]: RowChoice[] };
  reason: string;
  dry_run?: boolean;
}

export interface MergeReport {
  /** What changes on the record that stays. */
  changes: Change[];
  /** Table fields that both have and that differ, row by row. */
  tables: TableSides[];
  /** `ledger:key` of records whose links are moved. */
  relinked: string[];
  attachments: number;
  written: boolean;
}

export interface MilestoneRow {
  name: string;
  due: string;
  done: string | null;
  overdue: boolean;
  item: Id;
  proof: Attached[];
}

export interface MissingValue {
  factor: string;
  hour: Timestamp;
  /** `missing`: nothing came; `invalid`: what came does not count. */
  state: string;
}

export interface MoneyRow {
  year: number;
  source: MoneySource;
  sums: Sums;
  /** Items that it is the sum of. */
  items: Id[];
}

/** Where money comes from. */
export type MoneySource = "central" | "municipal" | "county" | "loan" | "social" | "other";

/** How far money is. */
export type MoneyStep = "planned" | "arranged" | "arrived" | "paid";

/** A name in both languages of the product; Chinese is the one of record. */
export interface Name {
  zh: string;
  en: string;
}

export interface NamedCode {
  code: string;
  name: Name;
}

/** What each year that is left must bring: the rest of the way and the rest per year. Negative or zero: reached. */
export interface Needed {
  target_year: number;
  /** Target minus value, with its sign. */
  rest: number;
  /** Of the running year what is left of it counts. */
  years_left: number;
  /** `None` when no year is left. */
  per_year: number | null;
  met: boolean;
}

export interface NeighbourView {
  code: string;
  name: Name;
}

export interface NewUserRequest {
  name: string;
  display_name: string;
  password: string;
  roles: Role[];
  body: string | null;
}

export interface NoteRequest {
  note: string;
}

/** Where a definition in force comes from. A pack adds to the release; the designer covers both. */
export type Origin = "built_in" | "pack" | "designer";

export interface OutcomeView {
  index: number | null;
  index_of_available: number | null;
  /** Level, class or state in words. */
  level: Name | null;
  colour: string | null;
  valid: boolean;
  items: ItemView[];
}

/** An outlet with what may leave it and what did. */
export interface OutletFile {
  /** Id of point and record. */
  point: string;
  name: Name;
  kind_name: Name;
  simulated: boolean;
  schematic: boolean;
  state: State;
  last_data_at: Timestamp | null;
  standard: string | null;
  standard_grade: string | null;
  /** Those in force on the day asked for. */
  limits: LimitLine[];
  /** The newest hour and day, with values against limits. */
  today: OutletToday;
  /** Days judged, days exceeding, and the exceeding ones, newest first, over the days looked at. */
  days_judged: number;
  days_exceeding: number;
  exceedances: VerdictBrief[];
}

export interface OutletPeriod {
  time: Timestamp;
  date: string | null;
  exceeding: boolean;
  valid: boolean;
  /** What has a limit first, then the rest. */
  items: ItemView[];
  verdict: string;
}

export interface OutletToday {
  point: string;
  name: Name;
  kind: string;
  simulated: boolean;
  /** Key in its ledger. */
  enterprise: string | null;
  enterprise_name: Name | null;
  standard: string | null;
  hour: OutletPeriod | null;
  day: OutletPeriod | null;
}

export interface Overview {
  at: Timestamp;
  trouble: Name | null;
  collect: CollectView;
  points: PointCounts;
  cases: CaseCounts;
  air: AirToday[];
  water: WaterToday[];
  outlets: OutletToday[];
  wrong_now: WrongNow[];
}

/** All that a user keeps of one list. */
export interface OwnViews {
  /** Fields that the list opens with; none: the ledger's usual ones. */
  columns: string[];
  views: SavedView[];
}

export interface PageQuery {
  /** `en` for English. */
  lang: string | null;
}

export type Part = "lead" | "cooperating" | "owner" | "assigned";

export type PartKind = "ledger" | "codes";

export interface PasswordRequest {
  old: string;
  new: string;
}

export interface PeriodQuery {
  /** Time or date; without it: 24 hours before `until`. */
  from: string | null;
  /** Exclusive; without it: now. */
  until: string | null;
}

/** Somebody who can work on a case. */
export interface Person {
  id: Id;
  name: string;
  roles: Role[];
  body: string | null;
  body_name: Name | null;
}

export interface PersonList {
  items: Person[];
}

export interface PointCounts {
  total: number;
  by_state: { [key: string]: number };
  by_kind: KindCount[];
}

export interface PointDetail {
  id: string;
  ledger: string;
  key: string;
  name: Name;
  kind: PointKind;
  kind_name: Name;
  township: string | null;
  township_name: Name | null;
  owner: string | null;
  location: PointLocation | null;
  location_note: string;
  simulated: boolean;
  schematic: boolean;
  state: State;
  /** Data time of the newest packet. */
  last_data_at: Timestamp | null;
  connected: boolean;
  rates: RatesView | null;
  headline: Headline | null;
  river: string | null;
  river_name: Name | null;
  function_class: string | null;
  function_class_basis: string | null;
  standard: string | null;
  standard_grade: string | null;
  limits: FactorLimit[];
  /** What the standards that bind it leave without a limit today. */
  limit_gaps: Name[];
  factors: FactorView[];
  devices: DeviceRow[];
  open_cases: CaseSummary[];
  record_id: string;
}

/** What kind of thing is observed. Kinds decide which evaluation applies; a new ledger maps to one of them. */
export type PointKind = "air_station" | "micro_station" | "water_section" | "lake_point" | "drinking_water_source" | "wastewater_outlet" | "waste_gas_outlet" | "noise_point" | "ecological_flow" | "groundwater_well" | "soil_point" | "electromagnetic_station" | "dust_point" | "hydrology_station" | "ecological_station";

export interface PointKindWord {
  kind: string;
  name: Name;
}

/** Where a point lies, in WGS-84 degrees. */
export interface PointLocation {
  lon: number;
  lat: number;
  /** Code of how well it is known, such as `surveyed`, `township_centre`, `schematic`. */
  accuracy: string;
  note: string;
}

export interface PointName {
  id: string;
  name: Name;
}

export interface PointPage {
  items: PointSummary[];
  total: number;
  page: number;
}

export interface PointQuery {
  /** Kinds, separated by commas. */
  kind: string | null;
  /** States, separated by commas. */
  state: string | null;
  township: string | null;
  /** Text in name or key. */
  q: string | null;
  page: number | null;
  page_size: number | null;
  format?: Format;
}

export interface PointSummary {
  id: string;
  ledger: string;
  key: string;
  name: Name;
  kind: PointKind;
  kind_name: Name;
  township: string | null;
  township_name: Name | null;
  owner: string | null;
  location: PointLocation | null;
  location_note: string;
  simulated: boolean;
  schematic: boolean;
  state: State;
  /** Data time of the newest packet. */
  last_data_at: Timestamp | null;
  connected: boolean;
  rates: RatesView | null;
  headline: Headline | null;
}

export interface PointSuspicions {
  point: PointName;
  enterprise: string | null;
  enterprise_name: Name | null;
  simulated: boolean;
  suspicions: Suspicion[];
}

export interface Portfolio {
  projects: ProjectState[];
  curve: CurveYear[];
  /** Words about the even spread. */
  curve_method: Name;
  as_of: Timestamp;
}

export interface PreviewQuery {
  kind: Kind;
  year: number | null;
}

export interface ProfileRow {
  id: string;
  name: Name;
}

export interface ProjectDetail {
  project: ProjectState;
  items: Item2[];
  /** Stages that may come next. */
  next: string[];
  /** The last approved stage, which a correction may take the place of. */
  last_stage: StageCorrection | null;
  /** What the caller may enter. */
  kinds: EntryKind[];
  may_approve: boolean;
  findings: Finding[];
}

export interface ProjectState {
  number: number;
  name: string;
  group: string;
  content: string;
  estimate: string;
  /** After approved changes; money is checked against it. */
  estimate_now: string;
  /** All contracts together, 万元; `None`: none entered. */
  contracts: string | null;
  years: number[];
  lead: string[];
  cooperating: string[];
  place: string;
  indicators: string[];
  tasks: string[];
  /** `None`: nobody has declared it. */
  stage: string | null;
  stage_name: Name | null;
  /** Stage before it was suspended. */
  stage_before: string | null;
  /** Given up (取消): its estimate is in no curve any more. */
  given_up: boolean;
  money: MoneyRow[];
  sums: Sums;
  quantities: QuantityRow[];
  milestones: MilestoneRow[];
  warnings: Warning[];
  /** Final: as things stand now against the whole plan; or of `performance_year`, where one was asked for. */
  performance: Scored[];
  performance_score: number | null;
  performance_year: number | null;
  performance_by_year: YearPerformance[];
  /** Items that wait for a decision. */
  waiting: number;
  /** Where it is drawn. */
  sites: Site[];
  /** Why it, or a part of it, is not drawn. */
  unplaced: Name[];
}

/** What the year would end with. */
export interface Projection {
  year: number;
  /** Share of the year that has gone, 0 to 1. */
  elapsed: number;
  value: number | null;
  low: number | null;
  high: number | null;
  /** Whether the projected value meets the goal that the year works towards. */
  meets: boolean | null;
  method: Name;
  /** Why there is no value, or no interval. */
  none_because: Name | null;
}

export interface PropertyUse {
  property: string;
  field: string | null;
  /** A value, to recognise it. */
  example: string;
}

export interface PublicFactor {
  name: Name;
  value: string;
  unit: string;
}

export interface Published {
  scheme: Scheme;
  lifecycle: Lifecycle;
  /** Names of the bodies that things are assigned to. */
  bodies: string[];
}

export interface QuantityRow {
  kind: string;
  what: string;
  planned: string;
  unit: string;
  /** In the unit of the plan. */
  done: string | null;
  items: Id[];
}

export interface QuarantineRow {
  mn: string;
  st: string;
  first_at: Timestamp;
  last_at: Timestamp;
  packets: number;
  /** Packets turned away since the program started, because the device's places in quarantine were taken. */
  refused: number;
  /** Its newest frame is ciphertext: data come of it only when the device's binding has its SM4 key. */
  encrypted: boolean;
  peer: string;
  /** Its newest frame, without the password. */
  sample: string | null;
}

/** What the caller asks. */
export interface Question {
  /** A point … */
  lon: number | null;
  lat: number | null;
  /** … or a GeoJSON geometry. */
  geometry?: unknown;
  /** GB/T 4754 code, 2 to 4 digits, with or without its letter. */
  industry: string;
  attributes?: { [key: string]: string };
  /** Day whose rules and zones count; today when left out. */
  on: string | null;
  note?: string;
}

export interface RankingQuery {
  /** First day; without it: 1 January. */
  from: string | null;
  /** Day after the last; without it: tomorrow. */
  until: string | null;
  edition: string | null;
  format?: Format;
}

export interface RankingQuery2 {
  from: string | null;
  until: string | null;
  format?: Format;
}

/** Rates of a point and period. */
export interface Rates {
  from: Timestamp;
  until: Timestamp;
  due: number;
  received: number;
  valid: number;
  hours_due: number;
  hours_received: number;
  hours_valid: number;
  /** Hours whose first packet came late. */
  hours_caught_up: number;
  hours_stopped: number;
  /** Hours that were compared with a limit, and those over one. */
  hours_compared: number;
  hours_exceeding: number;
  /** The same of whole days, by the day's own verdict. */
  days_compared: number;
  days_exceeding: number;
  transmission: string | null;
  valid_rate: string | null;
  effective: string | null;
  catch_up: string | null;
  running: string | null;
  hour_exceedance: string | null;
  day_exceedance: string | null;
  /** Anything was received at all. */
  networked: boolean;
  missing: MissingValue[];
  formula: Name;
}

/** Shares of the last 24 hours, decimal text 0–1. */
export interface RatesView {
  transmission: string | null;
  valid: string | null;
  effective: string | null;
}

export interface RawFrame {
  sequence: string;
  received_at: Timestamp;
  transport: string;
  peer: string;
  /** Text with the password covered; bytes that are no text are shown as `\xNN`. */
  text: string;
  /** Whether the password was covered, so that `hash` is not that of `text`. */
  covered: boolean;
  /** SHA-256 chain, lower-case hexadecimal. */
  hash: string;
  previous_hash: string;
  /** As `qingshan hj212 decode` prints it; null for other transports. */
  decoded?: unknown;
}

/** The same question, asked again of a day under the rules and layers of now. */
export interface Recomputed {
  /** Day whose rules and zones count. */
  on: string;
  answer: Answer | null;
  /** Why there is no answer: the question of then is none that could be asked today. */
  problem: string | null;
  /** Where it differs from what was saved, rule by rule. */
  differences: Difference[];
}

export interface RecordQuery {
  /** The record as it was at this time. */
  as_of: string | null;
}

/** A record. `fields` hold the JSON forms of the field types. */
export interface RecordView {
  id: Id;
  ledger: string;
  key: string;
  title: Name;
  fields: { [key: string]: unknown };
  location: Location | null;
  location_note: string;
  /** There is a line or an area. */
  has_geometry: boolean;
  /** GeoJSON; only in the answer for one record. */
  geometry?: unknown;
  shape: ShapeView | null;
  tags: string[];
  source: string;
  note: string;
  simulated: boolean;
  schematic: boolean;
  valid_from: string | null;
  owner: string | null;
  revision: number;
  updated_at: Timestamp;
  updated_by: string;
  /** Reason of its deletion. */
  deleted: string | null;
  /** The caller may write it. */
  editable: boolean;
  /** State by the ledger's colour rules. */
  state: StateView | null;
  /** Computed from the fields, not stored. */
  derived: DerivedValue[];
  /** Field → the records that it links to. */
  links: { [key: string]: LinkedView[] };
  /** Of a record as it was: the fields that its ledger then had otherwise, or has no more. */
  former: FieldView[];
}

export interface RecordsPage {
  items: RecordView[];
  /** How many there are; when there are `more`, at least so many: matches are counted up to 10,000. */
  total: number;
  more: boolean;
  page: number;
  page_size: number;
}

/** Query of a list of records. Every other parameter is a filter `field=value`. */
export interface RecordsQuery {
  /** Text that the record contains. */
  q: string | null;
  /** `true`: the records that have been marked as deleted. */
  deleted: boolean | null;
  page: number | null;
  page_size: number | null;
  /** `json`, `csv`, `xlsx`, `geojson` or `kml`. */
  format: string | null;
  /** Fields of a CSV or xlsx, with commas between them; the key, the source and the marks are always there. */
  columns: string | null;
}

/** Refused packets of one reason since start. */
export interface RefusalCount {
  name: string;
  title: Name;
  packets: number;
}

export interface Report {
  kind: string;
  title: Name;
  /** `2026-11-24` or `2026-11`. */
  period: string;
  from: Timestamp;
  until: Timestamp;
  as_of: Timestamp;
  /** Rests on simulated (模拟) data. */
  simulated: boolean;
  /** The period has not ended. */
  running: boolean;
  /** One line each: what the reader has to know first. */
  lines: Name[];
  sections: Section[];
}

export interface ReportQuery {
  /** `2026-11-24` for a daily report, `2026-11` for a monthly one; without it: the last that has ended. */
  period: string | null;
  format?: FileFormat;
}

export interface Restore {
  revision: number;
  reason: string;
}

export type ReviewAction = "invalidate" | "correct" | "confirm" | "finalise" | "restore" | "reopen";

export interface ReviewBatch {
  items: ReviewItem[];
}

export interface ReviewItem {
  point: string;
  /** Without it: every factor. */
  factor: string | null;
  action: ReviewAction;
  from: Timestamp;
  /** Exclusive. */
  until: Timestamp;
  /** Decimal text, in the unit that the device sends; for `correct` only. */
  value: string | null;
  reason: string;
}

export interface ReviewView {
  id: string;
  point: string;
  point_name: Name;
  simulated: boolean;
  factor: string | null;
  factor_name: Name | null;
  action: ReviewAction;
  from: Timestamp;
  until: Timestamp;
  value: string | null;
  reason: string;
  by: string;
  at: Timestamp;
}

export interface RevisionView {
  revision: number;
  judged_at: Timestamp;
  summary: Name;
  cause: Name;
}

/** A revision as a list shows it. */
export interface RevisionView2 {
  number: number;
  hash: string;
  loaded_at: Timestamp;
  state: string;
  /** What differs from the revision before. */
  changes: string[];
  approved_by: string | null;
  approved_at: Timestamp | null;
  note: string;
}

export interface RiverQuery {
  river: string;
  factor: string | null;
  format?: Format;
}

export interface RiversQuery {
  /** `2026` or `2026-11`; without it: this year. */
  period: string | null;
  format?: Format;
}

/** Roles (角色). The three administrators are separated (三员分立): none of them may do another's work. */
export type Role = "system_administrator" | "security_administrator" | "audit_administrator" | "duty_officer" | "monitoring_engineer" | "inspector" | "body" | "enterprise" | "plan_officer" | "leader" | "neighbour";

export interface RolloverQuery {
  /** `plan`, `indicators` (where nothing is said), `projects`, `tasks`, `lists`, `figures`, `waivers`; `all`: every file in a zip, with the folders of a county pack. */
  file: string | null;
}

/** A row of the merged table. */
export interface RowChoice {
  side: Side;
  /** Place in the table of that side, from 0. */
  row: number;
}

export interface RuleResult {
  rule: string;
  name: Name;
  verdict: Verdict;
  hit: boolean;
  basis: Name;
  condition: Name;
  measurements: Measurement[];
  /** What was not known. */
  missing: Name[];
}

export interface SafeUseQuery {
  /** `farmland` or `construction`. */
  land: string | null;
  /** Of construction land: the year of re-use; without it: this year. */
  year: number | null;
  format?: Format;
}

/** A check in a list. */
export interface SavedSummary {
  number: string;
  made_at: Timestamp;
  made_by: string;
  industry: string;
  note: string;
  verdict: Verdict;
  name: Name;
  hits: number;
  schematic: boolean;
}

/** A list as somebody wants to see it again. */
export interface SavedView {
  name: string;
  /** Filters of the list by field, and `q` and `deleted`. */
  query?: { [key: string]: string };
  /** Fields that are shown, in this order; none: as the list opens. */
  columns?: string[];
}

/** A check. `question` and `answer` are as they were when it was made. */
export interface SavedView2 {
  /** Empty: it was not saved. */
  number: string;
  made_at: Timestamp;
  made_by: string;
  question: Question;
  answer: Answer;
  /** Day whose rules and zones the answer is about. */
  on: string;
  /** That day under the rules and layers of now: what differs, a changed rule or layer makes. Nothing: it is today. */
  same_day: Recomputed | null;
  /** Today under the rules and layers of now. Nothing: the answer is from now. */
  today: Recomputed | null;
}

/** A saved assessment with its content. */
export interface SavedView3 {
  id: Id;
  kind: Kind;
  year: number;
  revision: number;
  /** SHA-256 of the content. */
  hash: string;
  made_by: string;
  made_at: Timestamp;
  approved_by: string | null;
  approved_at: Timestamp | null;
  /** Left out in lists. */
  content: Assessment | null;
}

export interface Scheme {
  forecast: ForecastRule;
  /** More of a quantity than this share of what is planned is refused as a slip, of a unit most likely. */
  most_done?: string;
  /** Money and contracts beyond this share of the estimate are refused as a slip: yuan for 万元, most likely. A higher estimate is entered as a change first. */
  most_money?: string;
  /** A changed estimate beyond so many times the one before is refused: the slip is one of ten thousand. */
  most_change?: string;
  /** Month and day (`03-31`) of the next year until which a duty can be reported in time. */
  report_until?: string;
  /** A body is ranked only where at least this share of what was due was scored. */
  least_scored?: number;
  /** Days within which a decision can be appealed against; `None`: always. */
  appeal_days: number | null;
  /** Without bounds of its own a county has the built-in ones. */
  bound?: Bound[];
  /** `None`: a duty without a report is not scored. */
  silence: Silence | null;
  light: LightRule[];
  criterion: Criterion[];
  performance: Criterion[];
}

/** One criterion applied, with why. */
export interface Scored {
  code: string;
  name: Name;
  points: number;
  /** `None`: the facts are missing, so nothing is scored. */
  got: number | null;
  explain: Name;
  /** Variable → value that it was computed from. */
  from: { [key: string]: FactValue };
}

export interface Section {
  title: Name;
  method: Name;
  columns: Column[];
  rows: Cell[][];
  /** Rows that were left out because the list is too long. */
  left_out: number;
}

export interface Section2 {
  title: Name;
  paragraphs: Name[];
  /** Above the tables of their numbers. Those written before there were charts have none. */
  charts?: ChartBlock[];
  tables: TableBlock[];
}

export interface Series {
  point: string;
  factor: string;
  name: Name;
  unit: string;
  kind: number;
  statistic: string;
  items: SeriesItem[];
  truncated: boolean;
}

export interface SeriesItem {
  time: Timestamp;
  value: string;
  min: string | null;
  max: string | null;
  mark: string | null;
  revision: number;
  frame: string;
}

export type SeriesKind = "realtime" | "minute" | "hour" | "day";

export interface SeriesQuery {
  /** HJ 212 factor code. */
  factor: string;
  kind: SeriesKind;
  /** `Avg`, `Rtd`, `Cou`, …; empty: what the series has first of Avg, Rtd, Data, Cou. */
  statistic: string | null;
  /** ISO time or date at +08:00. */
  from: string | null;
  /** Exclusive. */
  until: string | null;
  format?: Format;
}

export interface SessionView {
  user: UserView;
  expires_at: Timestamp;
}

/** Why a record asks for a duty no more. */
export type Settled = "fulfilled" | "not_asked";

export interface SetupQuery {
  token: string;
}

export interface SetupRequest {
  token: string;
  name: string;
  display_name: string;
  password: string;
}

export interface SetupState {
  valid: boolean;
}

export type Severity = "error" | "warning";

/** What a geometry measures on the ellipsoid. */
export interface ShapeView {
  /** `line` or `polygon`. */
  kind: string;
  vertices: number;
  area_m2: number;
  length_m: number;
}

export interface Sheet {
  point: string;
  factor: string;
  name: Name;
  unit: string;
  /** Factors that the point has values of in the period. */
  factors: SheetFactor[];
  simulated: boolean;
  rows: SheetRow[];
  /** How many hours of the period are at each tier. */
  provisional: number;
  reviewed: number;
  final: number;
}

export interface SheetFactor {
  code: string;
  name: Name;
}

export interface SheetQuery {
  point: string;
  factor: string | null;
  /** Without it: 24 hours before `until`. */
  from: string | null;
  /** Exclusive; without it: now. */
  until: string | null;
}

export interface SheetRow {
  hour: Timestamp;
  /** As the device sent it: one value of an hour packet, or how many values of minutes. */
  sent: string;
  /** As counted, in the unit of the judgement; empty: none. */
  value: string;
  valid: boolean;
  /** Why the value does not count. */
  why: Name | null;
  exceeding: boolean;
  tier: Tier;
  /** Names of the checks that flag this hour. */
  flags: Name[];
  verdict: string | null;
  revision: number;
}

/** Whose row it is. */
export type Side = "kept" | "duplicate";

export interface SignIn {
  name: string;
  password: string;
}

/** What a duty without a report counts in the score of its body. */
export interface Silence {
  /** CEL that gives a truth value. */
  when: string;
  score: number;
  explain: Name;
}

export interface Site {
  /** Township or street, where it is known. */
  township: string | null;
  lon: number;
  lat: number;
  basis: SiteBasis;
  note: string;
}

export type SiteBasis = "stated" | "inspected" | "township_centre";

/** State before number. */
export type Situation = "no_data" | "current" | "stale" | "incomplete";

export interface SoilItemView {
  factor: string;
  name: Name;
  value: string;
  unit: string;
  screening: string;
  intervention: string | null;
  /** `low`, `possible`, `high`. */
  risk: string;
}

export interface SoilQuery {
  format?: Format;
}

/** A sample, judged or with the reason why not. */
export interface SoilSampleView {
  sample: string;
  date: string | null;
  land: string | null;
  ph: string | null;
  laboratories: string[];
  /** `GB 15618-2018`; empty where nothing was judged. */
  standard: string;
  /** `low`, `possible`, `high`: that of the worst item. */
  risk: string | null;
  /** What follows from it, in words. */
  management: Name | null;
  items: SoilItemView[];
  /** Clause and reason, step by step. */
  steps: StepView[];
  /** Items of the standard that must be measured and are not there. */
  missing: Name[];
  /** Values that were not judged, and why. */
  ignored: Name[];
  /** Why the sample is not judged. */
  problem: Name | null;
}

/** The soil of a record. */
export interface SoilView {
  record: Id;
  /** Newest first. */
  samples: SoilSampleView[];
  simulated: boolean;
  /** What is missing for a verdict of the record. */
  missing: Name[];
}

export interface Stage {
  code: string;
  name: Name;
  next: string[];
  needs_note?: boolean;
  needs_evidence?: boolean;
  /** May be entered from any stage that has not ended. */
  aside?: boolean;
  ends?: boolean;
  /** What the project was for is done, whatever may follow. */
  finished?: boolean;
}

/** A stage that may be corrected (更正阶段): earlier ones may not, because the life cycle went on from them. */
export interface StageCorrection {
  item: Id;
  /** Stages that were possible when it was entered. */
  next: string[];
}

export interface StandardBrief {
  id: string;
  code: string;
  family: string;
  edition: string;
  title: Name;
  effects: EffectView[];
  replaces: string[];
  confirmed: boolean;
  /** Figures that are shown and not judged by. */
  unconfirmed: number;
  tables: number;
}

export interface StandardDetail {
  id: string;
  code: string;
  family: string;
  edition: string;
  title: Name;
  effects: EffectView[];
  replaces: string[];
  confirmed: boolean;
  /** Figures that are shown and not judged by. */
  unconfirmed: number;
  tables: TableView[];
  source: string;
  notes: Name[];
  figures: FigureView[];
  unconfirmed_figures: UnconfirmedView[];
}

/** The standard that a verdict rests on. */
export interface StandardView {
  code: string;
  title: Name;
  edition: string;
  /** Tables or clauses that were applied, as the steps name them. */
  clause: string;
  in_force_from: string | null;
}

/** How one year stands. */
export interface Standing {
  /** A light of the scheme, `missing` without a value, `text` without a numbered target. */
  light: string;
  name: Name;
  path: number | null;
  target: Goal | null;
  met: boolean | null;
  /** How far behind the path, as a share of `distance`, else of the target; not above zero: not behind. */
  lag: number | null;
  /** From the baseline, or the target before it, to the target; `None` where no way leads from one to the other. */
  distance: number | null;
  /** The value lacks a part of its evidence (证据不全): the light shows a direction and says nothing of met or missed. */
  partial?: boolean;
}

/** State before number: what a point is in, since when and why. */
export interface State {
  code: StateCode;
  name: Name;
  since: Timestamp | null;
  reason: Name | null;
}

export type State2 = "entered" | "approved" | "returned" | "withdrawn" | "replaced" | "retracted";

export type StateCode = "exceeding" | "offline" | "attention" | "stale" | "no_data" | "suspended" | "normal";

export interface StateView {
  colour: string;
  name: Name;
}

/** Something of which the plan states a number only. */
export interface StatedView {
  name: Name;
  stated_count: string;
  unit: string;
  /** How many the plan names. */
  named: number;
  missing: string;
  source: string;
}

/** One station on the map, or several that lie together. */
export interface StationMark {
  lon: number;
  lat: number;
  count: number;
  /** The smallest box around them; none when all are at one spot. */
  around: number[] | null;
  /** The worst state of any of them, and how many have it. */
  state: StateCode;
  state_name: Name;
  state_count: number;
  /** The station; up to 20 of those at one spot. Empty where looking closer parts them, and when the answer names enough already: asked for alone a spot names its stations. */
  stations: MarkedStation[];
}

export interface StationMarks {
  marks: StationMark[];
  /** Stations that the question lets through, and those of them that have a place, in the box or not. */
  matched: number;
  placed: number;
  /** All stations that one may see, whatever is asked. */
  counts: PointCounts;
}

export interface StationMarksQuery {
  /** West, south, east, north in degrees. */
  bbox: string;
  /** Zoom of the map, 0 to 20; the world is 512 pixels wide at 0. */
  zoom: string;
  /** Kinds, separated by commas. */
  kind: string | null;
  /** States, separated by commas. */
  state: string | null;
  township: string | null;
  /** Text in name or key. */
  q: string | null;
}

export interface StatisticsQuery {
  /** Id of a station; without it: every one. */
  point: string | null;
  /** `2026` or `2026-11`; without it: this year. */
  period: string | null;
  format?: Format;
}

/** State of the way in. */
export interface Status {
  trouble: Name | null;
  trouble_since: Timestamp | null;
  packets_today: number;
  packets_per_second: number;
  connections: number;
  last_packet_at: Timestamp | null;
  packets: number;
  duplicates: number;
  refused: number;
  /** By reason, most first. */
  refusals: RefusalCount[];
  quarantined: number;
}

export interface StepField {
  /** Id in the ledger. */
  id: string;
  /** What the form begins with. */
  preset: string;
}

/** What a step asks for, of a ledger. */
export interface StepForm {
  ledger: string;
  fields: StepField[];
}

/** A record that a step wrote. */
export interface StepRecord {
  record: Id;
  ledger: string;
  key: string;
}

export interface StepView {
  text: Name;
  clause: string;
}

export interface StopItem {
  point: string;
  /** `stop`, `maintenance` or `condition`. */
  kind: string;
  /** Of a condition mark: a condition of `/api/stops/conditions`. */
  condition: string | null;
  from: Timestamp;
  until: Timestamp;
  reason: string;
}

/** How a declaration stands. */
export type StopState = "waiting" | "in_force" | "refused";

export interface StopView {
  id: string;
  point: string;
  point_name: Name;
  enterprise: string | null;
  simulated: boolean;
  kind: string;
  condition: string | null;
  /** Of a condition mark, in the words of the rules in force when it begins. */
  condition_name: Name | null;
  /** Names of the factors that it sets aside; empty: all. */
  factors: Name[];
  from: Timestamp;
  until: Timestamp;
  reason: string;
  by: string;
  at: Timestamp;
  /** Only one in force sets data aside. */
  state: StopState;
  /** What the reviewer said last. */
  decision: DecisionView | null;
  /** The caller may accept or refuse it. */
  may_decide: boolean;
}

/** Sums in 万元; `None`: not entered. */
export interface Sums {
  planned: string | null;
  arranged: string | null;
  arrived: string | null;
  paid: string | null;
}

/** One flag. */
export interface Suspicion {
  /** `stuck`, `copied`, `little_variance`, `jump`, `inversion`, `heap_under_limit`, `neighbour_equal`, `out_of_range`, `missing_when_high`, `leaves_neighbours`, `flow_against_power`, `calibration_pattern`, `over_in_stop`, `flow_in_stop`, `oxygen_fails_alone`. */
  check: string;
  title: Name;
  factor: string;
  factor_name: Name;
  from: Timestamp;
  /** Exclusive. */
  until: Timestamp;
  /** The statistic in words and numbers. */
  statistic: Name;
}

export interface SuspicionQuery {
  point: string | null;
  /** Key of an enterprise. */
  enterprise: string | null;
  /** Without it: 90 days before `until`. */
  from: string | null;
  until: string | null;
}

/** Rows of text cells, exactly as shown; an empty cell is "missing". */
export interface Table {
  title: Name;
  method: Name;
  source: Name;
  as_of: Timestamp;
  /** Rests on simulated (模拟) data. */
  simulated: boolean;
  columns: Column[];
  rows: string[][];
}

export interface TableBlock {
  title: Name;
  header: Name[];
  /** Relative widths. */
  widths: number[];
  rows: Entry[][];
}

/** A row of one table, with the row of the other that belongs to it where there is one. */
export interface TableLine {
  kept: number | null;
  duplicate: number | null;
  /** Columns in which the two differ. */
  differ: string[];
}

export interface TableQuery {
  /** Time or date; without it: 24 hours before `until`. */
  from: string | null;
  /** Exclusive; without it: now. */
  until: string | null;
  by?: By;
  each?: Each;
  format?: Format;
}

/** The tables of one field of two records side by side. */
export interface TableSides {
  field: string;
  label: Name;
  lines: TableLine[];
}

export interface TableView {
  id: string;
  title: Name;
  clause: string;
  columns: ColumnView[];
  rows: CellView[][];
  notes: Name[];
}

export interface TakeOffQuery {
  reason: string;
}

export interface TaskQuery {
  /** As they stood at the end of that year. */
  year: number | null;
  format?: Format;
}

/** One commitment of the plan. */
export interface TaskRow {
  id: string;
  text: string;
  /** Chapter and section. */
  place: string;
  /** Bodies that the plan names. */
  owners: string[];
  /** Projects (`project:9`) that they are inferred from, where the plan names none. */
  owners_from: string[];
  /** Bodies that it was given to since. */
  assigned: string[];
  deliverable: string;
  /** How it is shown to be done. */
  proof: string;
  due: number | null;
  /** Id and name. */
  indicators: [string, string][];
  projects: [number, string][];
  /** Share done in per cent: the least of the newest accepted reports of all bodies that have it; none while one of them is silent. */
  progress: string | null;
  progress_year: number | null;
  report: Id | null;
  /** Bodies that have it, and those of them that reported. */
  bodies: number;
  reported: number;
  /** Entries that wait for a decision. */
  waiting: number;
}

export interface Tasks {
  tasks: TaskRow[];
  as_of: Timestamp;
}

/** How far data have been looked at by people (数据层级). */
export type Tier = "provisional" | "reviewed" | "final";

export type Timestamp = string;

/** A row of a list of townships. */
export interface Township {
  /** Key of its record in the ledger `body`. */
  key: string;
  name: Name;
  code: string | null;
  lon: number | null;
  lat: number | null;
}

/** A variable of a formula with what it rests on. */
export interface Trace {
  variable: string;
  /** Name of the fact, or `indicator`. */
  fact: string;
  arguments: { [key: string]: FactValue };
  label: Name | null;
  value: FactValue;
  unit: string;
  as_of: Timestamp | null;
  method: Name | null;
  missing: Name[];
  simulated: boolean;
  evidence: Evidence2[];
}

export interface TrophicQuery {
  /** Id of a lake point; without it: every one. */
  point: string | null;
  /** Without it: this year. */
  year: number | null;
  format?: Format;
}

export interface UnconfirmedView {
  figure: string;
  text: string;
  unit: string;
  title: Name;
  clause: string;
}

/** One record that could not be written as it stands. */
export interface Unfit {
  record: Id;
  key: string;
  title: Name;
  /** Why it would be refused. */
  problem: string;
}

export interface UserChangeRequest {
  display_name: string | null;
  roles: Role[] | null;
  /** Empty text: no body any more. */
  body: string | null;
  disabled: boolean | null;
  password: string | null;
}

export interface UserList {
  items: UserView[];
}

export interface UserView {
  id: Id;
  name: string;
  display_name: string;
  roles: Role[];
  body: string | null;
  disabled: boolean;
  last_seen_at: Timestamp | null;
  /** What this user may do somewhere. */
  actions: Action[];
}

/** From worst to best. The whole answer is the worst of the rules that hit, unless one that could not be decided might be worse: then it is undetermined. */
export type Verdict = "prohibited" | "restricted" | "conditional" | "undetermined" | "allowed";

/** A verdict in a list. */
export interface VerdictBrief {
  id: string;
  point: PointName;
  level: string;
  label: string;
  start: Timestamp;
  end: Timestamp;
  /** Id of the edition in the library, or the basis of the limits. */
  standard: string;
  summary: Name;
  index: number | null;
  valid: boolean;
  exceeding: boolean;
  running: boolean;
  simulated: boolean;
  tier: Tier;
  revision: number;
  judged_at: Timestamp;
}

/** The why-page of a verdict. */
export interface VerdictView {
  id: string;
  point: PointName;
  level: string;
  label: string;
  start: Timestamp;
  end: Timestamp;
  summary: Name;
  exceeding: boolean;
  running: boolean;
  simulated: boolean;
  tier: Tier;
  revision: number;
  judged_at: Timestamp;
  standard: StandardView;
  outcome: OutcomeView;
  steps: StepView[];
  inputs: InputView[];
  notes: Name[];
  revisions: RevisionView[];
}

export interface Verified {
  from: number;
  until: number;
  good: boolean;
  problem: string | null;
}

export interface View {
  id: string;
  figure: string;
  value: string | null;
  source: string;
  by: string;
  at: Timestamp;
  /** When what depends on it had been judged again; `null`: not yet. */
  done_at: Timestamp | null;
  /** Verdicts that changed by it (or by the figures of its standard confirmed together). */
  changed: number;
}

export interface ViewName {
  name: string;
}

/** Something that a plan office should look at. */
export interface Warning {
  code: string;
  zh: string;
  en: string;
}

/** A section or source now. */
export interface WaterRow {
  point: Name;
  /** Empty where it lies on none. */
  river: Name;
  simulated: boolean;
  schematic: boolean;
  situation: Situation;
  time: Timestamp | null;
  target: string;
  class: string | null;
  grade: Name | null;
  colour: string | null;
  compliant: boolean | null;
  main_pollutants: Name[];
  edition: string;
}

export interface WaterToday {
  point: string;
  name: Name;
  kind: string;
  simulated: boolean;
  /** Key in its ledger. */
  river: string | null;
  river_name: Name | null;
  target_class: string | null;
  class: string | null;
  class_name: Name | null;
  grade: Name | null;
  colour: string | null;
  compliant: boolean | null;
  main_pollutants: MainPollutant[];
  /** Start of the hour or day that is shown. */
  time: Timestamp | null;
  /** Its end: the values are not older. */
  until: Timestamp | null;
  edition: string;
  verdict: string | null;
  values: WaterValue[];
}

export interface WaterValue {
  factor: string;
  name: Name;
  value: string;
  unit: string;
  /** `III`, `V+`. */
  class: string | null;
  exceeding: boolean;
}

export interface WhatIf {
  /** Cells that moved, and cells whose light or forecast moved. */
  cells: WhatIfCell[];
  /** Rows of the indicators that moved, for the year asked. */
  rows: IndicatorRow[];
}

export interface WhatIfCell {
  indicator: string;
  name: Name;
  year: number;
  before: string | null;
  after: string | null;
  light_before: string;
  light_after: string;
}

export interface WhatIfRequest {
  /** Year whose rows are answered. */
  year: number;
  assumptions: Assumption[];
}

export interface WhyQuery {
  revision: number | null;
  /** The verdict as it was known at that time. */
  as_of: string | null;
}

export interface WrongNow {
  point: string;
  name: Name;
  kind: PointKind;
  simulated: boolean;
  state: State;
  since: Timestamp | null;
  reason: Name | null;
  case_id: Id | null;
}

/** Score of one year (年度绩效). */
export interface YearPerformance {
  year: number;
  criteria: Scored[];
  /** Per cent of the points that could be scored. */
  score: number | null;
}

export interface YearQuery {
  year: number | null;
  format?: Format;
}

export interface YearValue {
  year: number;
  cell: Cell2;
  shown: string | null;
  standing: Standing;
  /** The year still runs: a value to date. */
  to_date: boolean;
}

export interface ZoneAttributeView {
  key: string;
  name: Name;
  /** What may be answered; nothing: a number. */
  values: AttributeValue[];
  /** Unit of the number; empty: none. */
  unit: string;
}

export interface ZoneLayerView {
  id: string;
  name: Name;
  source: string;
  schematic: boolean;
  zones: number;
  /** Why there is nothing. */
  absent: Name | null;
  /** What of it is not drawn yet. */
  incomplete: Name | null;
  /** Ledger whose records take its place once they have geometries. */
  ledger: string | null;
}

export interface ZoneRuleView {
  id: string;
  name: Name;
  verdict: Verdict;
  basis: Name;
  layers: string[];
  attributes: ZoneAttributeView[];
  when: string;
}
