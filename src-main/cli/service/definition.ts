/** What the system's service manager is to keep running. */
export interface ServiceDefinition {
  /** Absolute: the manager has no PATH to look in. */
  readonly program: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Whose process it is; absent where the manager is this user's own. */
  readonly user?: string
}

/** One step of installing: a command of the system, and whether it may fail without harm. */
export interface ServiceCommand {
  readonly program: string
  readonly args: readonly string[]
  readonly optional?: boolean
  /** What to do where it fails, for people. */
  readonly hint?: string
}

/** How one system keeps a service: its file, and the commands that make it so. */
export interface ServiceManager {
  /** Of the file that defines it. */
  readonly path: string
  readonly text: (definition: ServiceDefinition) => string
  readonly install: readonly ServiceCommand[]
  readonly uninstall: readonly ServiceCommand[]
  /** Ends with 0 where it runs. */
  readonly status: ServiceCommand
  /** Has the node end and begin anew, with its models left in memory. */
  readonly restart: ServiceCommand
  /** When it runs, for people. */
  readonly when: string
  readonly logs: string
}
