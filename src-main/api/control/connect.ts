import { isIP } from 'node:net'
import { Hono, type Context } from 'hono'
import {
  PreviewToolConfigRequest,
  WritableTool,
  WriteToolConfigRequest,
  type SignInLink,
} from '@core/protocols/connect'
import { camelCased, jsonBody, parseWith } from '../body'
import type { ApiContext } from '../context'
import type { ApiEnv } from '../env'
import { isExplained, Problem } from '../problem'

const isLoopback = (address: string): boolean => {
  const plain = address.replace(/^::ffff:/, '')
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'))
}

/** Refuses requests from other machines: only users of this machine may see and change its configuration files. */
const here = (c: Context<ApiEnv>): void => {
  if (isLoopback(c.env.incoming.socket.remoteAddress ?? '')) return
  throw new Problem(403, 'not_this_machine', 'Configurations can only be written by requests from this machine', {
    hint: 'Open Muster on the machine where the program runs, or copy the text.',
  })
}

const explained = async <Value>(promise: Promise<Value>): Promise<Value> => {
  try {
    return await promise
  } catch (error) {
    if (isExplained(error)) throw new Problem(409, error.code, error.message, { hint: error.hint })
    if (!(error instanceof Error)) throw error
    throw new Problem(409, 'cannot_write', `The configuration is left as it is: ${error.message}`, {
      hint: 'Put the text in by hand.',
    })
  }
}

/** Configures other programs on this machine to use this node, and signs in browsers elsewhere. */
export const connectRoutes = (
  { toolConfigs }: Pick<ApiContext, 'toolConfigs'>,
  signInLink: (() => SignInLink) | undefined,
): Hono<ApiEnv> => {
  const routes = new Hono<ApiEnv>()
  const toolOf = (c: Context<ApiEnv>): WritableTool => {
    const { success, data } = WritableTool.safeParse(c.req.param('tool'))
    if (success) return data
    throw new Problem(404, 'not_found', 'The configuration of that program cannot be written', {
      hint: `Supported: ${WritableTool.options.join(', ')}.`,
    })
  }

  routes.get('/connect/tools', async (c) => {
    here(c)
    return c.json({ tools: await toolConfigs.list() })
  })
  routes.post('/connect/tools/:tool/preview', async (c) => {
    here(c)
    const wanted = parseWith(PreviewToolConfigRequest, camelCased(await jsonBody(c)))
    return c.json(await explained(toolConfigs.preview(toolOf(c), { model: wanted.model, key: wanted.key })))
  })
  routes.post('/connect/tools/:tool', async (c) => {
    here(c)
    const { model, key, digest } = parseWith(WriteToolConfigRequest, camelCased(await jsonBody(c)))
    await explained(toolConfigs.write(toolOf(c), { model, key, digest }))
    return c.json({ tools: await toolConfigs.list() })
  })
  routes.delete('/connect/tools/:tool', async (c) => {
    here(c)
    await explained(toolConfigs.undo(toolOf(c)))
    return c.json({ tools: await toolConfigs.list() })
  })

  routes.post('/connect/sign_in_link', (c) => {
    if (!signInLink)
      throw new Problem(
        409,
        'not_open',
        'This node accepts connections from its own machine only: no other can sign in',
        {
          hint: 'Start it with --host 0.0.0.0, or set "host" to 0.0.0.0 in settings.json in the data folder.',
        },
      )
    return c.json(signInLink(), 201)
  })
  return routes
}
