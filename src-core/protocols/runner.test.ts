import { describe, expect, it } from 'vitest'
import commands from './examples/runner/commands.json'
import events from './examples/runner/events.json'
import { RunnerCommand, RunnerEvent } from './runner'

/** The Python runner's tests read the same examples, so that both sides accept and reject the same messages. */
const verdict = ({ valid }: { valid: boolean }) => (valid ? 'takes' : 'refuses')

describe('a command to a runner', () => {
  it.each(commands.map((example) => [verdict(example), example.name, example] as const))('%s: %s', (_, __, example) => {
    expect(RunnerCommand.safeParse(example.frame).success).toBe(example.valid)
  })
})

describe('an event of a runner', () => {
  it.each(events.map((example) => [verdict(example), example.name, example] as const))('%s: %s', (_, __, example) => {
    expect(RunnerEvent.safeParse(example.frame).success).toBe(example.valid)
  })
})
