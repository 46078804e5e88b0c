import type { z } from 'zod'
import { Scenario, type Step } from './scenario'

/** What is wrong with a scenario, for people: `step 3 (failRunner): no step adds the node "c"`. */
export type Checked =
  { readonly status: 'sound'; readonly scenario: Scenario } | { readonly status: 'wrong'; readonly problem: string }

const wrong = (problem: string): Checked => ({ status: 'wrong', problem })

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** Steps are counted from 1, as people count. */
const stepName = (input: unknown, index: number): string => {
  const steps = isObject(input) && Array.isArray(input['steps']) ? (input['steps'] as unknown[]) : []
  const step = steps[index]
  const kind = isObject(step) && typeof step['do'] === 'string' ? ` (${step['do']})` : ''
  return `step ${index + 1}${kind}`
}

const sentence = (issue: z.core.$ZodIssue): string => {
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => `"${key}"`).join(', ')
    return `unknown field${issue.keys.length === 1 ? '' : 's'} ${names}`
  }
  return issue.message
}

const explain = (input: unknown, issue: z.core.$ZodIssue): string => {
  const [first, index, ...rest] = issue.path
  if (first !== 'steps' || typeof index !== 'number')
    return [issue.path.join('.'), sentence(issue)].filter(Boolean).join(': ')
  const name = stepName(input, index)
  if (rest[0] === 'do' && issue.code === 'invalid_union') return `${name}: there is no such step`
  return [name, rest.join('.'), sentence(issue)].filter(Boolean).join(': ')
}

/** Everything that any step brings into the world. */
const introduced = (steps: readonly Step[]) => {
  const known = {
    nodes: new Set<string>(),
    links: new Set<string>(),
    rdma: new Set<string>(),
    declared: new Set<string>(),
    placed: new Set<string>(),
    tasks: new Set<string>(),
  }
  for (const step of steps) {
    switch (step.do) {
      case 'addNode':
        known.nodes.add(step.node)
        break
      case 'connect':
        known.links.add(`${step.from}>${step.to}@${step.ip}`)
        if (step.reverseIp !== undefined) known.links.add(`${step.to}>${step.from}@${step.reverseIp}`)
        break
      case 'connectRdma':
        known.rdma.add(`${step.from}>${step.to}#${step.fromInterface}`)
        known.rdma.add(`${step.to}>${step.from}#${step.toInterface}`)
        break
      case 'createMetaInstance':
        known.declared.add(step.id)
        break
      case 'placeInstance':
        known.placed.add(step.id)
        break
      case 'startTask':
        known.tasks.add(step.id)
        break
      default:
    }
  }
  return known
}

/** What a step about the simulated world names that no step introduces; undefined where all is known. */
const unknownName = (
  step: Step,
  known: ReturnType<typeof introduced>,
  models: ReadonlySet<string>,
): string | undefined => {
  const node = (name: string) => (known.nodes.has(name) ? undefined : `no step adds the node "${name}"`)
  const aim = ({ metaInstance, instance }: { metaInstance?: string | undefined; instance?: string | undefined }) => {
    if ((metaInstance === undefined) === (instance === undefined)) return 'name one of metaInstance and instance'
    if (metaInstance !== undefined)
      return known.declared.has(metaInstance) ? undefined : `no step creates the meta-instance "${metaInstance}"`
    return instance !== undefined && !known.placed.has(instance)
      ? `no step places the instance "${instance}"`
      : undefined
  }
  switch (step.do) {
    case 'removeNode':
    case 'silence':
    case 'resume':
    case 'setMemory':
      return node(step.node)
    case 'connect':
    case 'connectRdma':
      return node(step.from) ?? node(step.to)
    case 'disconnect':
      return known.links.has(`${step.from}>${step.to}@${step.ip}`)
        ? undefined
        : `no step connects "${step.from}" to "${step.to}" at ${step.ip}`
    case 'disconnectRdma':
      return known.rdma.has(`${step.from}>${step.to}#${step.fromInterface}`)
        ? undefined
        : `no step connects ${step.fromInterface} of "${step.from}" to "${step.to}"`
    case 'failRunner':
    case 'shutdownRunner':
    case 'runner':
      return aim(step) ?? node(step.node)
    case 'startTask':
      return aim(step)
    case 'completeTask':
    case 'cancelTask':
      return known.tasks.has(step.id) ? undefined : `no step starts the task "${step.id}"`
    case 'modelCard':
      return models.has(step.modelId) ? undefined : `nothing is said of the model "${step.modelId}"`
    case 'addNode':
    case 'createMetaInstance':
    case 'updateMetaInstance':
    case 'restartMetaInstance':
    case 'deleteMetaInstance':
    case 'placeInstance':
    case 'deleteInstance':
    case 'crashMaster':
      return undefined
  }
}

/** Checks a whole scenario before its first event. */
export const checkScenario = (input: unknown): Checked => {
  const parsed = Scenario.safeParse(input)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return wrong(issue ? explain(input, issue) : 'this is no scenario')
  }
  const scenario = parsed.data
  const known = introduced(scenario.steps)
  const models = new Set([
    ...Object.keys(scenario.models),
    ...scenario.steps.flatMap((step) => ('modelId' in step && step.do !== 'modelCard' ? (step.modelId ?? []) : [])),
  ])
  for (const [index, step] of scenario.steps.entries()) {
    const problem = unknownName(step, known, models)
    if (problem !== undefined) return wrong(`${stepName(input, index)}: ${problem}`)
  }
  return { status: 'sound', scenario }
}
