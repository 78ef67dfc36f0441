import type { Geometry } from 'geojson';

type Extent = readonly [west: number, south: number, east: number, north: number];

/** Where to write the name of a line: the middle of that part of it which lies in view. */
export function labelPoint(geometry: Geometry, [west, south, east, north]: Extent): [number, number] | null {
  const lines = geometry.type === 'LineString' ? [geometry.coordinates] : geometry.type === 'MultiLineString' ? geometry.coordinates : [];
  const inside = lines.flat().filter(([lon, lat]) => lon >= west && lon <= east && lat >= south && lat <= north);
  const middle = inside[Math.floor(inside.length / 2)];
  return middle ? [middle[0], middle[1]] : null;
}
