import { alerts } from './alerts'
import { checks } from './checks'
import { doctor } from './doctor'
import { downloads } from './downloads'
import { failures } from './failures'
import { figures } from './figures'
import { rdma } from './rdma'
import { refusals } from './refusals'

/** What the node says over its API too, in English: the only texts that it needs for that. */
export const nodeTexts = { alerts, checks, doctor, downloads, failures, figures, rdma, refusals } as const

type NodeTexts = typeof nodeTexts

/** `area.name` of such a message. */
export type NodeTextKey = { [Area in keyof NodeTexts]: `${Area}.${keyof NodeTexts[Area] & string}` }[keyof NodeTexts]
