import type { Geometry } from 'geojson';

type Extent = readonly [west: number, south: number, east: number, north: number];

/** Where to write the name of a line: the middle of that part of it which lies in view. */
export function labelPoint(geometry: Geometry, [west, south, east, north]: Extent): [number, number] | null {
  const lines = geometry.type === 'LineString' ? [geometry.coordinates] : geometry.type === 'MultiLineString' ? geometry.coordinates : [];
  const inside = lines.flat().filter(([lon, lat]) => lon >= west && lon <= east && lat >= south && lat <= north);
  const middle = inside[Math.floor(inside.length / 2)];
  return middle ? [middle[0], middle[1]] : null;
}

/** Pixels by which places that coincide are moved apart in a ring, so that each can be seen and reached. */
export function spread(places: readonly { lon: number; lat: number }[]): [x: number, y: number][] {
  const keyOf = (place: { lon: number; lat: number }) => `${place.lon.toFixed(3)} ${place.lat.toFixed(3)}`;
  const groups = new Map<string, number[]>();
  places.forEach((place, at) => groups.set(keyOf(place), [...(groups.get(keyOf(place)) ?? []), at]));
  const offsets = places.map((): [number, number] => [0, 0]);
  for (const members of groups.values()) {
    if (members.length < 2) continue;
    const radius = Math.max(13, (members.length * 24) / (2 * Math.PI));
    members.forEach((at, turn) => {
      const angle = (turn / members.length) * 2 * Math.PI - Math.PI / 2;
      offsets[at] = [Math.round(radius * Math.cos(angle)), Math.round(radius * Math.sin(angle))];
    });
  }
  return offsets;
}

/** West, south, east, north of some geometries; nothing for nothing. */
export function boundsOf(geometries: readonly (Geometry | null)[]): [number, number, number, number] | null {
  let found: [number, number, number, number] | null = null;
  const walk = (value: unknown): void => {
    if (!Array.isArray(value)) return;
    if (typeof value[0] === 'number' && typeof value[1] === 'number') {
      const [lon, lat] = value as [number, number];
      found = found ? [Math.min(found[0], lon), Math.min(found[1], lat), Math.max(found[2], lon), Math.max(found[3], lat)] : [lon, lat, lon, lat];
    } else value.forEach(walk);
  };
  for (const geometry of geometries) if (geometry && 'coordinates' in geometry) walk(geometry.coordinates);
  return found;
}
