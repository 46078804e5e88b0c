import { WarningsResponse } from '@core/protocols/control'
import type { Examination } from './finding'

export const warnings: Examination = {
  name: 'warnings',
  title: 'The machines',
  examine: async (api) => {
    const { warnings: found } = await api.ask('/warnings', WarningsResponse, { withinMs: 10_000 })
    return { findings: found, json: found }
  },
}
