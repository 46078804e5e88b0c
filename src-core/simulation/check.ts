import { z } from 'zod'
import { Scenario, ScenarioSettings, Step } from './scenario'

/** A valid scenario, or the problems of an invalid one. */
export type CheckedScenario =
  | { readonly status: 'sound'; readonly scenario: Scenario }
  | { readonly status: 'unsound'; readonly problems: readonly string[] }

const issuesOf = (error: z.ZodError): string[] =>
  error.issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))

const stepNames = Step.options.map((option) => option.shape.do.value)

/** How a problem names its step: counted from 1, with its position in the file. */
const stepLabel = (position: number, raw: unknown): string => {
  const name = z.object({ do: z.string() }).safeParse(raw).data?.do
  return `step ${position + 1}${name === undefined ? '' : ` (${name})`}, steps[${position}]`
}

/** Nodes that occur in more than one group. */
const duplicates = (nodes: readonly string[]): string[] =>
  nodes.filter((node, at) => nodes.indexOf(node) < at).map((node) => `the node "${node}" is named twice`)

/** What all steps introduce, at whatever time. */
class Introduced {
  readonly nodes = new Set<string>()
  readonly links = new Set<string>()
  readonly metaInstances = new Set<string>()
  readonly instances = new Set<string>()
  readonly tasks = new Set<string>()

  constructor(
    steps: readonly Step[],
    readonly models: ReadonlySet<string>,
    readonly replicas: ReadonlySet<string> | undefined,
  ) {
    for (const step of steps) this.add(step)
  }

  private add(step: Step): void {
    switch (step.do) {
      case 'addNode':
        this.nodes.add(step.node)
        break
      case 'connect':
        this.links.add(`${step.from}>${step.to}@${step.ip}`)
        if (step.reverseIp !== undefined) this.links.add(`${step.to}>${step.from}@${step.reverseIp}`)
        break
      case 'connectRdma':
        this.links.add(`${step.from}>${step.to}#${step.fromInterface}`)
        this.links.add(`${step.to}>${step.from}#${step.toInterface}`)
        break
      case 'createMetaInstance':
        this.metaInstances.add(step.id)
        break
      case 'placeInstance':
        this.instances.add(step.id)
        break
      case 'startTask':
        this.tasks.add(step.id)
        break
      default:
    }
  }

  private owner(step: { metaInstance?: string | undefined; instance?: string | undefined }): string[] {
    const { metaInstance, instance } = step
    if ((metaInstance === undefined) === (instance === undefined))
      return ['it takes either a "metaInstance" or an "instance"']
    if (metaInstance !== undefined && !this.metaInstances.has(metaInstance))
      return [`no step creates the meta-instance "${metaInstance}"`]
    return instance !== undefined && !this.instances.has(instance) ? [`no step places the instance "${instance}"`] : []
  }

  private node(...nodes: string[]): string[] {
    return nodes.filter((node) => !this.nodes.has(node)).map((node) => `no step adds the node "${node}"`)
  }

  private task(id: string): string[] {
    return this.tasks.has(id) ? [] : [`no step starts the task "${id}"`]
  }

  private link(key: string, text: string): string[] {
    return this.links.has(key) ? [] : [`no step makes the link ${text}`]
  }

  /** Replicas that no step adds. */
  idle(): string[] {
    return [...(this.replicas ?? [])].filter((node) => !this.nodes.has(node))
  }

  /** For steps that need several deciding nodes. */
  private several(...nodes: string[]): string[] {
    if (!this.replicas) return ['it needs "replicas": a single master cannot be separated, crashed or delayed']
    return this.node(...nodes)
  }

  private via(step: Step): string[] {
    if (!('via' in step) || step.via === undefined) return []
    return this.replicas ? this.node(step.via) : ['"via" needs "replicas": with one master all commands go to it']
  }

  /**
   * References of a step to anything that no step introduces. Commands are not checked: the simulation refuses them
   * when they run.
   */
  missing(step: Step): string[] {
    return [...this.via(step), ...this.unknown(step)]
  }

