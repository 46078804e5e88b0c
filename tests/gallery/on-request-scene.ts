import { GB } from '@core/testing/world'
import { Scene } from './scene'

/** Models that were loaded on request beside one that is always on: idle, answering, pinned, and one without an end. */
export const onRequest = (): Scene => {
  const scene = new Scene()
  scene.machine('Mac Studio', { chip: 'Apple M3 Ultra', total: 256 * GB, free: 220 * GB, bandwidth: 819e9, load: 0.2 })
  const model = (name: string, size: number) => scene.model(`mlx-community/${name}`, size)
  const [qwen, gemma] = [model('Qwen3-8B-4bit', 4.6), model('gemma-3-27b-it-4bit', 16)]
  const [flash, small] = [model('GLM-4.7-Flash-6bit', 24), model('Llama-3.2-3B-Instruct-4bit', 1.8)]
  const chat = scene.declare('chat', model('Qwen3-30B-A3B-4bit', 17), { name: 'chat' })
  const idle = scene.declare('idle', qwen, { onRequest: { idleSeconds: 300 } })
  const busy = scene.declare('busy', gemma, { onRequest: { idleSeconds: 1800 } })
  const pinned = scene.declare('pinned', flash, { onRequest: { idleSeconds: 300 } })
  const endless = scene.declare('endless', small, { onRequest: {} })
  for (const id of [chat, idle, busy, pinned, endless]) {
    scene.ready(id)
    for (const speed of [41, 43, 40, 44]) scene.answered(id, speed)
  }
  scene.world.command({ type: 'UpdateMetaInstance', metaInstanceId: pinned, changes: { pinned: true } })
  scene.begin(busy)
  scene.report(busy, { status: 'Running' })
  return scene.wait(80_000)
}
