import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { causeOfDeath, diedOfItsWork, type Death } from './causes'

const messageOf = (death: Death): string => causeOfDeath(death).errorMessage

const failed = { code: 1, signal: undefined } as const
const killed = { code: undefined, signal: 'SIGKILL' } as const
const nothing: Death = { exit: failed, reported: undefined, lines: [], memoryRanOut: false }

const recorded = (name: string): string[] =>
  readFileSync(new URL(`./fixtures/${name}.log`, import.meta.url), 'utf8')
    .split('\n')
    .filter(Boolean)

describe('the cause of a death', () => {
  it.each([
    ['metal_oom_abort', 'out of memory'],
    ['metal_oom_python', 'out of memory'],
    ['metal_too_large_buffer', 'out of memory: one buffer is larger than this GPU allows'],
    ['metal_timeout_abort', 'the GPU took too long and was stopped by macOS (Metal time-out)'],
    ['metal_timeout_python', 'the GPU took too long and was stopped by macOS (Metal time-out)'],
    ['metal_interactivity_abort', 'macOS stopped the GPU work to keep the screen responsive'],
    ['metal_interactivity_python', 'macOS stopped the GPU work to keep the screen responsive'],
    ['metal_resource_limit', 'Metal ran out of resources: too many buffers'],
    ['metal_language_version', 'this macOS is too old for the installed MLX'],
    ['ring_connect_unreachable', 'another machine could not be reached (ring)'],
    ['ring_peer_lost_new', 'the connection to another machine was lost (ring)'],
    ['ring_too_many_errors_old', 'the connection to another machine was lost (ring)'],
    ['jaccl_connect_timeout', 'another machine could not be reached (JACCL)'],
    ['jaccl_device_missing', 'RDMA is not enabled on this Mac: turn it on with `rdma_ctl enable` in macOS Recovery'],
    [
      'jaccl_no_gid',
      'RDMA needs an IPv4 address on the Thunderbolt port, which must not be in a bridge: see System Settings → Network',
    ],
    [
      'jaccl_rtr_errno22',
      'RDMA needs an IPv4 address on the Thunderbolt port, which must not be in a bridge: see System Settings → Network',
    ],
    ['jaccl_pd_exhausted', '[jaccl] RDMA ran out of resources that only a restart of this Mac gives back'],
    ['jaccl_recv_errno2', '[jaccl] the RDMA connection to another machine was lost'],
  ])('is read from the console (%s)', (name, cause) => {
    expect(messageOf({ ...nothing, lines: recorded(name) })).toBe(cause)
  })

  it.each([
    ["ModuleNotFoundError: No module named 'mlx_lm'", 'the Python environment is incomplete; run the set-up again'],
    ['OSError: [Errno 28] No space left on device', 'the disk is full'],
    ['RuntimeError: [malloc] Unable to allocate 9999 bytes.', 'out of memory'],
    ['RuntimeError: cudaMallocManaged(&data, size) failed: out of memory', 'out of memory on the GPU'],
    [
      'RuntimeError: cudaGetDeviceCount(&count) failed: CUDA driver version is insufficient for CUDA runtime version',
      'the NVIDIA driver is too old for the installed MLX: update the driver to 580 or newer',
    ],
    [
      'RuntimeError: cudaSetDevice(0) failed: no CUDA-capable device is detected',
      'no NVIDIA GPU can be used here: see whether nvidia-smi lists one, and in a container whether it was given one',
    ],
    [
      'RuntimeError: cuLaunchKernel(f) failed: no kernel image is available for execution on the device',
      'this GPU is too old for the installed MLX, which needs compute capability 7.5',
    ],
    [
      'RuntimeError: cudaStreamSynchronize(s) failed: an illegal memory access was encountered',
      'a computation on the GPU crashed (CUDA)',
    ],
    [
      'nvrtc: error: failed to open libnvrtc-builtins.so.13.0.',
      'a kernel for the GPU could not be compiled: the Python environment is incomplete; run the set-up again',
    ],
    [
      '[jaccl] Changing queue pair to INIT failed with errno 16',
      '[jaccl] the RDMA connection failed: Changing queue pair to INIT failed with errno 16',
    ],
    [
      "[jaccl] Couldn't allocate protection domain",
      '[jaccl] RDMA ran out of resources that only a restart of this Mac gives back',
    ],
  ])('is read from what the runner said (%s)', (reported, cause) => {
    expect(messageOf({ ...nothing, reported })).toBe(cause)
  })

  it('is not blamed on the RDMA driver if only a symbol was not found', () => {
    const lines = ['[jaccl] dlsym(0x1f2, ibv_open_device): symbol not found']
    expect(messageOf({ ...nothing, lines })).toMatch(/^ended with code 1/)
  })

  it('is the runner’s own message if no known cause matches', () => {
    const reported = 'model.safetensors is missing from /models/x'
    expect(messageOf({ ...nothing, reported, lines: ['noise'] })).toBe(reported)
  })

  it('names the file of a damaged model, and what a model has that cannot run, also to people', () => {
    const reported = 'model.safetensors (layers.2) is damaged:\n  the model computes no numbers'
    const told = (code: string): unknown => causeOfDeath({ ...nothing, reported }, code).coded
    const error = 'model.safetensors (layers.2) is damaged: the model computes no numbers'
    expect(told('model_file')).toEqual({ code: 'failures.damagedFile', values: { error } })
    expect(told('unsupported')).toEqual({ code: 'failures.unsupportedModel', values: { error } })
    expect(told('ring')).toBeUndefined()
  })

  it('is the signal, or the code with the last lines, if the runner reported nothing', () => {
    expect(messageOf({ ...nothing, exit: killed })).toMatch(/^killed by SIGKILL/)
    expect(messageOf({ ...nothing, exit: { code: 3, signal: undefined }, lines: ['one', 'two', 'three'] })).toBe(
      'ended with code 3: two · three',
    )
    expect(messageOf({ ...nothing, exit: { code: 0, signal: undefined } })).toBe('ended by itself')
    expect(messageOf({ ...nothing, exit: { code: undefined, signal: 'SIGSEGV' } })).toBe('ended by SIGSEGV')
  })

  it('is out of memory if the OOM killer ended it, and only then', () => {
    expect(messageOf({ ...nothing, exit: killed, memoryRanOut: true })).toMatch(/^out of memory/)
    expect(messageOf({ ...nothing, exit: { code: 3, signal: undefined }, memoryRanOut: true })).toBe(
      'ended with code 3',
    )
  })
})

