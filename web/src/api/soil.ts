// Soil of records, safe-use rates, and what sections and lakes carry.
import * as http from './client';
import type { SoilView } from './schema';
import type { Table } from './types';

export const soil = {
  of: (record: string) => http.get<SoilView>(`/api/records/${encodeURIComponent(record)}/soil`),
  safeUse: (query: http.Query) => http.get<Table>('/api/soil/safe-use', query),
};
export const waters = {
  trophic: (query: http.Query) => http.get<Table>('/api/water/trophic', query),
  rivers: (query: http.Query) => http.get<Table>('/api/water/rivers', query),
  cityIndex: (query: http.Query) => http.get<Table>('/api/water/city-index', query),
  flux: (query: http.Query) => http.get<Table>('/api/water/flux', query),
};
