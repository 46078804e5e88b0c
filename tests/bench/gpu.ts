/**
 * `npm run bench:gpu`: a node beside `mlx_lm.server` on a machine with an NVIDIA GPU, with a model in the shape of real
 * ones, in six minutes at most. It takes what is set up (`npm start` once). `-- LAYERS HIDDEN` makes a smaller model, to
 * try the script itself on any machine.
 */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { statusOf } from '@core/state/status'
import { execute } from '@main/system/command'
import { nvidiaGpu } from '@main/system/linux/nvidia'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder } from '../harness/headless-node'
import { python, required, root } from '../harness/paths'
import { startBaseline } from './baseline-server'
import { streamChat } from './chat-client'

const LIMIT_MS = 6 * 60_000
const MODEL = 'bench/large'
const CLIENTS = [1, 8, 32]
const TOKENS = 96
/** The tiny tokenizer has a token for each letter. */
const SHORT_PROMPT = 400
const LONG_PROMPT = 6000
/** The first round compiles kernels and is thrown away. */
const ROUNDS = 3

interface Server {
  readonly name: string
  readonly url: string
  readonly model: string
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN

let drawn = 0
/** Another prompt each time: nothing of it is known. */
const prompt = (length: number): string => {
  drawn += 1
  return `${drawn} ${'the quick brown fox jumps over the lazy dog '.repeat(Math.ceil(length / 44))}`.slice(0, length)
}

const load = async ({ url, model }: Server, clients: number): Promise<{ speed: number; first: number }> => {
  const began = performance.now()
  const answers = await Promise.all(
    Array.from({ length: clients }, () => streamChat(url, model, prompt(SHORT_PROMPT), TOKENS, { ignore_eos: true })),
  )
  const seconds = (performance.now() - began) / 1000
  const tokens = answers.reduce((sum, answer) => sum + answer.tokens, 0)
  return { speed: tokens / seconds, first: median(answers.map(({ firstToken }) => firstToken)) }
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)

const bench = async (layers: string, hidden: string): Promise<void> => {
  const folder = temporaryFolder()
  const model = join(folder.path, 'models', ...MODEL.split('/'))
  const env = { ...process.env, PYTHONPATH: join(root, 'native-runner', 'src') }
  execFileSync(
    required(python, 'run `npm start` once'),
    [join(root, 'tests', 'bench', 'make_large.py'), model, layers, hidden],
    { env },
  )
  print(`made ${layers} layers of width ${hidden}`)
  const baseline = await startBaseline(model)
  const node = await startHeadless({ dataDir: folder.path, args: ['--peer-port', '0', '--no-discovery'] })
  try {
    const control = new Control(node.url)
    const began = performance.now()
    const { metaInstanceId } = await control.declare(MODEL, { maxContext: 32_768 })
    await control.until(
      'READY',
      (state) => {
        const declared = state.metaInstances[metaInstanceId]
        return declared !== undefined && statusOf(state, declared).status === 'READY'
      },
      LIMIT_MS,
    )
    print(`loaded and warmed up in ${((performance.now() - began) / 1000).toFixed(1)} s`)
    const ours: Server = { name: 'muster', url: node.url, model: MODEL }
    const theirs: Server = { name: 'mlx_lm.server', url: baseline.url, model: 'default_model' }
    for (const clients of CLIENTS) {
      const speeds = new Map<Server, number[]>([ours, theirs].map((server) => [server, []]))
      for (let round = 0; round < ROUNDS; round += 1)
        for (const [server, measured] of speeds) {
          const { speed, first } = await load(server, clients)
          if (round > 0) measured.push(speed)
          print(`${server.name} ${clients} clients: ${speed.toFixed(1)} tokens/s, first after ${first.toFixed(3)} s`)
        }
      const [mine = [], other = []] = [...speeds.values()]
      print(`= ${clients} clients: ${(median(mine) / median(other)).toFixed(2)} × mlx_lm.server`)
    }
    const firsts = new Map<Server, number[]>([ours, theirs].map((server) => [server, []]))
    for (let round = 0; round < ROUNDS; round += 1)
      for (const [server, measured] of firsts) {
        const { firstToken } = await streamChat(server.url, server.model, prompt(LONG_PROMPT), 8)
        if (round > 0) measured.push(firstToken)
        print(`${server.name} ${LONG_PROMPT} tokens: first after ${firstToken.toFixed(3)} s`)
      }
    const [mine = [], other = []] = [...firsts.values()]
    print(`= a cold prompt: ${(median(other) / median(mine)).toFixed(2)} × sooner than mlx_lm.server`)
  } finally {
    baseline.close()
    await node.stop()
    folder.dispose()
  }
}

const [layers, hidden] = process.argv.slice(2)
const gpu = await nvidiaGpu({ execute })()
if (gpu) print(`${gpu.name}, driver ${gpu.driver}`)
if (!gpu && layers === undefined) {
  print('There is no NVIDIA GPU here. `npm run bench:gpu -- 2 256` tries the script on any machine.')
  process.exit(1)
}
const late = setTimeout(() => {
  print(`stopped after ${LIMIT_MS / 60_000} minutes`)
  process.exit(2)
}, LIMIT_MS)
await bench(layers ?? '32', hidden ?? '4096')
clearTimeout(late)
process.exit(0)
