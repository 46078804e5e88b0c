import { z } from 'zod'
import { InstanceId, MetaInstanceId, NodeId } from '../ids'
import type { State } from '../state/state'
import type { CodedText } from '../texts/coded'
import { inEnglish } from '../texts/english'

/** `error`: something fails now. `warning`: what somebody asked for cannot work like this. `hint`: it could be better. */
export const Severity = z.enum(['error', 'warning', 'hint'])
export type Severity = z.infer<typeof Severity>

/** One step of the way out; commands are exact, and are run on the machine that the text names. */
export const FixStep = z.object({ text: z.string(), commands: z.array(z.string()).optional() })
export type FixStep = z.infer<typeof FixStep>

export const WarningSubject = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('node'), nodeId: NodeId }),
  z.object({ kind: z.literal('link'), nodeIds: z.tuple([NodeId, NodeId]) }),
  z.object({ kind: z.literal('metaInstance'), metaInstanceId: MetaInstanceId }),
  z.object({ kind: z.literal('instance'), instanceId: InstanceId }),
])
export type WarningSubject = z.infer<typeof WarningSubject>

/** A port that a step speaks of, so that it can be drawn. */
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
  /** The back of a Mac Studio, with its port beside Ethernet. */
  z.object({ kind: z.literal('studio'), port: NamedPort }),
])
export type Picture = z.infer<typeof Picture>

/** Something that people should know and can do something about, in English. */
export const Warning = z.object({
  /** Changes only when it is about something new: who dismissed a warning dismissed this id. */
  id: z.string(),
  code: z.string(),
  severity: Severity,
  title: z.string(),
  cause: z.string(),
  fix: z.array(FixStep).min(1),
  subject: WarningSubject,
  /** The machines it shows on. */
  nodeIds: z.array(NodeId),
  /** Where in the app its subject is: `/cluster?machine=…`. */
  about: z.string(),
  picture: Picture.optional(),
})
export type Warning = z.infer<typeof Warning>

/** A step with its text as a code. */
export interface CodedStep {
  readonly text: CodedText
  readonly commands?: readonly string[]
}

/** A warning with its texts as codes, which each reader gets in their own language. */
export interface CodedWarning extends Readonly<Omit<Warning, 'title' | 'cause' | 'fix'>> {
  readonly title: CodedText
  readonly cause: CodedText
  readonly fix: readonly CodedStep[]
}

/** What a family says; the rest follows from the subject. */
export type Found = Omit<CodedWarning, 'about'>

/** One kind of warnings: a pure function of the state. */
export type Family = (state: State) => readonly Found[]

const query = (parameters: Readonly<Record<string, string>>): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')

/** Where in the app a subject is shown. */
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

/** As the API gives it. */
export const englishWarning = ({ title, cause, fix, ...warning }: CodedWarning): Warning => ({
  ...warning,
  title: inEnglish(title),
  cause: inEnglish(cause),
  fix: fix.map(({ text, commands }) => ({ text: inEnglish(text), ...(commands && { commands: [...commands] }) })),
})