describe('a runner that died', () => {
  const unknown = {
    exit: { code: undefined, signal: undefined },
    reported: undefined,
    code: undefined,
    memoryRanOut: false,
  }

  it.each([
    ['an abort', { exit: { code: undefined, signal: 'SIGABRT' } }],
    ['a crash', { exit: { code: undefined, signal: 'SIGSEGV' } }],
    ['a failure that it told', { exit: { code: 1, signal: undefined }, reported: 'TypeError', code: 'internal' }],
    ['its own end with a code', { exit: { code: 1, signal: undefined } }],
    ['the watchdog', { exit: { code: undefined, signal: 'SIGKILL' }, reported: 'it hangs: no heartbeat for 5 s' }],
    ['a lack of memory', { exit: { code: undefined, signal: 'SIGKILL' }, memoryRanOut: true }],
  ] as const)('of its work by %s', (_how, death) => {
    expect(diedOfItsWork({ ...unknown, ...death })).toBe(true)
  })

  it.each([
    ['somebody who kills it', { exit: { code: undefined, signal: 'SIGKILL' } }],
    ['somebody who asks it to end', { exit: { code: undefined, signal: 'SIGTERM' } }],
    ['the end of its terminal', { exit: { code: undefined, signal: 'SIGHUP' } }],
    ['another rank that is lost', { exit: { code: 1, signal: undefined }, reported: '[ring] lost', code: 'ring' }],
    ['RDMA that breaks', { exit: { code: 1, signal: undefined }, reported: '[jaccl] failed', code: 'jaccl' }],
    ['its own orderly end', { exit: { code: 0, signal: undefined } }],
  ] as const)('not of its work by %s', (_how, death) => {
    expect(diedOfItsWork({ ...unknown, ...death })).toBe(false)
  })
})
