import type { NodeLogQuery } from '@core/protocols/node-log'
import { LogLevel } from '@core/settings/node'
import pino from 'pino'
import { join } from 'node:path'
import { makeFolderSync } from '../disk/make-folder'
import { censored, REDACTED } from './redaction'
import { lastLines } from './last-lines'
import { filesOf, openRotatingFile } from './rotating-file'
import { formatForTerminal } from './terminal-format'

export type LogFields = Readonly<Record<string, unknown>>

export interface LogMethod {
  (fields: LogFields, message: string): void
  (message: string): void
}

/** The log of a node's parts. Fields first, then a sentence without values in it; an error goes in the field `err`. */
export interface Logger {
  readonly debug: LogMethod
  readonly info: LogMethod
  readonly warn: LogMethod
  readonly error: LogMethod
  /** A logger that adds these fields to every line, such as `{ part: 'worker' }`. */
  child(fields: LogFields): Logger
}

export interface LogOptions {
  /** The folder of `muster.log` and its predecessors; created if missing. */
  readonly directory: string
  readonly level: LogLevel
  /** Readable lines of this level and above. Never standard output, which programs read. */
  readonly terminal?: { readonly level: LogLevel; readonly colour: boolean; write(text: string): void }
}

export interface Log {
  readonly logger: Logger
  /** The last lines written at `since` or later. Throws if the files cannot be read. */
  lastLines(which: NodeLogQuery): readonly string[]
  /** Notifies of each line once it is written. The listener must not log in response. */
  subscribe(listener: (line: string) => void): () => void
  /** Path of the current file, to show to users. */
  readonly path: string
  close(): Promise<void>
}

const MAX_BYTES = 5 * 1024 * 1024
const FILES = 5

/** A line's own timestamp: ISO times compare as text. */
const timeOf = (line: string): string => /"time":"([^"]*)"/.exec(line)?.[1] ?? ''

/** The more verbose of two levels. */
const lower = (a: LogLevel, b: LogLevel): LogLevel => LogLevel.options.find((level) => level === a || level === b) ?? a

/**
 * Opens this node's log: JSON lines in `muster.log`, at most five files of 5 MB, and readable lines on a terminal if
 * given. Lines are written synchronously, so that the last line before a crash is kept. If the disk fails, lines are
 * lost and the node goes on.
 */
export const openLog = ({ directory, level, terminal }: LogOptions): Log => {
  makeFolderSync(directory)
  const path = join(directory, 'muster.log')
  const file = openRotatingFile({
    path,
    maxBytes: MAX_BYTES,
    files: FILES,
    onError: (error) => terminal?.write(`Cannot write ${path}: ${error.message}\n`),
  })
  const listeners = new Set<(line: string) => void>()
  const written = (line: string): void => {
    file.write(line)
    for (const listen of listeners) listen(line.trimEnd())
  }
  const streams: pino.StreamEntry[] = [{ level, stream: { write: written } }]
  if (terminal) {
    const { colour, write } = terminal
    streams.push({
      level: terminal.level,
      stream: { write: (line: string) => write(formatForTerminal(line, { colour })) },
    })
  }
  const logger = pino(
    {
      // The most verbose of the streams' levels: each stream then filters by its own.
      level: lower(level, terminal?.level ?? level),
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      errorKey: 'error',
      redact: { paths: [...censored], censor: REDACTED },
    },
    pino.multistream(streams),
  )
  return {
    logger,
    path,
    lastLines: ({ lines, since }) =>
      lastLines(filesOf(path, FILES), lines).filter((line) => since === undefined || timeOf(line) >= since),
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: () => {
      file.close()
      return Promise.resolve()
    },
  }
}
