import type { ClusterView } from '@core/protocols/cluster'
import type { NoticeKind, UpdateStatus } from '@core/protocols/desktop'
import { nodeName } from '@core/state/bindings'
import type { MetaInstance } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import { isOffHours } from '@core/state/scheduling'
import { statusOf } from '@core/state/status'
import { declarationLines } from '@core/status-lines/declaration-lines'
import type { NodeId } from '@core/ids'
import type { Translator } from '@core/texts/translator'

/** A system notification, and the page that a click on it opens. */
export interface Notice {
  readonly kind: NoticeKind
  readonly title: string
  readonly body: string
  readonly page: 'cluster' | 'models' | 'settings'
}

export interface Sight {
  readonly state: State
  readonly asking: ClusterView['asking']
  readonly update: UpdateStatus
  readonly translator: Translator
}

type Health = 'serves' | 'broken'

/**
 * The health of a declaration. A status between serving and broken counts as neither, so that loading causes no
 * notification.
 */
const healthOf = (word: string): Health | undefined => {
  if (word === 'READY' || word === 'RUNNING') return 'serves'
  return word === 'RETRYING' || word === 'PLACEMENT_FAILED' ? 'broken' : undefined
}

/** The last failure, or why it cannot be placed. */
const whyBroken = (one: MetaInstance, { state, translator }: Pick<Sight, 'state' | 'translator'>): string => {
  const lines = declarationLines(translator)
  return lines.failure(one) ?? lines.declaration(state, one, { now: state.lastEventAt })
}

/** Computes notifications from the differences between two consecutive inputs. The first input causes none. */
export class News {
  private readonly health = new Map<string, Health>()
  private readonly downloading = new Map<string, { readonly modelId: string; readonly nodeId: string }>()
  /** The join requests that are open. */
  private asked: ReadonlySet<string> = new Set()
  private announced: string | undefined
  private isFirst = true

  take(sight: Sight): Notice[] {
    const notices = [...this.joins(sight), ...this.models(sight), ...this.downloads(sight), ...this.updates(sight)]
    const wasFirst = this.isFirst
    this.isFirst = false
    return wasFirst ? [] : notices
  }

  private joins({ asking, translator: { text } }: Sight): Notice[] {
    const fresh = asking.filter(({ requestId }) => !this.asked.has(requestId))
    this.asked = new Set(asking.map(({ requestId }) => requestId))
    return fresh.map(({ friendlyName, digits }) => ({
      kind: 'joins',
      title: text('desktop.notice.asks', { name: friendlyName }),
      body: text('desktop.notice.asksBody', { digits: digits.replace(/^(\d{3})(\d{3})$/, '$1 $2') }),
      page: 'cluster',
    }))
  }

  private models({ state, translator }: Sight): Notice[] {
    const { text } = translator
    const declared = Object.values(state.metaInstances)
    for (const id of this.health.keys()) if (!(id in state.metaInstances)) this.health.delete(id)
    return declared.flatMap((one): Notice[] => {
      const { word } = statusOf(state, one)
      if (one.paused || isOffHours(one)) this.health.delete(one.metaInstanceId)
      const [before, now] = [this.health.get(one.metaInstanceId), healthOf(word)]
      if (now === undefined || now === before) return []
      this.health.set(one.metaInstanceId, now)
      const name = one.name ?? one.modelId
      if (now === 'broken')
        return [
          {
            kind: 'models',
            title: text('desktop.notice.unavailable', { name }),
            body: whyBroken(one, { state, translator }),
            page: 'cluster',
          },
        ]
      // A model's first readiness causes no notification: its user is waiting for it anyway.
      return before === 'broken'
        ? [
            {
              kind: 'models',
              title: text('desktop.notice.back', { name }),
              body: text('desktop.notice.backBody', { machines: declarationLines(translator).machines(state, one) }),
              page: 'cluster',
            },
          ]
        : []
    })
  }

  private downloads({ state, translator: { text } }: Sight): Notice[] {
    const notices: Notice[] = []
    for (const [key, { modelId, nodeId }] of this.downloading) {
      const status = state.downloads[nodeId as NodeId]?.[modelId]?.status
      if (status === 'Ongoing' || status === 'Pending') continue
      this.downloading.delete(key)
      if (status === 'Complete')
        notices.push({
          kind: 'downloads',
          title: text('desktop.notice.downloaded', { name: modelId }),
          body: text('desktop.notice.downloadedBody', { machine: nodeName(state, nodeId as NodeId) }),
          page: 'models',
        })
    }
    for (const [nodeId, models] of Object.entries(state.downloads))
      for (const [modelId, { status }] of Object.entries(models))
        if (status === 'Ongoing') this.downloading.set(`${nodeId} ${modelId}`, { modelId, nodeId })
    return notices
  }

  private updates({ update, translator: { text } }: Sight): Notice[] {
    if (update.state !== 'ready' || update.version === this.announced) return []
    this.announced = update.version
    return [
      {
        kind: 'updates',
        title: text('desktop.notice.update', { version: update.version }),
        body: text('desktop.notice.updateBody'),
        page: 'settings',
      },
    ]
  }
}
