import { describe, expect, it } from 'vitest'
import { causeOfDeath } from './causes'

const killed = { code: undefined, signal: 'SIGKILL' } as const
const failed = { code: 1, signal: undefined } as const

describe('the cause of a death', () => {
  it.each([
    [
      'out of memory',
      '[METAL] Command buffer execution failed: Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)',
    ],
    [
      'the GPU took too long and was stopped by macOS (Metal time-out)',
      '[METAL] Command buffer execution failed: Caused GPU Timeout Error (00000002:kIOGPUCommandBufferCallbackErrorTimeout)',
    ],
    [
      'out of memory: one buffer is larger than this GPU allows',
      'RuntimeError: [metal::malloc] Attempting to allocate 99999999999 bytes which is greater than the maximum allowed buffer size',
    ],
    ['the connection to another machine was lost (ring)', 'RuntimeError: [ring] connection to a peer was lost'],
    ['the Python environment is incomplete; run the set-up again', "ModuleNotFoundError: No module named 'mlx_lm'"],
  ])('is %s where the console says so', (cause, line) => {
    expect(causeOfDeath(failed, undefined, ['loading', line])).toBe(cause)
    expect(causeOfDeath(failed, line, [])).toBe(cause)
  })

  it('is what the runner said where nothing is known of it', () => {
    expect(causeOfDeath(failed, 'model.safetensors is missing from /models/x', ['noise'])).toBe(
      'model.safetensors is missing from /models/x',
    )
  })

  it('is the signal, or the code with the last lines, where it said nothing', () => {
    expect(causeOfDeath(killed, undefined, [])).toMatch(/^killed by SIGKILL/)
    expect(causeOfDeath({ code: 3, signal: undefined }, undefined, ['one', 'two', 'three'])).toBe(
      'ended with code 3: two · three',
    )
  })
})
