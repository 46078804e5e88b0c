import { ApiKeyId, ModelId, NodeId } from '@core/ids'
import { usageView, withUse, type UsageByKey } from '@core/keys/usage'
import type { ApiKeysResponse } from '@core/protocols/api-keys'

const DAY = 86_400_000
const qwen = ModelId.parse('mlx-community/Qwen3-235B-A22B-4bit')
const small = ModelId.parse('mlx-community/Qwen3-8B-4bit')

/** Keys as a cluster has them after some weeks, the last one new. */
export const listedKeys = (now: number): ApiKeysResponse => {
  const counts = (requests: number, promptTokens: number, cachedTokens: number, completionTokens: number) => ({
    requests,
    promptTokens,
    cachedTokens,
    completionTokens,
  })
  const usage = [
    { key: 'editor', modelId: qwen, counts: counts(2841, 31_220_400, 27_004_112, 1_204_881), at: now - 40 * DAY },
    {
      key: 'editor',
      modelId: small,
      counts: counts(412, 903_114, 610_220, 88_410),
      at: now - 30_000,
      userAgent: 'OpenAI/JS 6.49.0',
    },
    {
      key: 'team',
      modelId: small,
      counts: counts(38, 41_022, 12_100, 9_770),
      at: now - 3 * DAY,
      userAgent: 'python-httpx/0.28.1',
    },
  ].reduce<UsageByKey>(withUse, {})
  const key = (name: string, id: string) => ({
    apiKeyId: ApiKeyId.parse(id),
    name,
    createdAt: now - 60 * DAY,
    usage: usageView(usage[id], now),
  })
  return {
    apiKeys: [
      key('Ada’s editor', 'editor'),
      {
        ...key('Team chat with a rather long name, so that it has to be broken somewhere', 'team'),
        limits: { requestsPerMinute: 60, tokensPerMinute: 200_000, concurrent: 4 },
      },
      key('New phone', 'new'),
    ],
    missing: [{ nodeId: NodeId.parse('away'), friendlyName: 'Mac mini' }],
  }
}
