import { dialog } from 'electron'
import type { RunningNode } from '../node/index'
import type { Translator } from '@core/texts/translator'
import { quitQuestion } from './quit-question'

let asking = false

/** Asks before quitting if that affects models, answers or downloads. Resolves with whether to quit. */
export const confirmQuit = async (
  node: Pick<RunningNode, 'source' | 'nodeId' | 'departure'>,
  translator: Translator,
): Promise<boolean> => {
  // If the user chooses Quit again, do not ask twice.
  if (asking) return false
  asking = true
  try {
    const departures = await node.departure()
    const question = quitQuestion({ state: node.source.state(), nodeId: node.nodeId, departures, translator })
    if (question === undefined) return true
    const { response } = await dialog.showMessageBox({
      type: 'question',
      ...question,
      buttons: [translator.text('desktop.quitIt'), translator.text('app.cancel')],
      defaultId: 0,
      cancelId: 1,
    })
    return response === 0
  } finally {
    asking = false
  }
}
