import { PassThrough } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { GenerationRequest } from '@core/generation/request'
import { TaskId } from '@core/ids'
import type { RunnerCommand, RunnerEvent } from '@core/protocols/runner'
import { CommandWriter } from './command-writer'
import { FrameDecoder } from './frames'

const generate = (task: string, text: string): RunnerCommand => ({
  type: 'generate',
  request: GenerationRequest.parse({
    taskId: task,
    modelId: 'm/tiny',
    prompt: { kind: 'text', text },
    maxTokens: 1,
    sampling: {},
    stop: [],
  }),
})
const cancel = (task: string): RunnerCommand => ({ type: 'cancel', taskId: TaskId.parse(task) })

const written = (maxBytes?: number) => {
  const pipe = new PassThrough()
  const decoder = new FrameDecoder()
  const frames: unknown[] = []
  pipe.on('data', (chunk: Buffer) => frames.push(...decoder.push(chunk)))
  const refused: RunnerEvent[] = []
  return { writer: new CommandWriter(pipe, (event) => refused.push(event), maxBytes), frames, refused }
}

describe('the commands of a runner', () => {
  it('give others many turns while a large one is encoded, and keep their order', async () => {
    const { writer, frames } = written()
    const sent = [generate('large', 'größer '.repeat(1_000_000)), cancel('large'), generate('small', 'x')]
    for (const command of sent) writer.send(command)
    let turns = 0
    for (; frames.length === 0; turns += 1) await turn()
    expect(turns).toBeGreaterThan(20)
    while (frames.length < sent.length) await turn()
    expect(JSON.stringify(frames) === JSON.stringify(sent)).toBe(true)
  })

  it('are refused where a frame of their size would end the runner, and those after them are written', async () => {
    const { writer, frames, refused } = written(1_000_000)
    const sent = [generate('large', 'x'.repeat(1_000_000)), generate('small', 'x')]
    for (const command of sent) writer.send(command)
    while (frames.length === 0) await turn()
    expect(frames).toEqual(sent.slice(1))
    expect(refused).toEqual([
      {
        type: 'rejected',
        taskId: 'large',
        code: 'invalid_request',
        message: expect.stringContaining('1000000 bytes'),
      },
    ])
  })

  it('are written at once where they are small', () => {
    const { writer, frames } = written()
    for (const command of [generate('a', 'x'), cancel('a')]) writer.send(command)
    expect(frames).toHaveLength(2)
  })
})
