import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { temporaryFolder } from '../harness/headless-node'
import { coderModel, python, required, root } from '../harness/paths'
import { startServing } from '../harness/serving'

const SCRIPTED = 'muster/scripted'
const folderOfScripts = join(root, 'tests', 'agents')

/** What the model does: calls the first of these tools that is offered and tells its result, else says `otherwise`. */
export interface Script {
  readonly calls: Readonly<Record<string, Record<string, unknown>>>
  readonly otherwise: string
}

export interface ScriptedNode {
  readonly url: string
  /** The name under which the model is asked for. */
  readonly model: string
  /** For all requests from now on. */
  follow(script: Script): void
  stop(): Promise<void>
}

/** A Python in that folder whose runners are real but for what their model says. */
const scriptedPython = (folder: string, script: string): string => {
  const executable = join(folder, 'scripted-python')
  const real = required(python, 'run `npm run test:agents`')
  const runner = `SCRIPT=${script} exec ${real} ${join(folderOfScripts, 'scripted_runner.py')} "$@"`
  writeFileSync(
    executable,
    `#!/bin/sh\nif [ "$1 $2" = "-m muster_runner" ]; then shift 2; ${runner}; fi\nexec ${real} "$@"\n`,
  )
  chmodSync(executable, 0o755)
  return executable
}

/** A real node with a model that has the tokenizer and template of a real one, and says what a script tells it to. */
export const startScriptedNode = async (): Promise<ScriptedNode> => {
  const folder = temporaryFolder()
  const script = join(folder.path, 'script.json')
  const serving = await startServing({
    modelId: SCRIPTED,
    declaration: { name: 'chat', maxContext: 65_536 },
    env: { MUSTER_PYTHON: scriptedPython(folder.path, script) },
    add: (dataDir) => {
      const model = join(dataDir, 'models', SCRIPTED)
      mkdirSync(dirname(model), { recursive: true })
      const real = required(coderModel, 'run `npm run test:agents`, which fetches it')
      execFileSync(python, [join(folderOfScripts, 'scripted_model.py'), real, model])
    },
  })
  return {
    url: serving.node.url,
    model: 'chat',
    follow: (next) => writeFileSync(script, JSON.stringify(next)),
    stop: async () => {
      await serving.stop()
      folder.dispose()
    },
  }
}
