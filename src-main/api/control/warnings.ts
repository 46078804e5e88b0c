import { Hono } from 'hono'
import type { WarningsResponse } from '@core/protocols/control'
import { englishWarning } from '@core/warnings/warning'
import { warningsOf } from '@core/warnings/warnings'
import type { ApiContext } from '../context'

/** Current warnings, computed from the state on request. */
export const warningRoutes = ({ source }: Pick<ApiContext, 'source'>): Hono => {
  const routes = new Hono()
  routes.get('/warnings', (c) =>
    c.json({ warnings: warningsOf(source.state()).map(englishWarning) } satisfies WarningsResponse),
  )
  return routes
}
