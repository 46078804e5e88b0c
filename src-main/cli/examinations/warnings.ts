import { WarningsResponse } from '@core/protocols/control'
import { askNode } from '../remote'
import type { Examination } from './finding'

export const warnings: Examination = {
  name: 'warnings',
  title: 'The machines',
  examine: async (flags) => {
    const found = WarningsResponse.parse(await askNode(flags, '/warnings', { withinMs: 10_000 })).warnings
    return { findings: found, json: found }
  },
}
