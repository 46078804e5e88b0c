import type { Api } from '../../api/access'
import { ApiError } from '../../api/problem'
import { beforeNextFrame } from '../../state/frames'
import { t } from '../../state/texts.svelte'
import { readAnswer, type GrowingAnswer } from './answer'
import { promptOf } from './branches'
import type { ConversationChanges } from './chat-store'
import type { Partner } from './partners'
import type { AnswerMessage, Message } from './records'
import type { Thread } from './thread.svelte'

export interface AnsweringOptions {
  readonly api: Pick<Api, 'fetch'>
  /** Saves a message, complete or partial; never rejects. */
  readonly keep: (message: Message) => Promise<unknown>
  readonly change: (thread: Thread, changes: ConversationChanges) => Promise<void>
}

/** Interval of saving a streaming answer, so that closing the window loses little. */
const KEEP_EVERY_MS = 2000

/**
 * Streams a model's answer to the last message of a thread's branch. It grows in `thread.growing` and becomes a message
 * when it ends, also if it was stopped or failed. Never rejects: errors are in `thread.problem`.
 */
export const answerThread = async (thread: Thread, partner: Partner, options: AnsweringOptions): Promise<void> => {
  const parentId = thread.leafId
  if (parentId === undefined) return
  thread.held = false
  const place = { ...thread.placeAfter(parentId), role: 'assistant', model: partner.name } as const
  const answer = await grow(thread, { parentId, partner, place, ...options })
  // Synchronous up to adding the message, so that no frame shows neither.
  thread.growing = undefined
  if (isEmpty(answer)) {
    if (answer.cut === undefined) thread.problem = emptyAnswer()
    thread.showInstead(parentId)
    return
  }
  const message: AnswerMessage = { ...place, ...recordOf(answer) }
  thread.add(message)
  // The user may have switched to another branch: stay there.
  const staysOnBranch = thread.leafId !== parentId
  if (!staysOnBranch) thread.leafId = message.id
  await options.keep(message)
  thread.saved(message)
  await options.change(thread, { changedAt: Date.now(), ...(!staysOnBranch && { leafId: message.id }) })
}

interface Growth extends AnsweringOptions {
  readonly parentId: string
  readonly partner: Partner
  readonly place: Omit<AnswerMessage, 'text'>
}

/** Shows the growing answer once per frame and saves it at intervals. Resolves with its last value. */
const grow = async (thread: Thread, { parentId, partner, place, api, keep }: Growth): Promise<GrowingAnswer> => {
  const stop = new AbortController()
  thread.stop = stop
  const growing = { id: place.id, parentId, model: partner.name }
  thread.growing = { ...growing, answer: { text: '' } }
  const { options } = thread.conversation
  const messages = promptOf(thread.path, options.system)
  let answer: GrowingAnswer = { text: '' }
  let keptAt = performance.now()
  let drawing: (() => void) | undefined
  try {
    for await (answer of readAnswer(api, { model: partner.id, messages, options, signal: stop.signal })) {
      drawing ??= beforeNextFrame(() => {
        drawing = undefined
        thread.growing = { ...growing, answer }
      })
      if (isEmpty(answer) || performance.now() - keptAt < KEEP_EVERY_MS) continue
      keptAt = performance.now()
      void keep({ ...place, ...recordOf(answer), cut: 'closed' })
    }
  } catch (error) {
    answer = { ...answer, cut: stop.signal.aborted ? 'stopped' : 'failed' }
    if (!stop.signal.aborted) thread.problem = error
  }
  drawing?.()
  return answer
}

const isEmpty = ({ text, thinking, calls }: GrowingAnswer): boolean =>
  text === '' && thinking === undefined && calls === undefined

const recordOf = ({
  progress: _progress,
  ahead: _ahead,
  ...record
}: GrowingAnswer): Omit<GrowingAnswer, 'progress' | 'ahead'> => record

const emptyAnswer = (): ApiError =>
  new ApiError('empty_answer', t('chat.emptyAnswer'), { hint: t('chat.emptyAnswerHint') })
