import { dialog } from 'electron'
import type { RunningNode } from '../node'
import { quitQuestion } from './quit-question'

let asking = false

/** Asks before quitting where something here would be missed. Resolves with whether to quit. */
export const confirmQuit = async (node: Pick<RunningNode, 'source' | 'nodeId' | 'departure'>): Promise<boolean> => {
  // Whoever chooses it twice has one question before them.
  if (asking) return false
  asking = true
  try {
    const question = quitQuestion(node.source.state(), node.nodeId, await node.departure())
    if (question === undefined) return true
    const { response } = await dialog.showMessageBox({
      type: 'question',
      ...question,
      buttons: ['Quit', 'Cancel'],
      defaultId: 0,
      cancelId: 1,
    })
    return response === 0
  } finally {
    asking = false
  }
}
