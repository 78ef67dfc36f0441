// The admission check.
import type { FeatureCollection, Geometry } from 'geojson';
import * as http from './client';
import type { Name } from './types';

export type VerdictWord = 'prohibited' | 'restricted' | 'conditional' | 'undetermined' | 'allowed';
export interface ZoneLayer {
  id: string;
  name: Name;
  source: string;
  schematic: boolean;
  zones: number;
  absent: Name | null;
  incomplete: Name | null;
  ledger: string | null;
}
/** Something that rules ask of a project. */
export interface ZoneAttribute {
  key: string;
  name: Name;
  /** What may be answered; nothing: a number. */
  values: { code: string; name: Name }[];
  /** Unit of the number; empty: none. */
  unit: string;
}
/** A layer as the map draws it: how many zones there are and are here, and how coarse the drawing is (null: it is not). */
export type LayerPicture = FeatureCollection & { zones: number; drawn: number; simplified_m: number | null };
export interface ZoneRule {
  id: string;
  name: Name;
  verdict: VerdictWord;
  basis: Name;
  layers: string[];
  attributes: ZoneAttribute[];
  when: string;
}
export interface Question {
  lon?: number | null;
  lat?: number | null;
  geometry?: Geometry | null;
  industry: string;
  attributes: Record<string, string>;
  on?: string | null;
  note: string;
}
export interface Measurement {
  layer: string;
  layer_name: Name;
  what: 'within' | 'inside' | 'distance' | 'share';
  value: string;
  zones: Name[];
  overlap_m2: number | null;
  share: number | null;
  schematic: boolean;
  source: string;
}
export interface RuleResult {
  rule: string;
  name: Name;
  verdict: VerdictWord;
  hit: boolean;
  basis: Name;
  condition: Name;
  measurements: Measurement[];
  missing: Name[];
}
export interface Answer {
  verdict: VerdictWord;
  name: Name;
  rules: RuleResult[];
  missing: Name[];
  schematic: boolean;
  area_m2: number;
}
/** A saved question, asked again of a day under the rules and layers of now. */
export interface Recomputed {
  on: string;
  answer: Answer | null;
  problem: string | null;
  differences: { rule: string; name: Name; then: Name | null; now: Name | null }[];
}
export interface Admission {
  /** Empty when it was not saved. */
  number: string;
  made_at: string;
  made_by: string;
  question: Question;
  answer: Answer;
  /** Day whose rules and zones the answer is about. */
  on: string;
  /** That day under the rules and layers of now; null: it is today. */
  same_day: Recomputed | null;
  /** Today under the rules and layers of now; null: the answer is from now. */
  today: Recomputed | null;
}
export interface AdmissionSummary {
  number: string;
  made_at: string;
  made_by: string;
  industry: string;
  note: string;
  verdict: VerdictWord;
  name: Name;
  hits: number;
  schematic: boolean;
}
const at = encodeURIComponent;
export const zones = {
  layers: () => http.get<ZoneLayer[]>('/api/zones/layers'),
  layer: (id: string) => http.get<LayerPicture>(`/api/zones/layers/${at(id)}`),
  rules: () => http.get<ZoneRule[]>('/api/zones/rules'),
  list: () => http.get<AdmissionSummary[]>('/api/admissions'),
  get: (number: string) => http.get<Admission>(`/api/admissions/${at(number)}`),
  /** `save` puts it on record under a number, for those who may. */
  check: (question: Question, save: boolean) => http.post<Admission>(save ? '/api/admissions' : '/api/admissions?save=false', question),
  docx: (number: string) => `/api/admissions/${at(number)}/docx`,
};
