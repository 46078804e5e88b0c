import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { CatalogueAdapter, CatalogueModel, UnreadableModel } from '@core/protocols/models'
import { replaceFile } from '../../disk/replace-file'
import type { Inspection } from './model-directory'

/** Result of inspecting a folder, valid while its files have this fingerprint. */
export interface Remembered {
  readonly fingerprint: string
  readonly inspection: Inspection
}

const Kept = z.object({
  fingerprint: z.string().max(100),
  inspection: z.discriminatedUnion('status', [
    z.object({ status: z.literal('model'), model: CatalogueModel }),
    z.object({ status: z.literal('adapter'), model: CatalogueAdapter }),
    z.object({ status: z.literal('unreadable'), model: UnreadableModel }),
    z.object({ status: z.literal('none') }),
  ]),
})
const File = z.object({ v: z.literal(1), folders: z.record(z.string().max(5000), Kept) })

/**
 * Reads the inspections of an earlier process, by folder; empty if the file cannot be read. The cache only saves work.
 */
export const readInspections = async (path: string): Promise<Map<string, Remembered>> => {
  try {
    return new Map(Object.entries(File.parse(JSON.parse(await readFile(path, 'utf8'))).folders))
  } catch {
    return new Map()
  }
}

/** Writes the inspections for the next start. Rejects with file system errors. */
export const writeInspections = (path: string, known: ReadonlyMap<string, Remembered>): Promise<void> =>
  replaceFile(path, JSON.stringify({ v: 1, folders: Object.fromEntries(known) }))
