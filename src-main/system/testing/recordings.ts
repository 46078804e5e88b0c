import { readFileSync } from 'node:fs'

/** Recorded output of a macOS program; ../fixtures/SOURCES.md has the sources. */
export const recorded = (name: string): string => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')
