/** Ctrl-C, an ordinary `kill`, and a terminal that is closed. */
const END_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Calls `end` once instead of ending the process when a user ends it. Returns how to restore the default. */
export const onEndSignal = (end: () => void): (() => void) => {
  for (const signal of END_SIGNALS) process.once(signal, end)
  return () => {
    for (const signal of END_SIGNALS) process.removeListener(signal, end)
  }
}
