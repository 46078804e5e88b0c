import { join } from 'node:path'
import type { ServiceDefinition, ServiceManager } from './definition'

const LABEL = 'ai.muster.node'

const xml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const string = (text: string): string => `<string>${xml(text)}</string>`

export const plistText = ({ program, args, env, user }: ServiceDefinition, log: string): string =>
  [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    '<dict>',
    `  <key>Label</key>${string(LABEL)}`,
    '  <key>ProgramArguments</key>',
    '  <array>',
    ...[program, ...args].map((arg) => `    ${string(arg)}`),
    '  </array>',
    '  <key>EnvironmentVariables</key>',
    '  <dict>',
    ...Object.entries(env).map(([name, value]) => `    <key>${xml(name)}</key>${string(value)}`),
    '  </dict>',
    ...(user === undefined ? [] : [`  <key>UserName</key>${string(user)}`]),
    '  <key>RunAtLoad</key><true/>',
    '  <key>KeepAlive</key><true/>',
    // macOS throttles background processes; this one serves interactive requests.
    '  <key>ProcessType</key><string>Interactive</string>',
    // Otherwise launchd kills the runners left for the next node; all other runners end with their node.
    '  <key>AbandonProcessGroup</key><true/>',
    '  <key>ExitTimeOut</key><integer>30</integer>',
    `  <key>StandardErrorPath</key>${string(log)}`,
    '</dict>',
    '</plist>',
    '',
  ].join('\n')

export interface LaunchdOptions {
  readonly system: boolean
  readonly home: string
  readonly userId: number
}

export const launchd = ({ system, home, userId }: LaunchdOptions): ServiceManager => {
  const domain = system ? 'system' : `gui/${userId}`
  const path = join(system ? '/Library/LaunchDaemons' : join(home, 'Library', 'LaunchAgents'), `${LABEL}.plist`)
  const log = system ? '/Library/Logs/muster-service.log' : join(home, 'Library', 'Logs', 'muster-service.log')
  const hint = system
    ? 'A system service needs root: run it with sudo.'
    : 'Run it while this user is logged in at the Mac.'
  const bootout = { program: '/bin/launchctl', args: ['bootout', `${domain}/${LABEL}`], optional: true }
  return {
    path,
    text: (definition) => plistText(definition, log),
    install: [bootout, { program: '/bin/launchctl', args: ['bootstrap', domain, path], hint }],
    uninstall: [bootout],
    status: { program: '/bin/launchctl', args: ['print', `${domain}/${LABEL}`] },
    restart: { program: '/bin/launchctl', args: ['kill', 'SIGUSR2', `${domain}/${LABEL}`], hint },
    when: system ? 'from the start of this Mac, without a login' : 'from this user’s login on',
    logs: `tail -f '${log}'`,
  }
}
