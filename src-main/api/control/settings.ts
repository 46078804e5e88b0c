import { Hono } from 'hono'
import { ChangeNodeSettingsRequest, type NodeSettingsView } from '@core/protocols/node-settings'
import { DEFAULT_HOST, EVERY_HOST, isLoopback, loadsOnRequest } from '@core/settings/node'
import { camelCased, jsonBody, parseWith } from '../body'
import type { ApiContext } from '../context'
import { isExplained, Problem } from '../problem'

/** Settings whose names are the same in the API. */
const CHANGED_AS_THEY_ARE: ReadonlySet<string> = new Set([
  'loadOnRequest',
  'onRequestIdleSeconds',
  'diskCacheGigabytes',
  'downloadBytesPerSecond',
  'keepFreeGigabytes',
  'hub',
  'hubToken',
])

/** This node's settings that can be changed while it runs. */
export const settingsRoutes = ({ settings }: ApiContext): Hono => {
  const routes = new Hono()

  /** The settings in the view that the command line or environment fixes. */
  const fixedNames = (): string[] =>
    settings.fixed().flatMap((name) => {
      if (name === 'host') return ['servesNetwork']
      return CHANGED_AS_THEY_ARE.has(name) ? [name] : []
    })

  const view = (): NodeSettingsView => {
    const current = settings.current()
    const { loadOnRequest, onRequestIdleSeconds, diskCacheGigabytes, host } = current
    const { downloadBytesPerSecond, keepFreeGigabytes, hub } = current
    return {
      settings: {
        ...{ loadOnRequest, onRequestIdleSeconds, diskCacheGigabytes, downloadBytesPerSecond, keepFreeGigabytes },
        ...{ hub, servesNetwork: !isLoopback(host) },
      },
      fixed: fixedNames(),
      hubTokenSaved: current.hubToken !== undefined,
      // From the listening address in force, not one that is saved for the next start.
      loadsOnRequest: loadsOnRequest({ loadOnRequest, host: settings.atStart().host }),
      servesNetworkNow: !isLoopback(settings.atStart().host),
    }
  }

  routes.get('/node/settings', async (c) => {
    await settings.settled()
    return c.json(view())
  })

  routes.patch('/node/settings', async (c) => {
    const request = parseWith(ChangeNodeSettingsRequest, camelCased(await jsonBody(c)))
    const { servesNetwork, hubToken, ...rest } = request
    const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
    const host = servesNetwork === undefined ? {} : { host: servesNetwork ? EVERY_HOST : DEFAULT_HOST }
    const held = fixedNames().filter((name) => name in request)
    if (held.length > 0)
      throw new Problem(409, 'conflict', `${held.join(', ')} cannot be changed while this node runs`, {
        hint: 'The command line or the environment sets it: start the node without that.',
      })
    try {
      await settings.update({ ...given, ...host, ...(hubToken !== undefined && { hubToken: hubToken ?? undefined }) })
    } catch (error) {
      throw isExplained(error) ? new Problem(503, error.code, error.message, { hint: error.hint }) : error
    }
    return c.json(view())
  })

  return routes
}
