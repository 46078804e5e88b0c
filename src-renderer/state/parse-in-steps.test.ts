import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { EventStreamMessage } from '@core/protocols/event-stream'
import { readyWorld } from '@core/testing/world'
import { parseInSteps } from './parse-in-steps'

const taken = <Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): { steps: number; parsed: z.output<Schema> } => {
  const reading = parseInSteps(schema, value)
  for (let steps = 1; ; steps += 1) {
    const { done, value: parsed } = reading.next()
    if (done) return { steps, parsed }
  }
}

describe('parsing in steps', () => {
  it('gives what parsing at once gives, of a snapshot of the state', () => {
    const { world } = readyWorld()
    // A newer node may know more.
    const message: unknown = JSON.parse(JSON.stringify({ kind: 'snapshot', state: { ...world.state, unknown: 1 } }))
    expect(taken(EventStreamMessage, message).parsed).toEqual(EventStreamMessage.parse(message))
    expect(taken(EventStreamMessage, message).parsed).not.toHaveProperty('state.unknown')
  })

  it('takes a step for some entries of a record, and keeps their order', () => {
    const Named = z.object({ all: z.record(z.string(), z.number()) })
    const all = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`n${index}`, index]))
    const { steps, parsed } = taken(Named, { all })
    expect(steps).toBeGreaterThan(20)
    expect(Object.keys(parsed.all)).toEqual(Object.keys(all))
  })

  it('adds defaults, and leaves out what is absent', () => {
    const Settings = z.object({ name: z.string().optional(), retries: z.number().default(3) })
    expect(taken(Settings, {}).parsed).toStrictEqual(Settings.parse({}))
    expect(taken(Settings, { name: undefined }).parsed).toStrictEqual(Settings.parse({ name: undefined }))
  })

  it('makes the checks and transformations of a whole', () => {
    const Pair = z.object({ a: z.number(), b: z.number() }).refine(({ a, b }) => a < b)
    expect(() => taken(Pair, { a: 2, b: 1 })).toThrow(z.ZodError)
    const Sum = z.object({ a: z.number() }).transform(({ a }) => a + 1)
    expect(taken(Sum, { a: 1 }).parsed).toBe(2)
    const Strict = z.strictObject({ a: z.number() })
    expect(() => taken(Strict, { a: 1, b: 2 })).toThrow(z.ZodError)
  })

  it.each([
    { kind: 'snapshot', state: { metaInstances: 4 } },
    { kind: 'snapshot' },
    { kind: 'neither' },
    null,
    [],
    'text',
  ])('refuses what parsing at once refuses: %j', (value) => {
    expect(EventStreamMessage.safeParse(value).success).toBe(false)
    expect(() => taken(EventStreamMessage, value)).toThrow(z.ZodError)
  })
})
