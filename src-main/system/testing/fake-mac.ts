import type { CommandResult, Execute } from '../command'
import { parseThunderboltInterfaces } from '../macos/hardware-ports'
import { recorded } from './recordings'

/** Which recording each program of a fake Mac plays; a program without one is missing. */
export interface Recordings {
  thunderbolt: string
  hardware: string
  hardwarePorts: string
  ifconfig: string
  rdmaStatus: string
  ibvDevices: string
  ibvDevinfo: string
  swVers: string
  sysctl: string
}

type Report = { SPThunderboltDataType: Bus[] }
interface Bus {
  _items?: object[]
  device_name_key: string
  domain_uuid_key: string
  receptacle_1_tag: { current_speed_key: string; receptacle_id_key: string; receptacle_status_key: string }
}

const exited = (stdout: string, stderr = ''): CommandResult => ({ ended: 'exited', stdout, stderr })

/** Replaces one interface's block of `ifconfig`, or one device's of `ibv_devinfo`. */
const inBlock = (text: string, head: RegExp, change: (block: string) => string): string =>
  text
    .split(/^(?=\S)/m)
    .map((block) => (head.test(block) ? change(block) : block))
    .join('')

/**
 * A simulated Mac: its programs play recordings, given by file name. Plugging in cables changes the recordings as on
 * real Macs.
 */
export class FakeMac {
  readonly asked: string[] = []
  /** Programs, with their arguments, that never answer. */
  readonly hanging = new Set<string>()
  private readonly texts: Partial<Recordings>

  constructor(names: Partial<Recordings>) {
    this.texts = Object.fromEntries(Object.entries(names).map(([key, name]) => [key, recorded(name)]))
  }

  readonly execute: Execute = (path, args) => {
    const command = [path.split('/').at(-1), ...args].join(' ')
    this.asked.push(command)
    if (this.hanging.has(command)) return Promise.resolve({ ended: 'time_limit', gone: new Promise(() => undefined) })
    return Promise.resolve(this.answer(command))
  }

  /** Replaces the recording of a program. */
  plays(key: keyof Recordings, name: string): void {
    this.texts[key] = recorded(name)
  }

  /** Gives this Mac its own Thunderbolt domains, which are unique. */
  isAnother(): void {
    this.texts.thunderbolt = (this.texts.thunderbolt ?? '').replace(
      /"([0-9A-F]{7})[0-9A-F](-[0-9A-F-]{27})"/g,
      '"$1X$2"',
    )
  }

  private answer(command: string): CommandResult {
    const { texts } = this
    const play = (text: string | undefined): CommandResult => (text === undefined ? { ended: 'missing' } : exited(text))
    if (command.startsWith('system_profiler SPThunderbolt')) return play(texts.thunderbolt)
    if (command.startsWith('system_profiler SPHardware')) return play(texts.hardware)
    if (command.startsWith('ibv_devinfo -d ')) return this.devinfo(command.split(' ')[2] ?? '')
    if (command.startsWith('sysctl ')) return play(texts.sysctl)
    const plain = {
      'networksetup -listallhardwareports': texts.hardwarePorts,
      ifconfig: texts.ifconfig,
      'rdma_ctl status': texts.rdmaStatus,
      ibv_devices: texts.ibvDevices,
      sw_vers: texts.swVers,
    }
    return play(plain[command as keyof typeof plain])
  }

  /** Recordings cover all devices; this is one device's block. */
  private devinfo(device: string): CommandResult {
    const { ibvDevinfo } = this.texts
    if (ibvDevinfo === undefined) return { ended: 'missing' }
    const block = ibvDevinfo.split(/^(?=hca_id:)/m).find((one) => one.startsWith(`hca_id:\t${device}\n`))
    return block === undefined ? exited('', `IB device '${device}' wasn't found\n`) : exited(block)
  }

  /** The Thunderbolt bus of a port. */
  private bus(report: Report, receptacle: number): Bus {
    const bus = report.SPThunderboltDataType.find(
      ({ receptacle_1_tag: tag }) => tag.receptacle_id_key === String(receptacle),
    )
    if (!bus) throw new Error(`there is no port ${receptacle}`)
    return bus
  }

  private changeBus(receptacle: number, change: (bus: Bus) => void): void {
    const report = JSON.parse(this.texts.thunderbolt ?? '') as Report
    change(this.bus(report, receptacle))
    this.texts.thunderbolt = JSON.stringify(report)
  }

  private uuid(receptacle: number): string {
    return this.bus(JSON.parse(this.texts.thunderbolt ?? '') as Report, receptacle).domain_uuid_key
  }

