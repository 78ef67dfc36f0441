// Definitions of ledgers and code lists, and what a change of them would do.
import * as http from './client';
import type { DesignChange, DesignLine, DesignReport, DesignView, DesignWords, PartKind } from './schema';

export type { DesignWords, DesignChange, DesignLine, DesignProblem, DesignReport, DesignView, PartKind } from './schema';

const at = encodeURIComponent;
export interface DesignBody { kind: PartKind; text?: string; design?: Record<string, unknown> }
export const designs = {
  list: () => http.get<DesignLine[]>('/api/designs'),
  words: () => http.get<DesignWords>('/api/design-words'),
  get: (kind: string, id: string) => http.get<DesignView>(`/api/designs/${at(kind)}/${at(id)}`),
  check: (body: DesignBody) => http.post<DesignReport>('/api/designs/check', body),
  save: (body: DesignBody & { reason: string; revision: number; accepted: string[] }) => http.post<DesignReport>('/api/designs', body),
  withdraw: (kind: string, id: string, body: { reason: string; revision: number; accepted: string[] }) => http.post<DesignChange[]>(`/api/designs/${at(kind)}/${at(id)}/withdraw`, body),
};
