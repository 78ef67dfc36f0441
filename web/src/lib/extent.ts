// Where the county lies, for maps and for examples; a county that says nothing of it may lie anywhere.
import { county } from './session';

type Bounds = [west: number, south: number, east: number, north: number];
/** As far as a map of Mercator's goes. */
export const WORLD: Bounds = [-180, -85, 180, 85];
const known = () => (county.value?.extent as Bounds | null | undefined) ?? null;
export const extent = (): Bounds => known() ?? WORLD;
export const isWorld = () => !known();

/** The middle of the county in degrees, as an example of coordinates; nothing where nobody knows where it lies. */
export function exampleOf(): { lon: string; lat: string } {
  const bounds = known();
  if (!bounds) return { lon: '', lat: '' };
  const [west, south, east, north] = bounds;
  return { lon: ((west + east) / 2).toFixed(2), lat: ((south + north) / 2).toFixed(2) };
}
