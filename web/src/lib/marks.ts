// The map of a ledger's list: which box is asked for, and when again.
import type { Feature, FeatureCollection } from 'geojson';
import type { Mark, Marks } from '@/api/care';

export interface Box { west: number; south: number; east: number; north: number }
export interface Asked { box: Box; zoom: number }

/** What a map shows, on earth. */
export const viewOf = (bounds: { getWest(): number; getSouth(): number; getEast(): number; getNorth(): number }): Box => ({ west: Math.max(-180, bounds.getWest()), south: Math.max(-90, bounds.getSouth()), east: Math.min(180, bounds.getEast()), north: Math.min(90, bounds.getNorth()) });

const DEEPEST = 20;
/** Widens a box by half its width and height on each side, so that a small pan asks for nothing. */
export function widened(box: Box): Box {
  const [wide, high] = [(box.east - box.west) / 2, (box.north - box.south) / 2];
  return { west: Math.max(-180, box.west - wide), south: Math.max(-90, box.south - high), east: Math.min(180, box.east + wide), north: Math.min(90, box.north + high) };
}
const zoomOf = (zoom: number) => Math.max(0, Math.min(DEEPEST, Math.floor(zoom)));
/** What to ask for; null while what was asked for still covers the view. */
export function toAsk(view: Box, zoom: number, asked: Asked | null): Asked | null {
  const covers = asked && asked.zoom === zoomOf(zoom) && asked.box.west <= view.west && asked.box.south <= view.south && asked.box.east >= view.east && asked.box.north >= view.north;
  return covers ? null : { box: widened(view), zoom: zoomOf(zoom) };
}
export const boxText = (box: Box) => [box.west, box.south, box.east, box.north].map((side) => side.toFixed(6)).join(',');

/** Pixels: larger with the number of records, and never so large that neighbours touch. */
export const radiusOf = (count: number) => (count === 1 ? 6 : Math.min(26, 11 + 3.2 * Math.log10(count) * 1.6));
export const countText = (count: number) => (count < 1000 ? String(count) : count < 10_000 ? `${(count / 1000).toFixed(1)}k` : `${Math.round(count / 1000)}k`);
/** A ring says that some of many have a colour: one of a thousand must not paint them all. */
const PLAIN = '#2d6250';
export function featuresOf(marks: readonly Mark[]): FeatureCollection {
  const one = (mark: Mark, at: number): Feature => ({ type: 'Feature', properties: { at, radius: radiusOf(mark.count), colour: mark.count > 1 ? PLAIN : (mark.state?.colour ?? PLAIN), ring: mark.count > 1 ? (mark.state?.colour ?? '#fff') : '#fff', many: mark.count > 1, count: countImage(mark.count) }, geometry: { type: 'Point', coordinates: [mark.lon, mark.lat] } });
  return { type: 'FeatureCollection', features: marks.map(one) };
}

/** Lines and areas, each with its place in the answer. */
export function shapesOf(shapes: Marks['shapes']): FeatureCollection {
  return { type: 'FeatureCollection', features: shapes.map((shape, at): Feature => ({ type: 'Feature', properties: { at, colour: shape.state?.colour ?? PLAIN }, geometry: shape.geometry as Feature['geometry'] })) };
}
/** A line or an area as a mark of one record, for the card that names it. */
export const markOf = (shape: Marks['shapes'][number], lon: number, lat: number): Mark => ({ lon, lat, count: 1, around: null, state: shape.state, records: [shape.record] });
/** The name of the picture of a count: one for each text, however many marks have it. */
export const countImage = (count: number) => (count > 1 ? `count-${countText(count)}` : '');
