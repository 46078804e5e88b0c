import type { RequestInit, Response } from 'undici'
import type { Endpoint } from './endpoint'
import { errorOfAnswer, HubError, type Asked } from './hub-error'
import { CertificateFileError, openNetwork, type Network } from './network'

const MOST_REDIRECTS = 5
/** A hub that says nothing for so long is not going to. */
const SILENCE_MS = 30_000

export interface HubRequest {
  /** Below the endpoint, with its query. */
  readonly path: string
  /** What it is about, for the words of an error. */
  readonly modelId?: string
  /** First byte that is wanted. */
  readonly from?: number
  readonly signal?: AbortSignal | undefined
}

export interface HubAnswer {
  /** 200, or 206 where a part was asked for and given. */
  readonly status: number
  readonly bytes: AsyncIterable<Uint8Array>
}

/** OpenSSL's words for a chain that ends at nobody known. */
const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|CERT_UNTRUSTED/

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status)

const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (cause instanceof Error && 'code' in cause) return String(cause.code)
  return cause instanceof Error ? cause.message : error.message
}

/** Aborts when nothing has happened for a while, or when whoever asked does not want it any more. */
class Patience {
  private readonly stop = new AbortController()
  private timer: NodeJS.Timeout | undefined
  readonly signal = this.stop.signal
  isOver = false

  constructor(
    private readonly silenceMs: number,
    private readonly outer: AbortSignal | undefined,
  ) {
    outer?.addEventListener('abort', this.abort, { once: true })
    if (outer?.aborted) this.abort()
    this.heard()
  }

  heard(): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      this.isOver = true
      this.abort()
    }, this.silenceMs)
  }

  end(): void {
    clearTimeout(this.timer)
    this.outer?.removeEventListener('abort', this.abort)
  }

  private readonly abort = (): void => this.stop.abort()
}

/**
 * Asks a hub. Redirects are followed to a few addresses, never from https to http; the token goes to the endpoint
 * itself and to nobody it sends us on to.
 */
export class HubRequests {
  private readonly network: Network
  private readonly silenceMs: number

  constructor(
    readonly endpoint: Endpoint,
    { network = openNetwork({ env: {} }), silenceMs = SILENCE_MS }: { network?: Network; silenceMs?: number } = {},
  ) {
    this.network = network
    this.silenceMs = silenceMs
  }

  /** Throws HubError, also while the answer is read. The answer must be read to its end, or its loop be left. */
  async get({ path, modelId, from, signal }: HubRequest): Promise<HubAnswer> {
    const { endpoint } = this
    const token = await endpoint.token()
    const asked: Asked = { host: endpoint.host, endpoint: endpoint.url, modelId, withToken: token !== undefined }
    const patience = new Patience(this.silenceMs, signal)
    try {
      const response = await this.follow(new URL(`${endpoint.url}${path}`), token, {
        headers: {
          'user-agent': 'muster',
          // What is compressed on its way cannot be asked for from the middle.
          'accept-encoding': 'identity',
          ...(from !== undefined && from > 0 && { range: `bytes=${from}-` }),
        },
        redirect: 'manual',
        signal: patience.signal,
      })
      if (response.status === 200 || response.status === 206)
        return { status: response.status, bytes: this.read(response, patience) }
      await response.body?.cancel()
      throw errorOfAnswer(response, asked, Date.now())
    } catch (error) {
      patience.end()
      throw this.explain(error, patience)
    }
  }

  /** A small answer as JSON; what it says is for its reader to check. Throws HubError. */
  async json(request: HubRequest, limit: number): Promise<unknown> {
    const { bytes } = await this.get(request)
    const parts: Uint8Array[] = []
    let size = 0
    for await (const part of bytes) {
      size += part.length
      if (size > limit) throw this.nonsense(`an answer of more than ${limit} bytes`)
      parts.push(part)
    }
    try {
      return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown
    } catch (cause) {
      throw this.nonsense('no JSON', cause)
    }
  }

  nonsense(what: string, cause?: unknown): HubError {
    return new HubError({
      code: 'hub_nonsense',
      message: `${this.endpoint.host} sent ${what} where something else was expected`,
      hint: 'Is HF_ENDPOINT the address of a hub? A proxy or a sign-in page of the network may answer in its place.',
      cause,
    })
  }

  private async follow(start: URL, token: string | undefined, init: RequestInit): Promise<Response> {
    const { endpoint } = this
    const own = new URL(endpoint.url)
    let url = start
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      const authorization = token !== undefined && url.origin === own.origin && { authorization: `Bearer ${token}` }
      const response = await this.network.fetch(url, { ...init, headers: { ...init.headers, ...authorization } })
      const location = response.headers.get('location')
      if (!isRedirect(response.status) || location === null) return response
      await response.body?.cancel()
      url = new URL(location, url)
      if (url.protocol !== 'https:' && !(url.protocol === 'http:' && own.protocol === 'http:'))
        throw this.nonsense('a redirect to an address that is not https')
    }
    throw this.nonsense('one redirect after another')
  }

  private async *read(response: Response, patience: Patience): AsyncGenerator<Uint8Array> {
    try {
      for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
        yield part
        patience.heard()
      }
    } catch (error) {
      throw this.explain(error, patience)
    } finally {
      patience.end()
    }
  }

  private explain(error: unknown, patience: Patience): unknown {
    if (error instanceof HubError) return error
    if (patience.signal.aborted && !patience.isOver) return error
    const { host } = this.endpoint
    const { proxy } = this.network
    const over = proxy === undefined ? '' : ` through the proxy ${proxy}`
    const cause = causeOf(error)
    return new HubError({
      code: 'hub_unreachable',
      message: patience.isOver
        ? `${host} has not answered${over} for ${this.silenceMs / 1000} s`
        : `${host} cannot be reached${over} (${cause})`,
      hint: this.wayOut(error, cause),
      cause: error,
    })
  }

  private wayOut(error: unknown, cause: string): string {
    if (error instanceof CertificateFileError) return 'Correct the setting caFile or SSL_CERT_FILE.'
    if (UNTRUSTED.test(cause))
      return 'Something between here and the hub signs with a certificate of its own. If that is your network’s proxy, name the file of its authority with the setting caFile or SSL_CERT_FILE.'
    if (this.network.proxy !== undefined)
      return 'Is the proxy right (the setting proxy, or HTTPS_PROXY)? NO_PROXY names hosts that are asked without it. What has arrived is kept.'
    return 'Check this machine’s connection to the internet; where it has a proxy, name it with the setting proxy or HTTPS_PROXY. What has arrived is kept.'
  }
}
