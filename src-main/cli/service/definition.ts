/** What the system's service manager should run. */
export interface ServiceDefinition {
  /** Absolute, because the manager has no PATH. */
  readonly program: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** User to run as; absent for the user's own service manager. */
  readonly user?: string
}

/** One command of the installation, and whether it may fail. */
export interface ServiceCommand {
  readonly program: string
  readonly args: readonly string[]
  readonly optional?: boolean
  /** What the user can do if it fails. */
  readonly hint?: string
}

/** How a service manager defines and controls a service. */
export interface ServiceManager {
  /** Path of the definition file. */
  readonly path: string
  readonly text: (definition: ServiceDefinition) => string
  readonly install: readonly ServiceCommand[]
  readonly uninstall: readonly ServiceCommand[]
  /** Exits with 0 if the service runs. */
  readonly status: ServiceCommand
  /** Restarts the node and keeps its models in memory. */
  readonly restart: ServiceCommand
  /** When it runs, as text for the user. */
  readonly when: string
  readonly logs: string
}
