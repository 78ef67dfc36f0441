// How maps are set up, and what those other than the large one lie on: paper, and the county's outline and rivers.
import 'maplibre-gl/dist/maplibre-gl.css';
import { GeolocateControl, Map as MapLibre, type MapOptions, NavigationControl, ScaleControl, setWorkerUrl, type StyleSpecification } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import { onBeforeUnmount } from 'vue';
import { county as countyApi } from '@/api';
import { locale, say } from '@/i18n';
import { extent, isWorld } from './extent';
import { county } from './session';

setWorkerUrl(workerUrl);
const paper = (colour: string): StyleSpecification => ({ version: 8, sources: {}, layers: [{ id: 'paper', type: 'background', paint: { 'background-color': colour } }] });

interface SetUp {
  /** Colour of the paper. */
  paper?: string;
  /** Pixels around the county. */
  padding?: number;
  minZoom: number;
  maxZoom: number;
  /** Offers where the reader is. */
  locate?: boolean;
  more?: Partial<Pick<MapOptions, 'doubleClickZoom' | 'renderWorldCopies'>>;
  /** What to use where no map can be drawn. */
  instead: readonly [zh: string, en: string];
  /** The page is left: the map is none any more. */
  gone: () => void;
}

/** A map of the county, flat and north up, in an element of the component that is being mounted; or why there is none. */
export function makeMap(container: HTMLElement, setUp: SetUp): { map: MapLibre; failed: '' } | { map: null; failed: string } {
  try {
    const map = new MapLibre({
      container,
      style: paper(setUp.paper ?? '#eef2ee'),
      bounds: extent(),
      fitBoundsOptions: { padding: setUp.padding ?? 16 },
      attributionControl: false,
      // Where nobody knows the county, the whole world must fit.
      minZoom: isWorld() ? 0 : setUp.minZoom,
      maxZoom: setUp.maxZoom,
      dragRotate: false,
      pitchWithRotate: false,
      locale: locale.value === 'zh' ? { 'NavigationControl.ZoomIn': '放大', 'NavigationControl.ZoomOut': '缩小', 'Map.Title': '地图' } : {},
      ...setUp.more,
    });
    map.touchZoomRotate.disableRotation();
    map.addControl(new NavigationControl({ showCompass: false }), 'top-right');
    if (setUp.locate) map.addControl(new GeolocateControl({}), 'top-right');
    map.addControl(new ScaleControl({}), 'bottom-right');
    onBeforeUnmount(() => {
      setUp.gone();
      map.remove();
    });
    return { map, failed: '' };
  } catch (error) {
    const [zh, en] = setUp.instead;
    return { map: null, failed: say(`这台电脑不能画地图（需要 WebGL）：${String(error)}。${zh}`, `This computer cannot draw the map (WebGL): ${String(error)}. ${en}`) };
  }
}

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