  private unknown(step: Step): string[] {
    switch (step.do) {
      case 'connect':
      case 'connectRdma':
        return step.from === step.to ? ['a node has no link to itself'] : this.node(step.from, step.to)
      case 'disconnect': {
        const { from, to, ip } = step
        const unknown = this.node(from, to)
        return unknown.length > 0 ? unknown : this.link(`${from}>${to}@${ip}`, `from "${from}" to "${to}" at ${ip}`)
      }
      case 'disconnectRdma': {
        const { from, to, fromInterface } = step
        const unknown = this.node(from, to)
        const text = `from "${from}" (${fromInterface}) to "${to}"`
        return unknown.length > 0 ? unknown : this.link(`${from}>${to}#${fromInterface}`, text)
      }
      case 'failRunner':
      case 'shutdownRunner':
      case 'runner':
        return [...this.owner(step), ...this.node(step.node)]
      case 'startTask':
        return this.owner(step)
      case 'completeTask':
      case 'cancelTask':
        return this.task(step.id)
      case 'silence':
      case 'resume':
      case 'removeNode':
      case 'setMemory':
      case 'setFiles':
      case 'renameMember':
      case 'drainMember':
        return this.node(step.node)
      case 'modelCard':
        return this.models.has(step.modelId) ? [] : [`"models" does not describe "${step.modelId}"`]
      case 'partition':
        return [...this.several(...step.groups.flat()), ...duplicates(step.groups.flat())]
      case 'cut':
      case 'mend':
        return [...this.several(...step.between), ...duplicates(step.between)]
      case 'crashNode':
      case 'restartNode':
      case 'backUp':
      case 'restore':
      case 'sleep':
      case 'wake':
      case 'removeMember':
      case 'admitMember':
      case 'setClock':
      case 'disk':
        return this.several(step.node)
      case 'heal':
      case 'network':
        return this.several()
      case 'addNode':
        return this.replicas?.has(step.node) === false ? [`"replicas" does not name the node "${step.node}"`] : []
      case 'createMetaInstance':
      case 'updateMetaInstance':
      case 'deleteMetaInstance':
      case 'restartMetaInstance':
      case 'wakeMetaInstance':
      case 'setWallClock':
      case 'changeSetting':
      case 'createApiKey':
      case 'updateApiKey':
      case 'revokeApiKey':
      case 'placeInstance':
      case 'deleteInstance':
      case 'crashMaster':
        return []
    }
  }
}

/** Checks a whole scenario before it runs. Each problem names its step. */
export const checkScenario = (raw: unknown): CheckedScenario => {
  const outline = z.looseObject({ steps: z.array(z.unknown()).optional() }).safeParse(raw)
  if (!outline.success) return { status: 'unsound', problems: issuesOf(outline.error) }
  const { steps: rawSteps = [], ...rest } = outline.data
  const settings = ScenarioSettings.safeParse(rest)
  const problems = settings.success ? [] : issuesOf(settings.error)

  const steps: Step[] = []
  for (const [position, rawStep] of rawSteps.entries()) {
    const step = Step.safeParse(rawStep)
    if (step.success) {
      steps.push(step.data)
      continue
    }
    const name = z.object({ do: z.string() }).safeParse(rawStep).data?.do
    const known = name === undefined || stepNames.some((candidate) => candidate === name)
    const causes = known ? issuesOf(step.error) : [`there is no step "${name}"; there are: ${stepNames.join(', ')}`]
    for (const cause of causes) problems.push(`${stepLabel(position, rawStep)}: ${cause}`)
  }
  if (!settings.success || problems.length > 0) return { status: 'unsound', problems }

  const { until, replicas } = settings.data
  const models = new Set(Object.keys(settings.data.models))
  const introduced = new Introduced(steps, models, replicas && new Set(replicas))
  for (const node of introduced.idle()) problems.push(`replicas: no step adds the node "${node}"`)
  for (const [position, step] of steps.entries()) {
    for (const cause of introduced.missing(step)) problems.push(`${stepLabel(position, step)}: ${cause}`)
    if (until !== undefined && step.at > until)
      problems.push(`${stepLabel(position, step)}: it would happen at ${step.at}, after the end ("until": ${until})`)
  }
  if (problems.length > 0) return { status: 'unsound', problems }
  return { status: 'sound', scenario: Scenario.parse({ ...settings.data, steps: rawSteps }) }
}
