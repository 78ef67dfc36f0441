export const DOCUMENT: string;
export const TYPES: string;
export function typesOf(document: unknown): string;
