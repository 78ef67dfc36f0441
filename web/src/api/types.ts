// The names that the pages use for what the server describes (schema.ts, made from its OpenAPI document).

import type * as S from './schema';

export type {
  ActionView as CaseAction, AdoptionReport, DiscardReport, AnomalyRow as Anomaly, AirToday, AqiView as AirPeriod, CaseDetail, CaseSummary, CodeView as LedgerCode, CollectView as CollectStatus, Column,
  CommandAnswerBody as Command, CountyAnswer as County, DeviceRow as Device, Event as AuditEvent, Evidence, FactorLimit, FactorView as Factor, FieldView as LedgerField,
  Headline, FileSection, ImportReport, InputView as VerdictInput, ItemView as VerdictItem, KindRow as CommandKind, Latest as LatestValue, LayerView as MapLayer, LedgerSummary, LedgerView as Ledger,
  LimitLine, Location, Name, NamedCode, OutletPeriod, OutletToday, Overview, Person, PointDetail, OwnViews, PointSummary, PointSuspicions, ProfileRow as ImportProfile, QuarantineRow as Quarantined,
  RawFrame as Frame, SavedView, RecordView as LedgerRecord, ListedRevision as RecordRevision, Change as FieldChange, Series, SeriesItem, SessionView as Session, StandardBrief, StandardDetail as Standard,
  CellView as StandardCell, TableView as StandardTable, State, StateCode, Table, Township, UserView as User, UserView as Account, VerdictBrief, VerdictView as Verdict, WaterToday, WrongNow,
} from './schema';

export interface Page<T> {
  items: T[];
  total: number;
  /** There are more than `total`: counting has stopped there. */
  more?: boolean;
  page: number;
}
/** How many points are in a state; states without a point are left out. */
export type ByState = Partial<Record<S.StateCode, number>>;
