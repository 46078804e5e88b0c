import { Hono } from 'hono'
import { ChangePowerRequest, type PowerView } from '@core/protocols/power'
import { camelCased, jsonBody, parseWith } from '../body'
import type { ApiContext } from '../context'
import { isExplained, Problem } from '../problem'

/** Whether this machine may sleep while models run on it. */
export const powerRoutes = ({ settings, power }: ApiContext): Hono => {
  const routes = new Hono()
  const isFixed = (): boolean => settings.fixed().includes('keepAwake')
  const view = (): PowerView => ({
    ...power.facts(),
    keepAwake: settings.current().keepAwake,
    fixed: isFixed(),
  })

  routes.get('/node/power', async (c) => {
    await settings.settled()
    return c.json(view())
  })

  routes.patch('/node/power', async (c) => {
    const { keepAwake } = parseWith(ChangePowerRequest, camelCased(await jsonBody(c)))
    if (isFixed())
      throw new Problem(409, 'conflict', 'keepAwake cannot be changed while this node runs', {
        hint: 'The environment sets it: start the node without MUSTER_KEEP_AWAKE.',
      })
    try {
      await settings.update({ keepAwake })
    } catch (error) {
      throw isExplained(error) ? new Problem(503, error.code, error.message, { hint: error.hint }) : error
    }
    await power.refresh()
    return c.json(view())
  })

  return routes
}
