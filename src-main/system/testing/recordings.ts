import { readFileSync } from 'node:fs'

/** What a program of macOS printed; ../fixtures/SOURCES.md says where from. */
export const recorded = (name: string): string => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')
