/** What people are warned of: the title, the cause, and each step of the way out. */
export const alerts = {
  'jaccl.title': 'The experimental RDMA driver in macOS failed.',
  'jaccl.cause': 'A runner reported: {error}',
  'jaccl.causeOn': 'On {machines}: {error}',
  'jaccl.restart': 'Restart the Macs it runs on. A restart clears most errors of this driver.',
  'jaccl.restartThese': 'Restart {machines}. A restart clears most errors of this driver.',
  'jaccl.ring':
    'If it comes back, use a ring for this model: in its menu choose Change…, then More, Connection, Ring. It is slower between machines, and needs no RDMA.',
  'domains.title': '{name} has lost some of its RDMA resources.',
  'domains.titleNone': '{name} has no RDMA resources left.',
  'domains.killed':
    '{count, plural, one {A runner} other {# runners}} had to be killed while using RDMA on {name}, and macOS keeps what a killed process held until the Mac restarts.',
  'domains.processes': 'Processes killed while using RDMA keep their resources until the Mac restarts.',
  'domains.cause': '{why} When none is left, RDMA fails there.',
  'domains.causeNone': 'Its driver could not allocate another protection domain. {why}',
  'domains.restart': 'Restart {name}. Meanwhile its models are placed elsewhere, if they fit.',
  'loop.title': 'The Thunderbolt bridges of {names} form a loop.',
  'loop.cause':
    'Each bridge forwards what it receives, so traffic circulates in this loop forever and slows down these Macs and their network.',
  'loop.takeOut': 'Take the ports of one of these Macs out of its bridge, or of all of them if RDMA is to be used.',
  'loop.unplug': 'Or unplug one of the cables in the loop.',
  'bridge.title': 'A bridge on {name} holds ports that RDMA needs.',
  'bridge.cause':
    '{ports} {count, plural, one {is} other {are}} in {bridge}. A port in a bridge has no address of its own, and RDMA does not work on it.',
  'bridge.port': 'Thunderbolt {receptacle} ({port})',
  'bridge.terminal': 'On {name}, in Terminal. It lasts until that Mac restarts.',
  'bridge.settings':
    'To keep them out after a restart: System Settings → Network → Thunderbolt Bridge → Make Inactive, or take the ports out of it under … → Manage Virtual Interfaces.',
  'cannotRun.title': '{name} can’t run models.',
  'cannotRun.cause': '{reason}',
  'cannotRun.setUp':
    'Open Muster on {name} and choose Settings → Set up…: the step for the machine installs what is missing and shows the progress.',
  'clocks.differ':
    'The clocks of {one} and {other} differ by {unit, select, s {{amount} s} min {{amount} min} h {{amount} h} other {{amount} days}}.',
  'files.title': 'Not all declaration files on {name} are applied.',
  'files.cause':
    'In {folder}: {faults}. A file with a fault changes nothing, and nothing is removed until all files are correct.',
  'files.more': '{count, plural, one {# more fault} other {# more faults}}',
  'files.correct':
    'Correct the files in {folder} on {name}. They are read again when they change, and this warning goes once all are applied.',
  'files.check': 'To find faults before a commit: {command} with the folder names file, line and column.',
  'unhealthy.title': 'RDMA between {names} does not work.',
  'unhealthy.cause': '{problems}.',
  'unhealthy.problem': '{name}: {problem}',
  'unhealthy.closed': '{name}: {device} can’t be opened',
  'unhealthy.replug': 'Unplug the cable between {names} and plug it in again, at both ends.',
  'unhealthy.restart': 'If that does not help, restart {names}.',
  'pairs.title':
    '{count, plural, one {One pair of Macs lacks} other {# pairs of Macs lack}} the cable that RDMA needs.',
  'pairs.cause': 'RDMA needs a cable between every two Macs. For {model} there is none between {pairs}.',
  'pairs.pair': '{a} and {b}',
  'pairs.join': 'Connect {a} and {b} with a Thunderbolt 5 cable.',
  'pairs.fewer': 'Or let the model use fewer machines, or a ring: in its menu choose Change….',
  'thunderbolt5.title': 'RDMA needs Thunderbolt 5, which {name} does not have.',
  'thunderbolt5.cause':
    'A model is to use RDMA on {name} ({chip}). Its ports give 40 Gb/s at most, even where macOS says that RDMA is enabled.',
  'thunderbolt5.notAMac': 'A model is to use RDMA on {name}, which is not a Mac.',
  'thunderbolt5.others': 'Choose other machines for the model: those with Thunderbolt 5.',
  'thunderbolt5.ring':
    'Or split the model over a ring, which works over any network: in its menu choose Change…, then More, Connection, Ring.',
  'thunderbolt5.titleOpen': 'RDMA needs Thunderbolt 5: {name} can’t be placed.',
  'thunderbolt5.none': 'It asks for RDMA between at least {count} machines with Thunderbolt 5; none here has it.',
  'thunderbolt5.only':
    'It asks for RDMA between at least {count} machines with Thunderbolt 5; here only {names} has it.',
  'thunderbolt5.add': 'Add Macs with Thunderbolt 5 to this cluster, and connect them with Thunderbolt 5 cables.',
  'rdmaOff.title': 'RDMA is not enabled on {name}.',
  'rdmaOff.cause': 'macOS ships with RDMA over Thunderbolt switched off, and it can be switched on only in Recovery.',
  'rdmaOff.shutDown':
    'Shut that Mac down. Start it again and keep the power button pressed until “Loading startup options” shows (a MacBook: the Touch ID button).',
  'rdmaOff.recovery': 'Choose Options → Continue, then Utilities → Terminal in the menu bar.',
  'rdmaOff.enable': 'There, in Recovery (it cannot be done from macOS itself):',
  'rdmaOff.restart': 'Restart from the Apple menu.',
  'rdmaOff.check': 'To check, in Terminal: it should say “enabled”.',
  'noRdma.title': 'The macOS on {name} has no RDMA.',
  'noRdma.cause': 'RDMA over Thunderbolt comes with macOS {oldest}; {name} has {os}.',
  'noRdma.causeNoTool': 'RDMA over Thunderbolt comes with macOS {oldest}; {name} has {os}, and rdma_ctl is not there.',
  'noRdma.update': 'Update macOS on {name}: System Settings → General → Software Update.',
  'noRdma.then': 'Then enable RDMA in Recovery; Muster shows how.',
  'macos.title': 'macOS differs between Macs that use RDMA together.',
  'macos.cause': '{versions}. RDMA between different versions of its driver fails or hangs.',
  'macos.has': '{name} has {version}',
  'macos.update':
    'Bring {names} to the same version of macOS: System Settings → General → Software Update. The build in brackets counts too.',
  'macos.see': 'To see what a Mac has, in Terminal:',
  'versions.title': 'Muster is older on {names} than on other machines.',
  'versions.cause':
    '{versions}; the newest here is {newest}. Machines of different versions work together, but new features wait for the oldest.',
  'versions.has': '{name} has {version}',
  'versions.app': 'In the app on {names}: Settings → Updates. Loaded models stay in memory.',
  'versions.terminal': 'Where Muster was installed with npm or Homebrew, in a terminal on {names}:',
  'noAddress.title': 'A Thunderbolt port on {name} has no IP address.',
  'noAddress.cause':
    'RDMA needs an IPv4 address on Thunderbolt {receptacle} ({port}), though it does not use it to send.',
  'noAddress.settings':
    'On {name}: System Settings → Network → … → Add Service, interface Thunderbolt {receptacle}, with DHCP. macOS then gives the port an address.',
  'noAddress.terminal': 'Or, until that Mac restarts, in Terminal there:',
  'studio.title': 'The port next to Ethernet on {name} does not do RDMA.',
  'studio.cause':
    'The cable to {other} is in Thunderbolt {receptacle} ({port}). On a Mac Studio this port works for the network, but not for RDMA.',
  'studio.move': 'On {name}, move that cable to another Thunderbolt port on the back.',
  'slow.title':
    'The {count, plural, one {cable} other {cables}} between {names} only {count, plural, one {gives} other {give}} Thunderbolt 4 speed.',
  'slow.cause':
    'Both Macs have Thunderbolt 5 ({best} Gb/s), but the link runs at {gbps} Gb/s. RDMA needs Thunderbolt 5.',
  'slow.causeDock':
    'Both Macs have Thunderbolt 5 ({best} Gb/s), but the link runs at {gbps} Gb/s, through a dock. RDMA needs Thunderbolt 5.',
  'slow.direct': 'Connect {names} directly, without the dock, with a Thunderbolt 5 cable.',
  'slow.cable': 'Use a Thunderbolt 5 cable between {names}: its plugs are marked with a lightning bolt and a 5.',
  'slow.replug':
    'If it is one, unplug it and plug it in again at both ends. In Terminal, “Speed” should then say {best} Gb/s:',
} as const
