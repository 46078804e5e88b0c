import { join } from 'node:path'
import type { ServiceCommand, ServiceDefinition, ServiceManager } from './definition'

const UNIT = 'muster.service'

/** Quotes a word: systemd splits at spaces and interprets `%` and `$`. */
const word = (text: string): string => {
  const escaped = text.replaceAll('%', '%%').replaceAll('$', '$$$$').replaceAll('\\', '\\\\').replaceAll('"', '\\"')
  return `"${escaped}"`
}

/** `Environment=` does not interpret `$`. */
const assignment = (name: string, value: string): string =>
  `"${name}=${value.replaceAll('%', '%%').replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`

export const unitText = (
  { program, args, env, user }: ServiceDefinition,
  { system }: { readonly system: boolean },
): string =>
  [
    '[Unit]',
    'Description=Muster: keeps declared language models running',
    'After=network-online.target',
    'Wants=network-online.target',
    // Without a limit of starts: a data folder on a disk that is mounted late may fail more than five times.
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    `ExecStart=${[program, ...args].map(word).join(' ')}`,
    ...Object.entries(env).map(([name, value]) => `Environment=${assignment(name, value)}`),
    ...(user === undefined ? [] : [`User=${user}`]),
    'Restart=always',
    'RestartSec=2',
    // A restart that keeps the models: the node exits and leaves its runners to its successor.
    'ExecReload=/bin/kill -USR2 $MAINPID',
    // Runners end with their node; those left for its successor must not be killed.
    'KillMode=process',
    'TimeoutStopSec=30',
    'LimitNOFILE=65536',
    '',
    '[Install]',
    `WantedBy=${system ? 'multi-user.target' : 'default.target'}`,
    '',
  ].join('\n')

export interface SystemdOptions {
  readonly system: boolean
  readonly home: string
  readonly userName: string
}

export const systemd = ({ system, home, userName }: SystemdOptions): ServiceManager => {
  const scope = system ? [] : ['--user']
  const systemctl = (...args: string[]): ServiceCommand => ({
    program: 'systemctl',
    args: [...scope, ...args],
    hint: system
      ? 'A system service needs root: run it with sudo.'
      : 'Log in as this user on the machine itself, or install it for the system with --system.',
  })
  return {
    path: system ? join('/etc/systemd/system', UNIT) : join(home, '.config', 'systemd', 'user', UNIT),
    text: (definition) => unitText(definition, { system }),
    install: [
      systemctl('daemon-reload'),
      systemctl('enable', UNIT),
      systemctl('restart', UNIT),
      // Otherwise the service would run only while the user is logged in.
      ...(system ? [] : [{ program: 'loginctl', args: ['enable-linger', userName], optional: true }]),
    ],
    uninstall: [{ ...systemctl('disable', '--now', UNIT), optional: true }],
    status: systemctl('is-active', '--quiet', UNIT),
    restart: {
      ...systemctl('reload', UNIT),
      hint: 'The unit of an older Muster does not support this restart: run `muster service install` again, with the same options.',
    },
    when: 'from the start of this machine, without a login',
    logs: `journalctl ${[...scope, '-u', UNIT, '-f'].join(' ')}`,
  }
}
