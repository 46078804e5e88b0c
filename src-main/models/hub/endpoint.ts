import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { huggingFaceHome, type Home } from '../hugging-face-cache'

const HUGGING_FACE = 'https://huggingface.co'

/** The hub that models are downloaded from. */
export interface Endpoint {
  /** Without a trailing slash. */
  readonly url: string
  /** Host as shown to users: `huggingface.co`. */
  readonly host: string
  /** Read for each request, because users log in while Muster runs. */
  token(): Promise<string | undefined>
}

/** Whether the text is safe in a header; anything else is not a token, whatever its source. */
const isToken = (text: string): boolean => /^[\x21-\x7e]{1,1000}$/.test(text)

/** Whether the environment forbids hub requests, by the rules of `huggingface_hub`. */
export const isOfflineBy = (env: Home['env']): boolean =>
  /^(?:1|on|yes|true)$/i.test(env['HF_HUB_OFFLINE'] || env['TRANSFORMERS_OFFLINE'] || '')

const addressOf = (text: string): string | undefined => {
  try {
    const { protocol, origin, pathname } = new URL(text.trim())
    return protocol === 'https:' || protocol === 'http:' ? `${origin}${pathname.replace(/\/+$/, '')}` : undefined
  } catch {
    return undefined
  }
}

/** What a node's own settings say about the hub. */
export interface OwnHub {
  readonly url?: string | undefined
  /** As it is now: it may be changed while Muster runs. */
  readonly token?: (() => string | undefined) | undefined
}

/**
 * The hub's endpoint: as the node's settings say, else by the rules of `huggingface_hub`, that is the environment's,
 * else Hugging Face's, with the logged-in user's token. An invalid address counts as unset.
 */
export const hubEndpoint = ({ env, home }: Home, own: OwnHub = {}): Endpoint => {
  const given = addressOf(own.url ?? env['HF_ENDPOINT'] ?? '')
  const url = given ?? HUGGING_FACE
  return {
    url,
    host: new URL(url).host,
    token: async () => {
      const saved = own.token?.()
      if (saved !== undefined) return saved
      const path = env['HF_TOKEN_PATH'] || join(huggingFaceHome({ env, home }), 'token')
      const fromFile = () => readFile(path, 'utf8').catch(() => '')
      const token = (env['HF_TOKEN'] || env['HUGGING_FACE_HUB_TOKEN'] || (await fromFile())).trim()
      return isToken(token) ? token : undefined
    },
  }
}
