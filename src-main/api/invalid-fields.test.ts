import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { JoinRequest } from '@core/protocols/cluster'
import { camelCased, parseWith } from './body'
import { Problem } from './problem'

const problem = (schema: z.ZodType, value: unknown): Problem => {
  try {
    parseWith(schema, value)
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
  throw new Error('it was accepted')
}
const says = (schema: z.ZodType, value: unknown): string => problem(schema, value).message

describe('what is wrong with a body', () => {
  it('of a union is said by the branch that takes this kind of value', () => {
    const schema = z.object({ size: z.union([z.string().max(3), z.number().max(7)]) })
    expect(says(schema, { size: 'large' })).toBe('size: Too big: expected string to have <=3 characters, not 5')
    expect(says(schema, { size: 8 })).toBe('size: Too big: expected number to be <=7, not 8')
  })

  it('that is no finite number is said once', () => {
    const schema = z.object({ size: z.number() })
    expect(says(schema, { size: Infinity })).toBe('size: expected number, received Infinity')
    expect(says(schema, { size: NaN })).toBe('size: expected number, received NaN')
  })

  it('of a union of objects is said by the one whose type was given, or left out where that may be', () => {
    const schema = z.union([
      z.object({ type: z.literal('message').default('message'), text: z.string() }),
      z.object({ type: z.literal('call'), name: z.string(), input: z.string() }),
    ])
    expect(says(schema, { type: 'call', name: 'f' })).toBe('input: expected string, received undefined')
    expect(says(schema, { text: 1 })).toBe('text: expected string, received number, not 1')
  })

  it('names every kind of value that a union takes where none of them was given', () => {
    const schema = z.object({ size: z.union([z.string(), z.array(z.string()), z.null()]) })
    expect(says(schema, { size: { a: 1 } })).toBe('size: expected string or array or null, received object')
    expect(says(schema, {})).toBe('size: expected string or array or null, received undefined')
  })

  it('is found at the bottom of unions within unions', () => {
    const schema = z.object({
      list: z.union([z.string(), z.array(z.union([z.string(), z.object({ n: z.number() })]))]),
    })
    expect(says(schema, { list: ['a', { n: 'b' }] })).toBe('list.1.n: expected number, received string')
    expect(problem(schema, { list: ['a', { n: 'b' }] }).more.param).toBe('list.1.n')
  })

  it('names each choice between objects, of which none fits', () => {
    const message = says(JoinRequest, { tken: 'x' })
    for (const name of ['token', 'nodeId', 'address', 'tken']) expect(message).toContain(name)
    expect(message).not.toContain('Invalid input')
  })

  it('keeps a union’s own words, and those of its branches', () => {
    const own = z.object({ a: z.union([z.string(), z.number()], { error: 'a word or a number' }) })
    expect(says(own, { a: [] })).toBe('a: a word or a number')
    const branch = z.object({ a: z.string({ error: 'not supported yet' }).or(z.null()) })
    expect(says(branch, { a: 1 })).toContain('not supported yet')
  })

  it('shows numbers and choices, and never a text that may be secret', () => {
    const schema = z.object({ n: z.number().max(2), choice: z.enum(['a', 'b']), secret: z.string().max(3) })
    const { message, more } = problem(schema, { n: 3, choice: 'c', secret: 'hunter2' })
    expect(message).toContain('n: Too big: expected number to be <=2, not 3')
    expect(message).toContain('choice: Invalid option: expected one of "a"|"b", not "c"')
    expect(message + JSON.stringify(more.details)).not.toContain('hunter2')
  })

  it('is named as it was sent, in either spelling and at any depth', () => {
    const schema = z.strictObject({
      minNodes: z.number().optional(),
      limits: z.strictObject({ perMinute: z.number().optional() }).optional(),
    })
    const sent = (body: unknown) => problem(schema, camelCased(body))
    expect(sent({ min_nods: 1, maxNods: 2 }).message).toBe('Unrecognized keys: "min_nods", "maxNods"')
    expect(sent({ min_nodes: 'x' })).toMatchObject({
      message: 'min_nodes: expected number, received string',
      more: { param: 'min_nodes', details: [{ path: ['min_nodes'] }] },
    })
    expect(sent({ minNodes: 'x' }).more.param).toBe('minNodes')
    expect(sent({ limits: { per_minute: 'x', per_hour: 1 } }).message).toBe(
      'limits.per_minute: expected number, received string; limits: Unrecognized key: "per_hour"',
    )
    expect(problem(JoinRequest, camelCased({ node_ids: 'x' })).message).toContain('"node_ids"')
  })
})
