import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { huggingFaceHome, type Home } from '../hugging-face-cache'

const HUGGING_FACE = 'https://huggingface.co'

/** Where models are fetched from. */
export interface Endpoint {
  /** Without a slash at its end. */
  readonly url: string
  /** As people know it: `huggingface.co`. */
  readonly host: string
  /** Read anew each time: people log in while Muster runs. */
  token(): Promise<string | undefined>
}

/** What a header may hold: anything else is no token, whoever put it there. */
const isToken = (text: string): boolean => /^[\x21-\x7e]{1,1000}$/.test(text)

/** Whether the environment forbids asking hubs, by the rules of `huggingface_hub`. */
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

/**
 * The hub that the environment names, or Hugging Face's own, with the token of whoever is logged in, by the rules of
 * `huggingface_hub`; `hubUrl` goes before the environment. An address that is none counts as not given.
 */
export const hubEndpoint = ({ env, home }: Home, hubUrl?: string): Endpoint => {
  const given = addressOf(hubUrl ?? env['HF_ENDPOINT'] ?? '')
  const url = given ?? HUGGING_FACE
  return {
    url,
    host: new URL(url).host,
    token: async () => {
      const path = env['HF_TOKEN_PATH'] || join(huggingFaceHome({ env, home }), 'token')
      const fromFile = () => readFile(path, 'utf8').catch(() => '')
      const token = (env['HF_TOKEN'] || env['HUGGING_FACE_HUB_TOKEN'] || (await fromFile())).trim()
      return isToken(token) ? token : undefined
    },
  }
}
