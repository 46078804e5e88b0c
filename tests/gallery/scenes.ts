import { ModelId } from '@core/ids'
import { GB } from '@core/testing/world'
import { cabled } from './cabled-scene'
import { crowdScenes } from './crowd-scene'
import { machineScenes } from './machine-scenes'
import { onRequest } from './on-request-scene'
import { rdmaScenes } from './rdma-scenes'
import { readme } from './readme-scene'
import { diskFull, Scene } from './scene'
import { setupScenes } from './setup-scenes'

const LONG_ERROR =
  'Mac Studio in the machine room on the second floor: the runner ended with SIGKILL. The system was short of memory (libc++abi: terminating due to uncaught exception of type std::runtime_error: [metal::malloc] Attempting to allocate 37748736000 bytes which is greater than the maximum allowed buffer size of 28991029248 bytes.)'

const starter = (scene: Scene) =>
  scene.model('HuggingFaceTB/SmolLM2-135M-Instruct', 0.538, {
    starter: true,
    card: { layers: 30, hiddenSize: 576, kvHeads: 3 },
  })

const nothing = (): Scene => {
  const scene = new Scene()
  scene.machine('Ada’s MacBook Pro')
  starter(scene)
  return scene
}

const bare = (): Scene => {
  const scene = new Scene()
  scene.machine('debian-build', {
    chip: 'AMD EPYC 7763',
    bandwidth: 40e9,
    os: { platform: 'linux', release: '6.1.0', name: 'Debian GNU/Linux 12' },
    cannotRun: 'There is no Python 3.11 or newer. Install python3 with venv and pip, then start Muster again.',
  })
  return scene
}

const one = (): Scene => {
  const scene = new Scene()
  scene.machine('Ada’s MacBook Pro', { load: 0.35 })
  const smol = starter(scene)
  scene.model('mlx-community/Qwen3-8B-4bit', 4.6, { source: 'huggingface' })
  scene.model('lmstudio-community/Llama-3.3-70B-Instruct-8bit', 75, { source: 'lmstudio' })
  const id = scene.declare('chat', smol, { name: 'chat' })
  scene.ready(id)
  for (const speed of [31, 33, 30, 34, 36, 33, 35, 34]) scene.answered(id, speed)
  scene.begin(id)
  scene.report(id, { status: 'Running' })
  return scene.wait(6 * 3_600_000 + 720_000).settle()
}

const three = (): Scene => {
  const scene = new Scene()
  const studio = scene.machine('Mac Studio', {
    chip: 'Apple M3 Ultra',
    total: 256 * GB,
    free: 220 * GB,
    bandwidth: 819e9,
    load: 0.62,
  })
  const pro = scene.machine('MacBook Pro', { load: 0.58, free: 56 * GB })
  const mini = scene.machine('Mac mini', {
    chip: 'Apple M4 Pro',
    total: 48 * GB,
    free: 37 * GB,
    bandwidth: 273e9,
    load: 0.01,
  })
  scene.link(studio, pro)
  scene.link(pro, mini)
  scene.link(mini, studio)
  const qwen = scene.model('mlx-community/Qwen3-235B-A22B-4bit', 132)
  const glm = scene.model('mlx-community/GLM-4.7-Flash-6bit', 41)
  const small = scene.model('mlx-community/Qwen3-8B-4bit', 4.6)
  const deep = scene.model('mlx-community/DeepSeek-V3.1-4bit', 378)
  const gemma = scene.model('mlx-community/gemma-3-27b-it-4bit', 16)
  starter(scene)
  const main = scene.declare('main', qwen, { nodeIds: [studio, pro] })
  scene.wait(22_320_000)
  scene.ready(main)
  for (const speed of [22, 23, 22, 30, 31, 28, 33, 32, 35, 33, 34]) scene.answered(main, speed)
  scene.begin(main)
  scene.begin(main)
  const flash = scene.declare('flash', glm, { nodeIds: [studio, mini] })
  scene.report(flash, { status: 'Loading', layersLoaded: 20, layers: 28 }, { status: 'Connecting' })
  const retried = scene.declare('retried', small, { nodeIds: [mini] })
  for (let failure = 1; failure <= 2; failure += 1) {
    scene.world.fail(retried, 'out of memory while warming up')
    scene.world.reconcile()
  }
  scene.report(retried, { status: 'Loading', layersLoaded: 9, layers: 32 })
  scene.declare('deep', deep)
  const arriving = scene.declare('arriving', gemma)
  scene.report(arriving, { status: 'Downloading' })
  scene.download(arriving, { downloadedBytes: 3.1 * GB, totalBytes: 16 * GB, bytesPerSecond: 92e6 })
  scene.loose(small, mini, { status: 'Ready' })
  const found = (name: string, gigabytes?: number, more = {}) => scene.found(`mlx-community/${name}`, gigabytes, more)
  found('Qwen3-8B-4bit', 4.6)
  found('Qwen3-30B-A3B-Instruct-2507-8bit', 32)
  found('Qwen3-Next-80B-A3B-Instruct-4bit', 45)
  found('Llama-3.3-70B-Instruct-8bit', 75, { gated: true })
  found('Qwen-Image-4bit', undefined, { problem: 'the installed mlx-lm cannot run "qwen_image" models' })
  found('DeepSeek-V3.1-4bit', 378)
  found('Kimi-K2-Instruct-0905-mlx-DQ3_K_M-With-A-Name-That-Somebody-Thought-Was-A-Good-Idea', 650)
  scene.arriving(pro, 'mlx-community/Qwen3-Next-80B-A3B-Instruct-4bit', {
    downloadedBytes: 12.4 * GB,
    totalBytes: 45 * GB,
    bytesPerSecond: 61e6,
  })
  scene.arriving(mini, 'mlx-community/gemma-3-12b-it-qat-8bit', {
    status: 'Failed',
    downloadedBytes: 2 * GB,
    totalBytes: 13 * GB,
    ...diskFull(11 * GB, 3.2 * GB),
  })
  return scene.settle()
}

