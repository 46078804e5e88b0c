import { architectures, canonicalModelType } from '@main/models/architectures'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { python, required, root } from '../harness/paths'

/**
 * Asks about each of mlx-lm's models: `shard` on the model is tensor parallelism; what can be pipelined the runner says.
 * Printed last, for some modules print too.
 */
const question = `
import importlib, json, pkgutil
import mlx_lm.models
from mlx_lm.utils import MODEL_REMAPPING
from muster_runner.pipeline import ARCHITECTURES

found = {}
for info in pkgutil.iter_modules(mlx_lm.models.__path__):
    try:
        module = importlib.import_module(f"mlx_lm.models.{info.name}")
    except (Exception, SystemExit):
        continue
    if hasattr(module, "Model") and hasattr(module, "ModelArgs"):
        shard, pipeline = hasattr(module.Model, "shard"), info.name in ARCHITECTURES
        found[info.name] = {"supportsTensor": shard, "supportsPipeline": pipeline}
print(json.dumps({"architectures": found, "aliases": MODEL_REMAPPING}))
`

const Answer = z.object({
  architectures: z.record(z.string(), z.object({ supportsTensor: z.boolean(), supportsPipeline: z.boolean() })),
  aliases: z.record(z.string(), z.string()),
})

it('the list of architectures says what the installed mlx-lm can load and share out', async () => {
  const runner = required(python, 'run `npm test`, which makes it')
  const { stdout } = await promisify(execFile)(runner, ['-c', question], {
    maxBuffer: 1 << 24,
    env: { ...process.env, PYTHONPATH: join(root, 'native-runner', 'src') },
  })
  const installed = Answer.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''))
  expect(Object.fromEntries(architectures)).toEqual(installed.architectures)
  for (const [alias, name] of Object.entries(installed.aliases)) expect(canonicalModelType(alias)).toBe(name)
})