  /** Sets the state of a port's interface and device. */
  private interfaceOf(receptacle: number, { up }: { readonly up: boolean }): void {
    const name = parseThunderboltInterfaces(this.texts.hardwarePorts ?? '').get(receptacle) ?? ''
    const address = `\tinet 169.254.${receptacle}.${name.charCodeAt(2)} netmask 0xffff0000 broadcast 169.254.255.255\n`
    this.texts.ifconfig = inBlock(this.texts.ifconfig ?? '', new RegExp(`^${name}: `), (block) => {
      const without = block.replace(/^\tinet .*\n/m, '').replace(/status: \w+/, `status: ${up ? 'active' : 'inactive'}`)
      return up ? without.replace(/^\tmedia/m, `${address}\tmedia`) : without
    })
    this.texts.ibvDevinfo = inBlock(this.texts.ibvDevinfo ?? '', new RegExp(`^hca_id:\\s*rdma_${name}\\s`), (block) =>
      block.replace(/PORT_\w+ \(\d\)/, up ? 'PORT_ACTIVE (4)' : 'PORT_DOWN (1)'),
    )
  }

  private connect(receptacle: number, there: { uuid: string; model: string }, speed: string): void {
    this.changeBus(receptacle, (bus) => {
      bus._items = [
        { _name: 'Mac', device_name_key: there.model, domain_uuid_key: there.uuid, vendor_id_key: '0x0A27' },
      ]
      Object.assign(bus.receptacle_1_tag, { current_speed_key: speed, receptacle_status_key: 'receptacle_connected' })
    })
    this.interfaceOf(receptacle, { up: true })
  }

  /** Unplugs whatever is in a port. */
  unplug(receptacle: number): void {
    this.changeBus(receptacle, (bus) => {
      delete bus._items
      Object.assign(bus.receptacle_1_tag, {
        current_speed_key: 'Up to 120 Gb/s',
        receptacle_status_key: 'receptacle_no_devices_connected',
      })
    })
    this.interfaceOf(receptacle, { up: false })
  }

  /** Plugs a cable from one Mac's port into another's. */
  static plug(
    [a, from]: readonly [FakeMac, number],
    [b, to]: readonly [FakeMac, number],
    { speed = '80 Gb/s' }: { readonly speed?: string } = {},
  ): void {
    const [here, there] = [a.uuid(from), b.uuid(to)]
    a.connect(from, { uuid: there, model: 'Mac' }, speed)
    b.connect(to, { uuid: here, model: 'Mac' }, speed)
  }
}

/** A MacBook Pro M5 Max; its port 1 leads to `studio`'s port 2. */
export const laptop = (): FakeMac =>
  new FakeMac({
    thunderbolt: 'thunderbolt_mbp_m5max_peer_studio.json',
    hardware: 'hardware_mbp_m5max.json',
    hardwarePorts: 'hardwareports_mbp_m5max.txt',
    ifconfig: 'ifconfig_mbp_m5max_en1_active_no_bridge.txt',
    rdmaStatus: 'rdma_status_enabled.txt',
    ibvDevices: 'ibv_devices_mbp_m5max.txt',
    ibvDevinfo: 'ibv_devinfo_mbp_m5max_one_active.txt',
    swVers: 'sw_vers_26_5_1.txt',
    sysctl: 'sysctl_mbp_m5max_limit_set.txt',
  })

/** A Mac Studio M3 Ultra; its port 2 leads to `laptop`'s port 1. */
export const studio = (): FakeMac =>
  new FakeMac({
    thunderbolt: 'thunderbolt_mac_studio_m3ultra_peer_and_drive.json',
    hardware: 'hardware_studio_m3ultra.json',
    hardwarePorts: 'hardwareports_studio_m3ultra_no_bridge.txt',
    ifconfig: 'ifconfig_studio_m3ultra_no_bridge.txt',
    rdmaStatus: 'rdma_status_enabled.txt',
    ibvDevices: 'ibv_devices_studio_m3ultra.txt',
    ibvDevinfo: 'ibv_devinfo_studio_m3ultra_en3_en4_active.txt',
    swVers: 'sw_vers_26_5_1.txt',
    sysctl: 'sysctl_studio_m3ultra.txt',
  })

/** Another MacBook Pro, with nothing plugged in. */
export const idleLaptop = (): FakeMac =>
  new FakeMac({
    thunderbolt: 'thunderbolt_tb5_mbp_idle.json',
    hardware: 'hardware_mbp_m5max.json',
    hardwarePorts: 'hardwareports_mbp_m5max.txt',
    ifconfig: 'ifconfig_mbp_m5max_en1_active_no_bridge.txt',
    rdmaStatus: 'rdma_status_enabled.txt',
    ibvDevices: 'ibv_devices_mbp_m5max.txt',
    ibvDevinfo: 'ibv_devinfo_mbp_m5max_all_down.txt',
    swVers: 'sw_vers_26_5_1.txt',
    sysctl: 'sysctl_mbp_m5max_limit_set.txt',
  })
