import { z } from 'zod'
import type { Tool } from '@core/generation/conversation'

export interface CustomTool {
  readonly name: string
  readonly description?: string | null | undefined
  /** The source of the grammar that the input follows; only a hint here. */
  readonly grammar?: string | null | undefined
}

/** A custom tool takes free text: for the model it is a function of one argument, `input`. */
export const customTool = ({ name, description, grammar }: CustomTool): Tool => {
  const says = [description, grammar ? `The input follows this grammar:\n${grammar}` : ''].filter(Boolean).join('\n\n')
  const parameters = {
    type: 'object',
    properties: { input: { type: 'string' } },
    required: ['input'],
    additionalProperties: false,
  }
  return { name, parameters, ...(says !== '' && { description: says }) }
}

/** The arguments of a call of a custom tool with this input. */
export const customArguments = (input: string): string => JSON.stringify({ input })

const Arguments = z.object({ input: z.string() })

/** The input of a call of a custom tool; arguments that are not the one that it has are given as they are. */
export const customInput = (text: string): string => {
  try {
    const parsed = Arguments.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data.input : text
  } catch {
    return text
  }
}
