import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HubKind } from '@core/settings/hub-kind'
import { huggingFaceHome, type Home } from '../stores/hugging-face-cache'

/** The hub that models are downloaded from. */
export interface Endpoint {
  readonly kind: HubKind
  /** Without a trailing slash. */
  readonly url: string
  /** Host as shown to users: `huggingface.co`. */
  readonly host: string
  /** A model's page for people. */
  modelPage(modelId: string): string
  /** The page where people make tokens. */
  readonly tokenPage: string
  /** Read for each request, because users log in while Muster runs. */
  token(): Promise<string | undefined>
  /** Headers that show a token to the hub. */
  credentials(token: string): Readonly<Record<string, string>>
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

/** Addresses and tokens of one kind of hub. */
interface Kind extends Pick<Endpoint, 'credentials'> {
  readonly url: string
  /** The environment variable that overrides the address. */
  readonly urlVariable: string
  modelPath(modelId: string): string
  readonly tokenPath: string
  /** A token from the environment or from a login of the hub's own programs; empty if there is none. */
  login(home: Home): Promise<string>
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

const kinds: Readonly<Record<HubKind, Kind>> = {
  huggingface: {
    url: 'https://huggingface.co',
    urlVariable: 'HF_ENDPOINT',
    modelPath: (modelId) => `/${modelId}`,
    tokenPath: '/settings/tokens',
    credentials: bearer,
    login: async ({ env, home }) => {
      const path = env['HF_TOKEN_PATH'] || join(huggingFaceHome({ env, home }), 'token')
      const fromFile = () => readFile(path, 'utf8').catch(() => '')
      return env['HF_TOKEN'] || env['HUGGING_FACE_HUB_TOKEN'] || (await fromFile())
    },
  },
  modelscope: {
    url: 'https://www.modelscope.cn',
    urlVariable: 'MODELSCOPE_ENDPOINT',
    modelPath: (modelId) => `/models/${modelId}`,
    tokenPath: '/my/myaccesstoken',
    // Its older routes accept only a session cookie.
    credentials: (token) => ({ ...bearer(token), cookie: `m_session_id=${encodeURIComponent(token)}` }),
    login: ({ env }) => Promise.resolve(env['MODELSCOPE_API_TOKEN'] ?? ''),
  },
}

/** The node's settings for the hub. */
export interface OwnHub {
  readonly kind?: HubKind | undefined
  readonly url?: string | undefined
  /** Read at each request, because it may be changed while Muster runs. */
  readonly token?: (() => string | undefined) | undefined
}

/**
 * The hub's endpoint. Address: the node's settings, else the environment variable of the hub's own client, else the
 * default; an invalid one counts as unset. Token: the node's settings, else that of the logged-in user.
 */
export const hubEndpoint = (home: Home, own: OwnHub = {}): Endpoint => {
  const { kind = 'huggingface' } = own
  const { modelPath, tokenPath, credentials, login, ...hub } = kinds[kind]
  const url = addressOf(own.url ?? home.env[hub.urlVariable] ?? '') ?? hub.url
  return {
    ...{ kind, url, credentials },
    host: new URL(url).host,
    modelPage: (modelId) => `${url}${modelPath(modelId)}`,
    tokenPage: `${url}${tokenPath}`,
    token: async () => {
      const saved = own.token?.()
      if (saved !== undefined) return saved
      const token = (await login(home)).trim()
      return isToken(token) ? token : undefined
    },
  }
}
