import { z } from 'zod'
import { ChatOptions, ChatTool } from './records'
import { formats, t } from '../../state/texts.svelte'

/** Numeric options as the dialog shows them. */
export const NUMBERS = [
  { key: 'temperature', step: '0.05' },
  { key: 'topP', step: '0.01' },
  { key: 'topK', step: '1' },
  { key: 'minP', step: '0.01' },
  { key: 'repetitionPenalty', step: '0.01' },
  { key: 'maxTokens', step: '1' },
  { key: 'seed', step: '1' },
] as const
export type NumberKey = (typeof NUMBERS)[number]['key']

/** Content of the dialog. An empty field keeps the model's default. */
export interface OptionFields {
  system: string
  numbers: Record<NumberKey, string>
  tools: string
  alternatives: boolean
}

export const fieldsOf = (options: ChatOptions): OptionFields => ({
  system: options.system ?? '',
  numbers: Object.fromEntries(
    NUMBERS.map(({ key }) => [key, options[key]?.toString() ?? '']),
  ) as OptionFields['numbers'],
  tools: options.tools ? JSON.stringify(options.tools, undefined, 2) : '',
  alternatives: options.alternatives ?? false,
})

export type ReadOptions =
  | { readonly options: ChatOptions }
  | { readonly problems: Readonly<Partial<Record<NumberKey | 'tools' | 'system', string>>> }

/** OpenAI's tool format, as users have it at hand. */
const GivenTool = z.union([
  ChatTool,
  z.object({ type: z.literal('function'), function: ChatTool }).transform((given) => given.function),
])

const toolsIn = (text: string): { readonly tools?: readonly ChatTool[]; readonly problem?: string } => {
  if (text.trim() === '') return {}
  try {
    const parsed = z.array(GivenTool).max(64).safeParse(JSON.parse(text))
    if (parsed.success) return { tools: parsed.data }
    return { problem: t('chat.toolsShape') }
  } catch {
    return { problem: t('chat.toolsNoJson') }
  }
}

/** `A whole number from 0 to 1,000`. */
const rangeText = (key: NumberKey): string => {
  const { minValue, maxValue, isInt } = ChatOptions.shape[key].unwrap()
  const values = { least: formats().number(minValue ?? 0, isInt ? 0 : 1), most: formats().number(maxValue ?? 0) }
  return t(isInt ? 'chat.number.wholeFrom' : 'chat.number.from', values)
}

/** Parses the fields, or reports which field is wrong. Thinking has its own switch. */
export const readOptions = (fields: OptionFields, thinking: boolean | undefined): ReadOptions => {
  const { tools, problem } = toolsIn(fields.tools)
  const numbers = Object.fromEntries(
    NUMBERS.flatMap(({ key }) => {
      const text = fields.numbers[key].trim()
      return text === '' ? [] : [[key, Number(text)]]
    }),
  )
  const parsed = ChatOptions.safeParse({
    ...(fields.system.trim() !== '' && { system: fields.system }),
    ...numbers,
    ...(tools && tools.length > 0 && { tools }),
    ...(thinking !== undefined && { thinking }),
    ...(fields.alternatives && { alternatives: true }),
  })
  if (parsed.success && problem === undefined) return { options: parsed.data }
  const wrong = (parsed.error?.issues ?? []).map(({ path }) => path[0])
  const problems = NUMBERS.flatMap(({ key }) => (wrong.includes(key) ? [[key, rangeText(key)] as const] : []))
  return {
    problems: {
      ...Object.fromEntries(problems),
      ...(wrong.includes('system') && { system: t('chat.systemTooLong') }),
      ...(problem !== undefined && { tools: problem }),
    },
  }
}
