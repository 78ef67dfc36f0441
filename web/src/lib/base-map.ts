// What maps other than the large one lie on: paper, and the county's outline and rivers for orientation.
import type { Map as MapLibre, StyleSpecification } from 'maplibre-gl';
import { county as countyApi } from '@/api';
import { county } from './session';

export const BASE_STYLE: StyleSpecification = { version: 8, sources: {}, layers: [{ id: 'paper', type: 'background', paint: { 'background-color': '#eef2ee' } }] };
export const EXTENT: [number, number, number, number] = [108.2, 28.2, 109.5, 29.5];
export const extent = () => (county.value?.extent ?? EXTENT) as [number, number, number, number];

/** Adds the layers below the layer `below`, as long as the map is `current`. */
export async function addBase(target: MapLibre, below: string, current: () => boolean) {
  for (const layer of county.value?.layers ?? []) {
    if (!['county', 'rivers', 'neighbours'].includes(layer.id)) continue;
    try {
      const data = await countyApi.layer(layer.id);
      if (!current()) return;
      target.addSource(`base-${layer.id}`, { type: 'geojson', data: data as never });
      if (layer.id === 'county') target.addLayer({ id: 'base-county-fill', source: 'base-county', type: 'fill', paint: { 'fill-color': '#fbfcf8' } }, below);
      target.addLayer({ id: `base-${layer.id}-line`, source: `base-${layer.id}`, type: 'line', paint: { 'line-color': layer.id === 'rivers' ? '#7fb0cf' : layer.id === 'county' ? '#2d6250' : '#b8c5bd', 'line-width': layer.id === 'county' ? 1.6 : 1.1 } }, below);
    } catch {
      // The outline is only for orientation; without it what is drawn still counts.
    }
  }
}
