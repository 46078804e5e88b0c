import { GB } from '@core/testing/world'
import { Scene } from './scene'

/** What the README shows: three Macs, and what they keep running. */
export const readme = (): Scene => {
  const scene = new Scene()
  const pro = scene.machine('MacBook Pro', { total: 128 * GB, free: 104 * GB, load: 0.12 })
  const studio = scene.machine('Mac Studio', {
    chip: 'Apple M3 Ultra',
    total: 256 * GB,
    free: 228 * GB,
    bandwidth: 819e9,
    load: 0.31,
  })
  const mini = scene.machine('Mac mini', {
    chip: 'Apple M4 Pro',
    total: 64 * GB,
    free: 51 * GB,
    bandwidth: 273e9,
    load: 0.04,
  })
  scene.leads(studio)
  scene.link(pro, studio, { latencyMs: 0.05, bytesPerSecond: 5.1e9 })
  scene.rdma(pro, studio)
  scene.link(pro, mini, { latencyMs: 0.2, bytesPerSecond: 2.4e9 })
  scene.link(studio, mini, { type: 'ethernet', latencyMs: 0.3, bytesPerSecond: 1.1e9 })
  const large = scene.model('mlx-community/Qwen3-235B-A22B-4bit', 132)
  const flash = scene.model('mlx-community/GLM-4.7-Flash-6bit', 24)
  const gemma = scene.model('mlx-community/gemma-3-27b-it-4bit', 16)
  scene.model('mlx-community/Qwen3-8B-4bit', 4.6)
  scene.model('mlx-community/Llama-3.3-70B-Instruct-4bit', 40)
  const main = scene.declare('main', large, { nodeIds: [studio, pro], minNodes: 2 })
  scene.ready(main)
  const assistant = scene.declare('assistant', gemma, { name: 'assistant', nodeIds: [mini] })
  scene.ready(assistant)
  scene.wait(2 * 3_600_000 + 840_000)
  for (const speed of [29, 31, 30, 33, 32, 34, 33, 34]) scene.answered(main, speed)
  scene.begin(main)
  scene.begin(main)
  for (const speed of [14, 16, 15, 16]) scene.answered(assistant, speed)
  const coming = scene.declare('flash', flash, { nodeIds: [studio] })
  scene.report(coming, { status: 'Loading', layersLoaded: 18, layers: 32 })
  return scene.settle()
}
