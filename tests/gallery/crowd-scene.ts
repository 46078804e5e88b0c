import { Folding } from '@core/fold/fold'
import { next } from '@core/events/next'
import { GB } from '@core/testing/world'
import { Scene } from './scene'

/** What a house full of machines has, and a little more than anybody would. */
export const CROWD = { machines: 100, models: 500, declared: 40 } as const

/**
 * Many machines, every two of them in one network and neighbours also by a cable, with many models on disk of which
 * some are kept running.
 */
export const crowdOf = ({ machines, models, declared }: Record<keyof typeof CROWD, number>): Scene => {
  const scene = new Scene()
  const nodes = Array.from({ length: machines }, (_none, at) =>
    scene.machine(`Studio ${at + 1}`, {
      total: (32 + 32 * (at % 4)) * GB,
      free: (20 + 28 * (at % 4)) * GB,
      bandwidth: (273 + 91 * (at % 7)) * 1e9,
      load: (at % 10) / 10,
    }),
  )
  const links = nodes.flatMap((from, at) =>
    nodes
      .slice(at + 1)
      .flatMap((to, further) =>
        scene.linking(from, to, further === 0 ? { latencyMs: 0.3 } : { type: 'ethernet', latencyMs: 0.5 }),
      ),
  )
  const folding = new Folding(scene.world.state)
  for (const event of links) folding.fold(folding.read((state) => next(state, event, scene.world.now)))
  scene.world.state = folding.state
  const ids = Array.from({ length: models }, (_none, at) =>
    scene.model(`mlx-community/Model-${at + 1}-4bit`, 1 + (at % 60)),
  )
  for (const [at, modelId] of ids.slice(0, declared).entries()) {
    const id = scene.declare(`declared-${at}`, modelId, at % 4 === 0 ? { name: `service-${at}` } : {})
    scene.ready(id)
    for (let answer = 0; answer < 12; answer += 1) scene.answered(id, 30 + ((answer * 7) % 5))
    if (at % 3 === 0) scene.begin(id)
  }
  return scene.settle()
}

export const crowdScenes = { crowd: () => crowdOf(CROWD) } as const
