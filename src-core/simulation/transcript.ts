import type { Scenario } from './scenario'
import { Simulation } from './simulation'

/** A run as lines of JSON: one per event or refusal, and the state at the end. */
export const transcript = (scenario: Scenario): string[] => {
  const lines: string[] = []
  const simulation = new Simulation(scenario, (told) => {
    switch (told.kind) {
      case 'event': {
        const { at, index, event } = told.envelope
        lines.push(JSON.stringify({ at, index, event }))
        return
      }
      case 'refused':
        lines.push(JSON.stringify({ at: told.at, refused: { command: told.command, reason: told.reason } }))
    }
  })
  const finalState = simulation.run()
  lines.push(JSON.stringify({ finalState }))
  return lines
}
