import type { ApiKeyView } from '@core/protocols/api-keys'
import { readKeys } from '../api/keys'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, type ExitCode } from '../exit-codes'
import { printTable, type Column } from '../text/table'
import { timeText } from '../text/units'

const limitsText = ({ limits = {} }: ApiKeyView): string =>
  [
    limits.requestsPerMinute !== undefined && `${limits.requestsPerMinute} requests/min`,
    limits.tokensPerMinute !== undefined && `${limits.tokensPerMinute} tokens/min`,
    limits.concurrent !== undefined && `${limits.concurrent} at a time`,
  ]
    .filter(Boolean)
    .join(', ')

const tokensOf = ({ usage: { month } }: ApiKeyView): number => month.promptTokens + month.completionTokens

const COLUMNS: readonly Column<ApiKeyView>[] = [
  { heading: 'NAME', cell: ({ name }) => name, cut: true },
  { heading: 'ID', optional: true, cell: ({ apiKeyId }) => apiKeyId.slice(0, 8) },
  { heading: 'LIMITS', optional: true, cell: limitsText, cut: true },
  { heading: 'REQUESTS THIS MONTH', optional: true, cell: ({ usage }) => String(usage.month.requests), align: 'right' },
  { heading: 'TOKENS', optional: true, cell: (one) => String(tokensOf(one)), align: 'right' },
  {
    heading: 'LAST USED',
    optional: true,
    cell: ({ usage: { lastUsedAt } }) => (lastUsedAt === undefined ? '' : timeText(lastUsedAt)),
  },
]

/** Lists API keys with their limits and usage. The secrets are not stored. */
export const run = async ({ json }: CommonOptions, { api, out, err }: CommandContext): Promise<ExitCode> => {
  const answer = await readKeys(api)
  const { apiKeys, missing = [] } = answer
  if (json) await out.json(answer)
  else if (apiKeys.length > 0) await printTable(out, apiKeys, COLUMNS)
  else await err.line('There are no API keys. `muster key create NAME` creates one.')
  if (missing.length > 0 && !json)
    await err.line(`Usage of these machines is missing: ${missing.map(({ friendlyName }) => friendlyName).join(', ')}.`)
  return DONE
}
