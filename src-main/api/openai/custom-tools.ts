import { z } from 'zod'
import type { Tool } from '@core/generation/conversation'

export interface CustomTool {
  readonly name: string
  readonly description?: string | null | undefined
  /** Source of the grammar that the input follows; used only as a hint in the description. */
  readonly grammar?: string | null | undefined
}

/** Presents a custom tool, which takes free text, to the model as a function with one argument, `input`. */
export const customTool = ({ name, description, grammar }: CustomTool): Tool => {
  const fullDescription = [description, grammar ? `The input follows this grammar:\n${grammar}` : '']
    .filter(Boolean)
    .join('\n\n')
  const parameters = {
    type: 'object',
    properties: { input: { type: 'string' } },
    required: ['input'],
    additionalProperties: false,
  }
  return { name, parameters, ...(fullDescription !== '' && { description: fullDescription }) }
}

/** Encodes the input of a custom tool call as arguments. */
export const customArguments = (input: string): string => JSON.stringify({ input })

const Arguments = z.object({ input: z.string() })

/** Extracts the input of a custom tool call; malformed arguments are returned unchanged. */
export const customInput = (text: string): string => {
  try {
    const parsed = Arguments.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data.input : text
  } catch {
    return text
  }
}
