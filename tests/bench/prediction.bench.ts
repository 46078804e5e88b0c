import { PreviewResponse } from '@core/protocols/control'
import type { Preview } from '@core/placement/preview'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder } from '../harness/headless-node'
import { addStarterModel, addTinyModel, STARTER, TINY } from '../harness/models'
import { streamChat } from './chat-client'
import { figure, type Bench, type Row } from './report'

const TOKENS = 64
const ANSWERS = 5

/** The preview of one machine alone, as the launch form shows it. */
const preview = async (control: Control, modelId: string): Promise<Preview> => {
  const response = await control.request(`/instance/previews?modelId=${encodeURIComponent(modelId)}`)
  const [first] = PreviewResponse.parse(await response.json()).previews
  if (first === undefined || 'error' in first) throw new Error(`${modelId} cannot be previewed`)
  return first
}

/** What the cost model predicts on this machine, whose memory Muster has measured, and what comes of it. */
export const run = async (): Promise<Bench> => {
  const folder = temporaryFolder()
  addTinyModel(folder.path)
  addStarterModel(folder.path)
  const node = await startHeadless({
    dataDir: folder.path,
    env: { MUSTER_MEMORY_BANDWIDTH: undefined, MLX_DISABLE_COMPILE: undefined },
  })
  const control = new Control(node.url)
  const { nodes } = await control.until(
    'the memory to be measured',
    (state) => state.nodes[node.nodeId]?.memoryBandwidth !== undefined,
  )
  const bandwidth = (nodes[node.nodeId]?.memoryBandwidth ?? NaN) / 1e9
  const rows: Row[] = [figure('memory bandwidth, measured', `${bandwidth.toFixed(1)} GB/s`)]
  for (const [name, modelId] of [
    ['tiny', TINY],
    ['starter', STARTER],
  ] as const) {
    const { metaInstanceId } = await control.declare(modelId)
    await control.until('READY', (state) => {
      const declared = state.metaInstances[metaInstanceId]
      return declared !== undefined && statusOf(state, declared).word === 'READY'
    })
    for (let answer = 0; answer < ANSWERS; answer += 1)
      await streamChat(node.url, modelId, `Story number ${answer}: write a long story about a lighthouse.`, TOKENS)
    const { predicted, measured } = await preview(control, modelId)
    if (!predicted || !measured) throw new Error('nothing was predicted, or nothing measured')
    rows.push(
      figure(`${name}: predicted`, `${predicted.tokensPerSecond.toFixed(1)} tokens/s`),
      figure(`${name}: measured, ${measured.runs} runs`, `${measured.tokensPerSecond.toFixed(1)} tokens/s`),
      figure(`${name}: predicted ÷ measured`, (predicted.tokensPerSecond / measured.tokensPerSecond).toFixed(2)),
    )
  }
  await node.stop()
  folder.dispose()
  return { name: 'The cost model', rows }
}
