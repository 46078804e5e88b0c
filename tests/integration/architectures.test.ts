import { architectures, canonicalModelType } from '@main/models/inspection/architectures'
import { needsTextConfig, requiredSizes } from '@main/models/inspection/required-sizes'
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
from muster_runner.model.pipeline import ARCHITECTURES

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

/** Fields without a default, of models whose arguments are made of the configuration's own fields. */
const requiredFields = `
import dataclasses, importlib, json, pkgutil
from muster_runner.deferred import import_mlx_lm
import_mlx_lm()
import mlx_lm.models

SIZES = ["hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "intermediate_size"]
found = {}
for info in pkgutil.iter_modules(mlx_lm.models.__path__):
    try:
        module = importlib.import_module(f"mlx_lm.models.{info.name}")
    except (Exception, SystemExit):
        continue
    arguments = getattr(module, "ModelArgs", None)
    if not hasattr(module, "Model") or not dataclasses.is_dataclass(arguments) or "from_dict" in vars(arguments):
        continue
    missing = dataclasses.MISSING
    needed = {field.name for field in dataclasses.fields(arguments)
              if field.init and field.default is missing and field.default_factory is missing}
    found[info.name] = [name for name in [*SIZES, "vocab_size", "text_config"] if name in needed]
print(json.dumps(found))
`

it('the sizes that config.json has to tell are those that the installed mlx-lm has no default for', async () => {
  const runner = required(python, 'run `npm test`, which makes it')
  const { stdout } = await promisify(execFile)(runner, ['-c', requiredFields], {
    maxBuffer: 1 << 24,
    env: { ...process.env, PYTHONPATH: join(root, 'native-runner', 'src') },
  })
  const installed = z.record(z.string(), z.array(z.string())).parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''))
  for (const [name, fields] of Object.entries(installed)) {
    const sizes = fields.filter((field) => field !== 'text_config')
    expect([name, [...(requiredSizes.get(name) ?? [])].sort()]).toEqual([name, sizes.sort()])
    expect([name, needsTextConfig.has(name)]).toEqual([name, fields.includes('text_config')])
  }
})
