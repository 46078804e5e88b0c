import type { Edit } from '@core/connect/config-edits'
import { CONTINUE_NAME, continueModel, type ConnectTarget } from '@core/connect/tool-texts'
import { isMap, isSeq, parseDocument } from 'yaml'

const HEAD = 'name: Local\nversion: 1.0.0\nschema: v1\n'

/** Sets the model in Continue's config.yaml; comments and all other content stay. */
export const editContinue = (before: string | undefined, target: ConnectTarget): Edit => {
  const document = parseDocument(before === undefined || before.trim() === '' ? HEAD : before)
  if (document.errors.length > 0) return { refused: 'The file is not valid YAML. Add the text by hand.' }
  if (!isMap(document.contents)) return { refused: 'The file is not a map of settings. Add the text by hand.' }
  const models: unknown = document.get('models')
  if (models !== undefined && models !== null && !isSeq(models))
    return { refused: 'Its "models" is not a list. Add the text by hand.' }
  const entry = document.createNode(continueModel(target))
  if (!isSeq(models)) document.set('models', [continueModel(target)])
  else {
    const at = models.items.findIndex((item) => isMap(item) && item.get('name') === CONTINUE_NAME)
    if (at < 0) models.add(entry)
    else models.set(at, entry)
  }
  return { text: document.toString() }
}
