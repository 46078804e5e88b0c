import type { Prompt } from './request'

/**
 * One place in a prompt up to which others may agree with it. `hash` stands for all of the prompt up to there;
 * `size` is how much that is, in UTF-16 units of the parts as JSON.
 */
export interface PrefixLink {
  readonly hash: string
  readonly size: number
}

/** A prompt's prefixes, shortest first: each hash is made from the one before. */
export type PrefixChain = readonly PrefixLink[]

/** A cryptographic hash: a client must not be able to make two prompts that agree. */
export type Digest = (text: string) => string

/** Plain text has no messages: it is cut into blocks of this many UTF-16 units. */
export const TEXT_BLOCK = 1024
/** Prompts of tokens are cut into blocks of this many. */
const TOKEN_BLOCK = 256
/** Most links of one chain; what comes after is not told apart. */
const MAX_LINKS = 1024

/** What comes before all messages in every template: the same messages with other tools are another prompt. */
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
 * The prefixes of a prompt by which an instance is found that has computed one of them: after each message of a
 * conversation, or each whole block of a text or of tokens. Tools, template arguments and reasoning are part of every one of them.
 * Texts to embed have none: nothing of them is kept.
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

/** Links remembered of one runner, the latest used. A runner itself keeps far fewer prompts. */
const MAX_REMEMBERED = 4096

/**
 * Which runner of rank 0 has computed which prefixes lately, as the node that routes knows it. A retry in place has a
 * new runner, whose prompt cache is empty, so runners are remembered and not instances.
 */
export class PrefixMemory<Runner extends string> {
  /** Least recently used first. */
  private readonly known = new Map<Runner, Map<string, true>>()

  /** Runners of which anything is remembered. */
  get size(): number {
    return this.known.size
  }

  /** That runner has computed this prompt. */
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

  /** The size of the longest prefix that the runner has computed; 0 where it has none. */
  held(runner: Runner, chain: PrefixChain): number {
    const hashes = this.known.get(runner)
    // From the longest: an earlier link may have been forgotten before a later one, which stands for it too.
    return hashes === undefined ? 0 : (chain.findLast(({ hash }) => hashes.has(hash))?.size ?? 0)
  }

  /** Forgets all runners but those. */
  retain(runners: (runner: Runner) => boolean): void {
    for (const runner of this.known.keys()) if (!runners(runner)) this.known.delete(runner)
  }
}
