import { z } from 'zod'
import { InstanceId, MetaInstanceId, NodeId } from '../ids'
import type { State } from '../state/state'
import type { CodedText } from '../texts/coded'
import { inEnglish } from '../texts/english'

/** `error`: something fails now. `warning`: a request of a person cannot work like this. `hint`: could be better. */
export const Severity = z.enum(['error', 'warning', 'hint'])
export type Severity = z.infer<typeof Severity>

/** One step of a fix; commands are exact and run on the machine that the text names. */
export const FixStep = z.object({ text: z.string(), commands: z.array(z.string()).optional() })
export type FixStep = z.infer<typeof FixStep>

export const WarningSubject = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('node'), nodeId: NodeId }),
  z.object({ kind: z.literal('link'), nodeIds: z.tuple([NodeId, NodeId]) }),
  z.object({ kind: z.literal('metaInstance'), metaInstanceId: MetaInstanceId }),
  z.object({ kind: z.literal('instance'), instanceId: InstanceId }),
])
export type WarningSubject = z.infer<typeof WarningSubject>

/** A port that a step refers to, for drawing. */
export const NamedPort = z.object({
  nodeId: NodeId,
  /** N of "Thunderbolt N". */
  receptacle: z.number().int().positive(),
  interfaceName: z.string().optional(),
})
export type NamedPort = z.infer<typeof NamedPort>

export const Picture = z.discriminatedUnion('kind', [
  /** A cable between two ports. */
  z.object({ kind: z.literal('cable'), ends: z.tuple([NamedPort, NamedPort]) }),
  /** Ports of one machine. */
  z.object({ kind: z.literal('ports'), ports: z.array(NamedPort).min(1) }),
  /** The back of a Mac Studio, with the port next to Ethernet. */
  z.object({ kind: z.literal('studio'), port: NamedPort }),
])
export type Picture = z.infer<typeof Picture>

/** A problem that people can act on, in English. */
export const Warning = z.object({
  /** Stable while the problem is the same; dismissing a warning dismisses this id. */
  id: z.string(),
  code: z.string(),
  severity: Severity,
  title: z.string(),
  cause: z.string(),
  fix: z.array(FixStep).min(1),
  subject: WarningSubject,
  /** Machines it is shown on. */
  nodeIds: z.array(NodeId),
  /** Page of the app that shows its subject: `/cluster?machine=…`. */
  about: z.string(),
  picture: Picture.optional(),
})
export type Warning = z.infer<typeof Warning>

/** A step whose text is a code. */
export interface CodedStep {
  readonly text: CodedText
  readonly commands?: readonly string[]
}

/** A warning whose texts are codes, so that each reader gets their own language. */
export interface CodedWarning extends Readonly<Omit<Warning, 'title' | 'cause' | 'fix'>> {
  readonly title: CodedText
  readonly cause: CodedText
  readonly fix: readonly CodedStep[]
}

/** Result of a detector; `about` follows from the subject. */
export type DetectedWarning = Omit<CodedWarning, 'about'>

/** One kind of warning: a pure function of the state. */
export type Detector = (state: State) => readonly DetectedWarning[]

const query = (parameters: Readonly<Record<string, string>>): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')

/** Returns the page of the app that shows a subject. */
export const aboutOf = (subject: WarningSubject): string => {
  switch (subject.kind) {
    case 'node':
      return `/cluster?${query({ machine: subject.nodeId })}`
    case 'link':
      return `/cluster?${query({ machine: subject.nodeIds[0] })}`
    case 'metaInstance':
      return `/cluster?${query({ model: subject.metaInstanceId })}`
    case 'instance':
      return `/cluster?${query({ instance: subject.instanceId })}`
  }
}

/** Converts a warning to English, as the API returns it. */
export const englishWarning = ({ title, cause, fix, ...warning }: CodedWarning): Warning => ({
  ...warning,
  title: inEnglish(title),
  cause: inEnglish(cause),
  fix: fix.map(({ text, commands }) => ({ text: inEnglish(text), ...(commands && { commands: [...commands] }) })),
})
