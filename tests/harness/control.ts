import { MetaInstanceView } from '@core/protocols/control'
import type { State } from '@core/state/state'
import { follow } from './events'
import { PATIENCE_MS } from './patience'

/** Client of a node's control API. */
export class Control {
  constructor(readonly url: string) {}

  request(path: string, init: RequestInit & { json?: unknown } = {}): Promise<Response> {
    const { json, ...rest } = init
    const body =
      json === undefined ? {} : { body: JSON.stringify(json), headers: { 'content-type': 'application/json' } }
    return fetch(`${this.url}${path}`, { ...body, ...rest })
  }

  async declare(modelId: string, more: Record<string, unknown> = {}): Promise<MetaInstanceView> {
    const response = await this.request('/meta_instance', { method: 'POST', json: { modelId, ...more } })
    if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`)
    return MetaInstanceView.parse(await response.json())
  }

  async metaInstance(id: string): Promise<MetaInstanceView> {
    return MetaInstanceView.parse(await (await this.request(`/meta_instance/${id}`)).json())
  }

  async state(): Promise<State> {
    return (await (await this.request('/state')).json()) as State
  }

  /** Resolves with the first state that meets the condition, from `/events`: no polling. */
  async until(what: string, holds: (state: State) => boolean, timeoutMs = PATIENCE_MS): Promise<State> {
    const stop = new AbortController()
    const timer = setTimeout(() => stop.abort(), timeoutMs)
    let last: State | undefined
    try {
      for await (const state of follow(this.url, stop.signal)) {
        last = state
        if (holds(state)) return state
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error
    } finally {
      clearTimeout(timer)
      stop.abort()
    }
    throw new Error(`timed out after ${timeoutMs} ms waiting for: ${what}; last state: ${JSON.stringify(last)}`)
  }
}
