import { Hono } from 'hono'
import { ChangeNodeSettingsRequest, type NodeSettingsView } from '@core/protocols/control'
import { loadsOnRequest } from '@core/settings/node'
import { camelCased, jsonBody, parseWith } from '../body'
import type { ApiContext } from '../context'
import { isExplained, Problem } from '../problem'

/** What of this node's own settings can be changed while it runs. */
export const settingsRoutes = ({ settings }: ApiContext): Hono => {
  const routes = new Hono()

  const view = (): NodeSettingsView => {
    const current = settings.current()
    const { loadOnRequest, onRequestIdleSeconds } = current
    const changeable = { loadOnRequest, onRequestIdleSeconds }
    const fixed = settings.fixed().filter((name) => Object.hasOwn(changeable, name))
    return { settings: changeable, fixed, loadsOnRequest: loadsOnRequest(current) }
  }

  routes.get('/node/settings', (c) => c.json(view()))

  routes.patch('/node/settings', async (c) => {
    const { loadOnRequest, onRequestIdleSeconds } = parseWith(ChangeNodeSettingsRequest, camelCased(await jsonBody(c)))
    const changes = {
      ...(loadOnRequest !== undefined && { loadOnRequest }),
      ...(onRequestIdleSeconds !== undefined && { onRequestIdleSeconds }),
    }
    const held = settings.fixed().filter((name) => Object.hasOwn(changes, name))
    if (held.length > 0)
      throw new Problem(409, 'conflict', `${held.join(', ')} cannot be changed while this node runs`, {
        hint: 'Its command line or its environment sets it: start it without.',
      })
    try {
      await settings.update(changes)
    } catch (error) {
      throw isExplained(error) ? new Problem(503, error.code, error.message, { hint: error.hint }) : error
    }
    return c.json(view())
  })

  return routes
}
