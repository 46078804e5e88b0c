import type { MetaInstanceId } from '@core/ids'
import { GB } from '@core/testing/world'
import { SetupStep, type StepOutcome } from '@core/settings/setup-progress'
import type { SetupView } from '@core/protocols/setup'
import { Scene } from './scene'

const PRINTED = [
  '\u001b[1mMaking a Python environment\u001b[0m',
  'Using CPython 3.13.5',
  'Creating virtual environment at: \u001b[36mpython/4f1d2a9be07c\u001b[39m',
  '',
  '\u001b[1mInstalling MLX and what it needs\u001b[0m',
  'Resolved \u001b[1m48 packages\u001b[0m in 12ms',
  '\u001b[36mmlx\u001b[39m              ------------------------------ 24.1 MiB/38.2 MiB',
  '\u001b[36mmlx-metal\u001b[39m        ------------------------------ 31.0 MiB/39.4 MiB',
].join('\r\n')

/** A Mac that somebody is at the given step with; the steps before it are done. */
const at =
  (step: SetupStep, more: { python?: SetupView['python']; model?: 'loading' | 'ready' } = {}) =>
  () => {
    const scene = new Scene()
    const laptop = scene.machine('Ada’s MacBook Pro', {
      thunderbolt: { ports: [{ receptacle: 1, maxGbps: 120, peers: [] }], bridges: [] },
      rdma: { status: 'disabled', devices: [] },
      model: { identifier: 'Mac16,5', name: 'MacBook Pro' },
    })
    if (step === 'model') {
      const studio = scene.machine('Mac Studio', { chip: 'Apple M3 Ultra', total: 256 * GB, bandwidth: 819e9 })
      scene.link(laptop, studio)
    }
    const starter = scene.model('HuggingFaceTB/SmolLM2-135M-Instruct', 0.538, {
      starter: true,
      card: { layers: 30, hiddenSize: 576, kvHeads: 3 },
    })
    const known = scene.model('mlx-community/Qwen3-8B-4bit', 4.6, { source: 'huggingface' })
    scene.model('lmstudio-community/Kimi-K2-Instruct-4bit', 578, { source: 'lmstudio' })
    let metaInstanceId: MetaInstanceId | undefined
    if (more.model) {
      metaInstanceId = scene.declare('first', more.model === 'ready' ? starter : known)
      scene.report(
        metaInstanceId,
        more.model === 'ready' ? { status: 'Ready' } : { status: 'Loading', layersLoaded: 18, layers: 32 },
      )
    }
    const before = SetupStep.options.slice(0, SetupStep.options.indexOf(step))
    const outcomes = Object.fromEntries(
      before.map((one): [SetupStep, StepOutcome] => [one, one === 'cluster' ? 'skipped' : 'done']),
    )
    scene.setup = {
      offered: true,
      progress: { step, state: 'open', outcomes, ...(metaInstanceId !== undefined && { metaInstanceId }) },
      python: more.python ?? { status: 'ready' },
      sleep: { powerMinutes: 10, batteryMinutes: 1 },
    }
    scene.printed = PRINTED
    scene.beside =
      step === 'cluster'
        ? {
            nearby: [
              {
                nodeId: scene.world.addNode('nearby'),
                clusterId: 'other',
                version: '0.1.0',
                friendlyName: 'Mac Studio',
                addresses: ['192.168.1.20'],
              },
            ],
          }
        : {}
    if (step === 'cluster') {
      const [, near] = Object.keys(scene.world.state.members)
      scene.world.state = {
        ...scene.world.state,
        members: Object.fromEntries(Object.entries(scene.world.state.members).filter(([id]) => id !== near)),
        nodes: Object.fromEntries(Object.entries(scene.world.state.nodes).filter(([id]) => id !== near)),
      }
    }
    return scene
  }

/** Every step of the setup, and what can be wrong at the one that looks at the machine. */
export const setupScenes = {
  setupWelcome: at('welcome', { python: { status: 'missing', reason: 'not installed' } }),
  setupMachine: at('machine'),
  setupInstalling: at('machine', {
    python: { status: 'installing', step: { title: 'Installing MLX and what it needs', at: 2, of: 5 } },
  }),
  setupFailed: at('machine', {
    python: {
      status: 'failed',
      reason: 'error: Failed to fetch https://pypi.org/simple/mlx/: dns error, no address associated with hostname',
      hint: 'Check that this machine reaches the internet and has 3 GB of free disk, then try again: what was fetched is kept.',
    },
  }),
  setupCluster: at('cluster'),
  setupModel: at('model'),
  setupWorking: at('working', { model: 'loading' }),
  setupChat: at('chat', { model: 'ready' }),
  setupConnect: at('connect', { model: 'ready' }),
  setupOptions: at('options', { model: 'ready' }),
} as const
