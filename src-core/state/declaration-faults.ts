import { z } from 'zod'

/**
 * What is wrong in a watched folder of declaration files. Lines and columns count from 1. Without a line the fault is
 * the whole file's, without a file the folder's.
 */
export const DeclarationFault = z.object({
  /** Relative to the folder. */
  file: z.string().optional(),
  line: z.number().int().positive().optional(),
  column: z.number().int().positive().optional(),
  /** In English. */
  message: z.string(),
})
export type DeclarationFault = z.infer<typeof DeclarationFault>

/** The faults of the folder that a machine watches. */
export const DeclarationFaults = z.object({
  /** Its path on that machine. */
  folder: z.string(),
  /** The first ones, in the order of the files; see `declarationFaults`. */
  faults: z.array(DeclarationFault),
  /** How many there are. */
  count: z.number().int().positive(),
})
export type DeclarationFaults = z.infer<typeof DeclarationFaults>

/** Limits of a report: every machine keeps it, and receives it again with each change of the reporting machine. */
const MOST_FAULTS = 10
const LONGEST_MESSAGE = 300

/** Builds the report of a folder's faults; undefined if there are none. */
export const declarationFaults = (
  folder: string,
  faults: readonly DeclarationFault[],
): DeclarationFaults | undefined => {
  if (faults.length === 0) return undefined
  const shorten = (text: string): string =>
    text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE - 1)}…` : text
  const first = faults.slice(0, MOST_FAULTS).map((fault) => ({ ...fault, message: shorten(fault.message) }))
  return { folder, faults: first, count: faults.length }
}

/** Formats a fault as `models.yaml:3:5: maxcontext is not a field of a declaration`. */
export const faultText = ({ file, line, column, message }: DeclarationFault): string => {
  const place = [file, line, column].filter((part) => part !== undefined).join(':')
  return place === '' ? message : `${place}: ${message}`
}
