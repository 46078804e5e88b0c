import { z } from 'zod'
import { Tool, type ToolChoice } from '@core/generation/conversation'
import { checkToolNames } from '../answering/tool-names'
import { invalidField } from './invalid-field'

/** A function tool: chat completions nest it, responses do not. */
export const FunctionTool = z.object({
  name: Tool.shape.name,
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  strict: z.boolean().nullish(),
})
export type FunctionTool = z.infer<typeof FunctionTool>

export const toTool = ({ name, description, parameters, strict }: FunctionTool): Tool => ({
  name,
  ...(description && { description }),
  ...(parameters && { parameters }),
  ...(strict === true && { strict }),
})

/** The client's tool choice, in any of its forms. */
export type Choice =
  | { readonly kind: 'auto' | 'none' | 'required' }
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'allowed'; readonly mode: 'auto' | 'required'; readonly names: readonly string[] }

/** Tools and tool choice in the internal form. Throws Problem if the choice names an unknown tool. */
export const chosenTools = (
  tools: readonly Tool[],
  choice: Choice,
  param: string,
): { tools?: Tool[]; toolChoice?: ToolChoice } => {
  checkToolNames(tools)
  const known = (name: string): void => {
    if (!tools.some((tool) => tool.name === name)) throw invalidField(param, `no tool is named "${name}"`)
  }
  if (choice.kind === 'required' && tools.length === 0) throw invalidField(param, 'there are no tools to choose from')
  if (choice.kind === 'named') known(choice.name)
  if (choice.kind === 'allowed') {
    if (choice.names.length === 0) throw invalidField(param, 'no tool is allowed; use "none" instead')
    for (const name of choice.names) known(name)
    return chosenTools(
      tools.filter(({ name }) => choice.names.includes(name)),
      { kind: choice.mode },
      param,
    )
  }
  return {
    ...(tools.length > 0 && { tools: [...tools] }),
    ...(choice.kind !== 'auto' && tools.length > 0 && { toolChoice: choice }),
  }
}
