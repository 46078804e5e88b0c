import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import { ChangeSetupRequest, type PythonEvent, type SetupView } from '@core/protocols/setup'
import { SETUP_BEGINNING } from '@core/settings/setup-progress'
import { camelCased, jsonBody, parseWith } from '../body'
import type { ApiContext } from '../context'
import type { ApiEnv } from '../env'
import { isExplained, Problem } from '../problem'
import { beginEvents, headOfEvents } from './event-stream'

/** Backlog limit: a client this far behind is not reading. */
const MAX_UNREAD_BYTES = 1024 * 1024

/** Setup of this machine: progress, and the Python environment for runners. */
export const setupRoutes = ({ settings, python, sleepSettings, source }: ApiContext): Hono<ApiEnv> => {
  const routes = new Hono<ApiEnv>()

  /** A node that already has a declaration or other members, from before setup existed, needs none. */
  const isFresh = (): boolean => {
    const { metaInstances, members } = source.state()
    return Object.keys(metaInstances).length === 0 && Object.keys(members).length <= 1
  }

  const view = async (): Promise<SetupView> => {
    await settings.settled()
    const { setup: progress, offerSetup } = settings.current()
    const sleep = await sleepSettings()
    return {
      ...(progress && { progress }),
      offered: offerSetup && (progress ? progress.state === 'open' : isFresh()),
      python: python.view(),
      ...(sleep && { sleep }),
    }
  }

  routes.get('/node/setup', async (c) => c.json(await view()))

  routes.patch('/node/setup', async (c) => {
    const changes = parseWith(ChangeSetupRequest, camelCased(await jsonBody(c)))
    const { setup = SETUP_BEGINNING } = settings.current()
    const { step = setup.step, state = setup.state, outcomes = setup.outcomes } = changes
    const metaInstanceId = changes.metaInstanceId ?? setup.metaInstanceId
    try {
      await settings.update({
        setup: { step, state, outcomes, ...(metaInstanceId !== undefined && { metaInstanceId }) },
      })
    } catch (error) {
      throw isExplained(error) ? new Problem(503, error.code, error.message, { hint: error.hint }) : error
    }
    return c.json(await view())
  })

  routes.post('/node/python', (c) => {
    python.install()
    return c.json(python.view(), 202)
  })

  routes.delete('/node/python', (c) => {
    python.cancel()
    return c.json(python.view())
  })

  routes.get('/node/python/events', headOfEvents, (c) => {
    const events = beginEvents(c, MAX_UNREAD_BYTES)
    const send = (event: PythonEvent): void => events.send(`data: ${JSON.stringify(event)}`)
    send({ kind: 'view', view: python.view() })
    send({ kind: 'output', text: python.printed() })
    const stop = python.subscribe((printed) =>
      send(printed === undefined ? { kind: 'view', view: python.view() } : { kind: 'output', text: printed }),
    )
    events.onClose(stop)
    return RESPONSE_ALREADY_SENT
  })

  return routes
}
