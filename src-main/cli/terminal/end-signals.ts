/** Sent by Ctrl-C, by `kill`, and when the terminal is closed. */
const END_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Calls `end` once on an end signal instead of ending the process. Returns a function that restores the default. */
export const onEndSignal = (end: () => void): (() => void) => {
  for (const signal of END_SIGNALS) process.once(signal, end)
  return () => {
    for (const signal of END_SIGNALS) process.removeListener(signal, end)
  }
}