/** Every word that a card can say. */
const statuses = (): Scene => {
  const scene = new Scene()
  const node = scene.machine('Mac Studio', { total: 512 * GB, free: 480 * GB, bandwidth: 819e9 })
  const model = (name: string, size = 8) => scene.model(`mlx-community/${name}-4bit`, size)
  scene.declare('paused', model('Paused'), { paused: true })
  scene.declare('impossible', model('Impossible', 700))
  // Its card has not been read yet.
  scene.declare('placing', ModelId.parse('mlx-community/Placing-4bit'))
  const again = scene.declare('again', model('Placing-Again'))
  const downloading = scene.declare('downloading', model('Downloading', 8))
  scene.report(downloading, { status: 'Downloading' })
  scene.download(downloading, { downloadedBytes: 3.1 * GB, totalBytes: 8 * GB, bytesPerSecond: 92e6 })
  const failing = scene.declare('failing', model('Download-That-Fails', 8))
  scene.report(failing, { status: 'Downloading' })
  scene.download(failing, {
    status: 'Failed',
    downloadedBytes: 3.1 * GB,
    totalBytes: 8 * GB,
    ...diskFull(4.9 * GB, 3.2 * GB),
  })
  scene.declare('connecting', model('Connecting'))
  const loading = scene.declare('loading', model('Loading'))
  scene.report(loading, { status: 'Loading', layersLoaded: 18, layers: 32 })
  const warming = scene.declare('warming', model('Warming-Up'))
  scene.report(warming, { status: 'WarmingUp' })
  const retrying = scene.declare('retrying', model('Retrying'))
  scene.world.fail(retrying)
  scene.world.reconcile()
  scene.report(retrying, { status: 'Loading', layersLoaded: 4, layers: 32 })
  const ready = scene.declare('ready', model('Ready'))
  scene.ready(ready)
  const recreated = scene.declare('recreated', model('Recreated'))
  scene.world.fail(recreated, 'connection reset')
  scene.world.reconcile()
  scene.ready(recreated)
  const running = scene.declare('running', model('Running'))
  scene.report(running, { status: 'Running' })
  scene.begin(running)
  for (const speed of [40, 41, 43]) scene.answered(running, speed)
  scene.loose(model('Loose'), node, { status: 'Loading', layersLoaded: 3, layers: 32 })
  for (let failure = 1; failure <= 8; failure += 1) {
    scene.world.fail(again)
    scene.world.reconcile()
    if (failure < 8) scene.wait(1000).world.reconcile()
  }
  return scene.settle()
}

const many = (): Scene => {
  const scene = new Scene()
  const nodes = Array.from({ length: 12 }, (_, at) =>
    scene.machine(
      at === 3 ? 'Mac Studio in the machine room on the second floor, next to the window' : `Studio ${at + 1}`,
      {
        total: (32 + 32 * (at % 4)) * GB,
        free: (20 + 28 * (at % 4)) * GB,
        load: (at % 10) / 10,
      },
    ),
  )
  nodes.forEach((node, at) => nodes.slice(at + 1, at + 3).forEach((other) => scene.link(node, other)))
  for (const nodeId of nodes.slice(11)) scene.world.apply({ type: 'NodeTimedOut', nodeId })
  const models = Array.from({ length: 40 }, (_, at) =>
    scene.model(
      at === 5
        ? 'an-organisation-with-a-long-name/A-Model-With-A-Very-Long-Name-That-Somebody-Thought-Was-A-Good-Idea-Instruct-2507-Distilled-v2-4bit'
        : `mlx-community/Model-${at + 1}-4bit`,
      2 + at,
    ),
  )
  models.slice(0, 20).forEach((model, at) => {
    const id = scene.declare(`declared-${at}`, model, at % 4 === 0 ? { name: `service-${at}` } : {})
    if (!Object.values(scene.world.state.instances).some(({ metaInstanceId }) => metaInstanceId === id)) return
    if (at === 5) {
      scene.world.fail(id, LONG_ERROR)
      scene.world.reconcile()
    } else if (at % 3 === 0) scene.report(id, { status: 'Loading', layersLoaded: at, layers: 32 })
    else scene.ready(id)
  })
  scene.unreadable.push({
    modelId: scene.model('mlx-community/Broken', 2),
    source: 'huggingface',
    path: '/Users/ada/.cache/huggingface/hub/models--broken',
    problem: 'config.json is missing',
  })
  return scene.settle()
}

/** A model lies on the disk that nothing uses. */
const unused = (): Scene => {
  const scene = new Scene()
  const node = scene.machine('Ada’s MacBook Pro')
  const modelId = scene.model('mlx-community/Qwen3-8B-4bit', 4.6)
  scene.arriving(node, modelId, { status: 'Complete', downloadedBytes: 4.6 * GB, totalBytes: 4.6 * GB })
  return scene.settle()
}

export const scenes = {
  ...{ nothing, bare, one, three, onRequest, statuses, many, cabled, readme, unused },
  ...rdmaScenes,
  ...crowdScenes,
  ...machineScenes,
  ...setupScenes,
} as const
export type SceneName = keyof typeof scenes
