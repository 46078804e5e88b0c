import { architectures, canonicalModelType } from '@main/models/architectures'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { python, required } from '../harness/paths'

/**
 * Asks mlx-lm about each of its models: `shard` on the model is tensor parallelism; `pipeline` on the inner model, which
 * the model holds itself or shows as its property `model`, is pipelining. Printed last, for some modules print too.
 */
const question = `
import importlib, inspect, json, pkgutil, re
import mlx_lm.models
from mlx_lm.utils import MODEL_REMAPPING

def pipelined(module, model):
    own = [cls for cls in model.__mro__ if cls.__module__.startswith("mlx_lm.models")]
    scope = {}
    for cls in reversed(own):
        scope |= vars(importlib.import_module(cls.__module__))
    if isinstance(getattr(model, "model", None), property):
        inner = [value for value in scope.values() if inspect.isclass(value)]
    else:
        source = "".join(inspect.getsource(cls) for cls in own)
        inner = [scope[name] for name in re.findall(r"self\\.model = (\\w+)\\(", source)]
    return any(hasattr(cls, "pipeline") for cls in inner)

found = {}
for info in pkgutil.iter_modules(mlx_lm.models.__path__):
    try:
        module = importlib.import_module(f"mlx_lm.models.{info.name}")
    except (Exception, SystemExit):
        continue
    if hasattr(module, "Model") and hasattr(module, "ModelArgs"):
        shard, pipeline = hasattr(module.Model, "shard"), pipelined(module, module.Model)
        found[info.name] = {"supportsTensor": shard, "supportsPipeline": pipeline}
print(json.dumps({"architectures": found, "aliases": MODEL_REMAPPING}))
`

const Answer = z.object({
  architectures: z.record(z.string(), z.object({ supportsTensor: z.boolean(), supportsPipeline: z.boolean() })),
  aliases: z.record(z.string(), z.string()),
})

it('the list of architectures says what the installed mlx-lm can load and share out', async () => {
  const runner = required(python, 'run `npm test`, which makes it')
  const { stdout } = await promisify(execFile)(runner, ['-c', question], { maxBuffer: 1 << 24 })
  const installed = Answer.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''))
  expect(Object.fromEntries(architectures)).toEqual(installed.architectures)
  for (const [alias, name] of Object.entries(installed.aliases)) expect(canonicalModelType(alias)).toBe(name)
})
