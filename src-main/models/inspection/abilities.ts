import { z } from 'zod'
import type { CatalogueModel } from '@core/protocols/models'
import { undefinedUnlessShort } from '../shortage'

type Ability = NonNullable<CatalogueModel['abilities']>[number]

/** Variables and tags in chat templates that show tool use or reasoning. */
const SIGNS: readonly (readonly [Ability, RegExp])[] = [
  ['tools', /\btools\b/],
  ['thinking', /enable_thinking|reasoning_content|reasoning_effort|<think>|\[THINK\]/],
]

const WithTemplate = z.looseObject({ chat_template: z.unknown().optional() })

export interface TemplateFiles {
  readonly names: readonly string[]
  readonly json: (name: string) => Promise<unknown>
  readonly text: (name: string) => Promise<string>
}

/** Concatenates the model's chat templates; unreadable ones are skipped. */
const templatesOf = async ({ names, json, text }: TemplateFiles): Promise<string> => {
  const texts = ['chat_template.jinja', 'tokenizer_config.json', 'chat_template.json']
    .filter((name) => names.includes(name))
    .map(async (name) => {
      if (name.endsWith('.jinja')) return text(name)
      return JSON.stringify(WithTemplate.safeParse(await json(name)).data?.chat_template ?? '')
    })
  return (await Promise.all(texts.map((one) => one.catch(undefinedUnlessShort)))).join('\n')
}

/** Detects abilities of a model (tools, reasoning) from its chat templates. */
export const abilitiesOf = async (files: TemplateFiles): Promise<Ability[]> => {
  const templates = await templatesOf(files)
  return SIGNS.flatMap(([ability, sign]) => (sign.test(templates) ? [ability] : []))
}
