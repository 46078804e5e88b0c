import type { Prompt } from './request'

/**
 * A prefix of a prompt. `hash` covers the prompt up to there; `size` is its length in UTF-16 units of the parts as
 * JSON.
 */
export interface PrefixLink {
  readonly hash: string
  readonly size: number
}

/** A prompt's prefixes, shortest first. Hashes are chained: each is computed from the one before. */
export type PrefixChain = readonly PrefixLink[]

/** A cryptographic hash: no client may be able to construct two prompts whose prefixes collide. */
export type Digest = (text: string) => string

/** Block size of plain text, in UTF-16 units. A text has no messages to cut at. */
export const TEXT_BLOCK = 1024
/** Block size of prompts given as tokens. */
const TOKEN_BLOCK = 256
/** Longest chain. Prompts that differ only beyond it count as equal. */
const MAX_LINKS = 1024

/** Templates put these before all messages: the same messages with other tools are a different prompt. */
const rootOf = (prompt: Exclude<Prompt, { kind: 'embed' }>): string => {
  if (prompt.kind !== 'chat') return prompt.kind
  const { tools = [], templateArguments = {}, reasoning = {} } = prompt
  return `chat ${JSON.stringify([tools, templateArguments, reasoning])}`
}

const partsOf = (prompt: Exclude<Prompt, { kind: 'embed' }>): string[] => {
  if (prompt.kind === 'chat') return prompt.messages.slice(0, MAX_LINKS).map((message) => JSON.stringify(message))
  const whole = prompt.kind === 'text' ? prompt.text : prompt.tokens
  const size = prompt.kind === 'text' ? TEXT_BLOCK : TOKEN_BLOCK
  const blocks = Math.min(MAX_LINKS, Math.floor(whole.length / size))
  return Array.from({ length: blocks }, (_, at) => String(whole.slice(at * size, (at + 1) * size)))
}

/**
 * Returns the prefixes of a prompt, used to find an instance that already has one of them in its KV cache: one after
 * each message of a conversation, or after each whole block of a text or of tokens. Tools, template arguments and
 * reasoning are part of each prefix. Embedding inputs have none, because nothing of them is cached.
 */
export const prefixChain = (prompt: Prompt, digest: Digest): PrefixChain => {
  if (prompt.kind === 'embed') return []
  const chain: PrefixLink[] = []
  let hash = digest(rootOf(prompt))
  let size = 0
  for (const part of partsOf(prompt)) {
    hash = digest(`${hash} ${part}`)
    size += part.length
    chain.push({ hash, size })
  }
  return chain
}

/** Prefixes remembered per runner, the most recently used. A runner caches far fewer prompts. */
const MAX_REMEMBERED = 4096

/**
 * Records which prefixes each rank 0 runner computed recently, from the view of the routing node. Keyed by runner, not
 * by instance: a retry in place starts a new runner, whose prompt cache is empty.
 */
export class PrefixMemory<Runner extends string> {
  /** In LRU order: least recently used first. */
  private readonly known = new Map<Runner, Map<string, true>>()

  /** Runners with at least one recorded prefix. */
  get size(): number {
    return this.known.size
  }

  /** Records that the runner has computed this prompt. */
  remember(runner: Runner, chain: PrefixChain): void {
    if (chain.length === 0) return
    const hashes = this.known.get(runner) ?? new Map<string, true>()
    this.known.set(runner, hashes)
    for (const { hash } of chain) {
      hashes.delete(hash)
      hashes.set(hash, true)
    }
    for (const oldest of hashes.keys()) {
      if (hashes.size <= MAX_REMEMBERED) break
      hashes.delete(oldest)
    }
  }

  /** Size of the longest prefix that the runner has computed; 0 if none. */
  held(runner: Runner, chain: PrefixChain): number {
    const hashes = this.known.get(runner)
    // Search from the longest prefix: a shorter one may have been evicted first, and is implied by the longer.
    return hashes === undefined ? 0 : (chain.findLast(({ hash }) => hashes.has(hash))?.size ?? 0)
  }

  /** Forgets all runners except these. */
  retain(runners: (runner: Runner) => boolean): void {
    for (const runner of this.known.keys()) if (!runners(runner)) this.known.delete(runner)
  }
}
