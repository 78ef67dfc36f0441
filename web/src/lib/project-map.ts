// What a project looks like on a map: its stage as colour, shape and word.
import type { ProjectState } from '@/api/plan';
import { say } from '@/i18n';
import { stageText } from '@/lib/plan';

export type MapState = 'none' | 'preparing' | 'building' | 'done' | 'halted';
export const MAP_STATES: MapState[] = ['building', 'preparing', 'done', 'halted', 'none'];
interface Look { zh: string; en: string; colour: string; path: string; hollow?: boolean }
const LOOKS: Record<MapState, Look> = {
  building: { zh: '在建', en: 'Being built', colour: '#8a5a00', path: 'M8 .8 15.2 8 8 15.2.8 8z' },
  preparing: { zh: '前期', en: 'In preparation', colour: '#4b5fa8', path: 'M8 1 15.2 14H.8z', hollow: true },
  done: { zh: '验收、运行', en: 'Accepted or operating', colour: '#1f7a55', path: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2z' },
  halted: { zh: '暂停、取消', en: 'Suspended or cancelled', colour: '#b3261e', path: 'M3 2h3.4v12H3zM9.6 2H13v12H9.6z' },
  none: { zh: '阶段未填报', en: 'No stage entered', colour: '#4a5560', path: 'M2.5 2.5h11v11h-11z', hollow: true },
};
const OF_STAGE: Record<string, MapState> = { building: 'building', accepted: 'done', operating: 'done', suspended: 'halted', cancelled: 'halted' };
/** A stage that a county has added stands for preparation: it is entered, and it is none of the others. */
export const mapState = (stage: string | null): MapState => (stage === null ? 'none' : (OF_STAGE[stage] ?? 'preparing'));
export const lookOf = (state: MapState): Look => LOOKS[state];
export const mapStateText = (state: MapState): string => say(LOOKS[state].zh, LOOKS[state].en);
const BASES: Record<string, [string, string]> = { stated: ['数据包所写位置', 'position in the pack'], inspected: ['现场检查位置', 'where an inspection was'], township_centre: ['用乡镇中心代替', 'township centre stands in'] };
export const basisOfSite = (basis: string): string => (BASES[basis] ? say(...BASES[basis]) : basis);

export interface Mark { id: string; lon: number; lat: number; label: string; path: string; colour: string; hollow: boolean; standIn: boolean }
/** One mark for each site of each project. */
export function marksOf(projects: readonly ProjectState[]): Mark[] {
  return projects.flatMap((one) => one.sites.map((site, at) => {
    const look = lookOf(mapState(one.stage));
    const stage = one.stage === null ? mapStateText('none') : stageText(one.stage);
    return { id: `${one.number}/${at}`, lon: site.lon, lat: site.lat, label: `${one.number} ${one.name} · ${stage} · ${site.township ? `${site.township} · ` : ''}${basisOfSite(site.basis)}`, path: look.path, colour: look.colour, hollow: look.hollow ?? false, standIn: site.basis === 'township_centre' };
  }));
}
