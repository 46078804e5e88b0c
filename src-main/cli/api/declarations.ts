import { z } from 'zod'
import { HistoryDay, HistoryEvent } from '@core/events/history-event'
import type { MetaInstanceId } from '@core/ids'
import { MetaInstanceView, type UpdateMetaInstanceRequest } from '@core/protocols/control'
import { declarationBy } from '../names'
import type { NodeApi } from './node-api'

const List = z.object({ metaInstances: z.array(MetaInstanceView) })
/** Newest first. A node of an earlier version sends no days. */
const History = z.object({ events: z.array(HistoryEvent), days: z.array(HistoryDay).default([]) })
type History = z.infer<typeof History>

const pathOf = (id: MetaInstanceId): string => `/meta_instance/${encodeURIComponent(id)}`

export const readDeclarations = async (api: NodeApi): Promise<readonly MetaInstanceView[]> =>
  (await api.ask('/meta_instances', List)).metaInstances

/** Finds the declaration that the user named. Throws CommandError if none or several match. */
export const findDeclaration = async (api: NodeApi, text: string): Promise<MetaInstanceView> =>
  declarationBy(await readDeclarations(api), text)

export const changeDeclaration = (
  api: NodeApi,
  id: MetaInstanceId,
  changes: UpdateMetaInstanceRequest,
): Promise<MetaInstanceView> => api.ask(pathOf(id), MetaInstanceView, { method: 'PATCH', body: changes })

export const restartDeclaration = (api: NodeApi, id: MetaInstanceId): Promise<MetaInstanceView> =>
  api.ask(`${pathOf(id)}/restart`, MetaInstanceView, { method: 'POST', body: {} })

export const deleteDeclaration = (api: NodeApi, id: MetaInstanceId): Promise<void> =>
  api.tell(pathOf(id), { method: 'DELETE' })

/** Decisions about a declaration, and the days before them, newest first. */
export const readHistory = (api: NodeApi, id: MetaInstanceId): Promise<History> =>
  api.ask(`${pathOf(id)}/history`, History)
