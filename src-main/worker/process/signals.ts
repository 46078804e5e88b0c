import { constants } from 'node:os'

/** The name of a signal number on this system; SIGKILL for an unknown one. */
export const signalName = (number: number): NodeJS.Signals => {
  const found = Object.entries(constants.signals).find(([, value]) => value === number)
  return (found?.[0] ?? 'SIGKILL') as NodeJS.Signals
}
