import { constants } from 'node:os'

/** The name of a signal's number on this system; SIGKILL where it has none. */
export const signalName = (number: number): NodeJS.Signals => {
  const found = Object.entries(constants.signals).find(([, value]) => value === number)
  return (found?.[0] ?? 'SIGKILL') as NodeJS.Signals
}
