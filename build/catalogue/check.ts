import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { recommendedCatalogue, type RecommendedModel } from '@core/catalogue/recommended-models'

/**
 * `npm run catalogue`: checks the recommended models against the hub (HF_ENDPOINT, else huggingface.co): whether each
 * exists, its architecture and the size of its weights. `--offline` checks only the file. Exits with 1 on any error.
 */

const HUB = process.env['HF_ENDPOINT'] ?? 'https://huggingface.co'
/** Tolerance: some sizes in the file are rounded. */
const TOLERANCE = 0.08

const Architectures = z.object({
  aliases: z.record(z.string(), z.string()),
  architectures: z.record(z.string(), z.unknown()),
})
const Described = z.object({
  config: z.object({ model_type: z.string() }).optional(),
  siblings: z.array(z.object({ rfilename: z.string(), size: z.number().optional() })),
})

const architectures = Architectures.parse(
  JSON.parse(
    readFileSync(new URL('../../native-runner/src/muster_runner/model/architectures.json', import.meta.url), 'utf8'),
  ),
)

const runs = ({ architecture }: RecommendedModel): boolean =>
  (architectures.aliases[architecture] ?? architecture) in architectures.architectures

/** Differences from the hub. */
const differences = async ({ modelId, architecture, sizeBytes }: RecommendedModel): Promise<string[]> => {
  const response = await fetch(`${HUB}/api/models/${modelId}?blobs=true`)
  if (!response.ok) return [`the hub answers ${response.status}`]
  const described = Described.safeParse(await response.json())
  if (!described.success) return ['the hub’s answer is not understood']
  const { config, siblings } = described.data
  const weights = siblings.filter(({ rfilename }) => rfilename.endsWith('.safetensors'))
  const size = weights.reduce((sum, file) => sum + (file.size ?? 0), 0)
  return [
    ...(config && config.model_type !== architecture ? [`it is a "${config.model_type}" model`] : []),
    ...(Math.abs(size - sizeBytes) > TOLERANCE * sizeBytes ? [`its weights are ${size} bytes`] : []),
  ]
}

const offline = process.argv.includes('--offline')
const { models } = recommendedCatalogue()
let wrong = 0
for (const model of models) {
  const found = [
    ...(runs(model) ? [] : [`the installed mlx-lm cannot run "${model.architecture}" models`]),
    ...(offline ? [] : await differences(model).catch((error: unknown) => [String(error)])),
  ]
  wrong += found.length
  for (const difference of found) process.stderr.write(`${model.modelId}: ${difference}\n`)
}
process.stdout.write(`${models.length} models, ${wrong} differences${offline ? ' (the hub was not asked)' : ''}\n`)
process.exitCode = wrong === 0 ? 0 : 1
