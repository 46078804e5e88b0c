import type { Translation } from '../texts'

export const failures: Translation<'failures'> = {
  on: '{name}: {cause}',
  several: '{causes}',
  unknown: 'der Prozess des Modells ist gescheitert',
  left: '{name} hat den Cluster verlassen',
  connectionLost: 'Netzwerkverbindung verloren',
  modelFile: 'eine Datei des Modells fehlt oder ist beschädigt',
  unsupported: 'diese Version kann ein solches Modell nicht ausführen',
  modelGone: '{model} liegt nicht mehr auf diesem Rechner',
  silent: 'seit 5 s keine Antwort von {name}',
  stopped: 'beendet, weil {name} gescheitert ist',
  outOfMemory: 'zu wenig Arbeitsspeicher',
  outOfMemoryBuffer: 'zu wenig Arbeitsspeicher: ein Puffer ist größer, als diese GPU erlaubt',
  outOfMemoryGpu: 'zu wenig Arbeitsspeicher auf der GPU',
  outOfMemoryKilled: 'zu wenig Arbeitsspeicher: vom System beendet (SIGKILL)',
  outOfMemoryEnded: 'zu wenig Arbeitsspeicher: vom System beendet',
  nvidiaDriver: 'der NVIDIA-Treiber ist zu alt für das installierte MLX: auf 580 oder neuer aktualisieren',
  noNvidia:
    'hier ist keine NVIDIA-GPU verwendbar: nachsehen, ob nvidia-smi eine nennt und ob der Container eine bekommen hat',
  oldGpu: 'diese GPU ist zu alt für das installierte MLX, das Compute Capability 7.5 braucht',
  gpuHardware: 'die Hardware der GPU meldet einen Fehler: siehe `nvidia-smi -q` und das Protokoll des Kernels',
  gpuScreen: 'die GPU brauchte zu lange und wurde vom Treiber angehalten: an ihr hängt auch ein Bildschirm',
  gpuCrash: 'eine Berechnung auf der GPU ist abgestürzt (CUDA)',
  gpuKernel:
    'ein Kernel für die GPU ließ sich nicht übersetzen: die Python-Umgebung ist unvollständig; die Einrichtung noch einmal ausführen',
  metalTimeout: 'die GPU brauchte zu lange und wurde von macOS angehalten (Metal)',
  metalScreen: 'macOS hat die Arbeit der GPU angehalten, damit der Bildschirm flüssig bleibt',
  metalBuffers: 'Metal sind die Ressourcen ausgegangen: zu viele Puffer',
  oldMacos: 'dieses macOS ist zu alt für das installierte MLX',
  noMetal: 'hier ist keine GPU verwendbar: MLX braucht einen Mac, an dem jemand angemeldet ist',
  ringUnreachable: 'ein anderer Rechner war nicht erreichbar (Ring)',
  ringLost: 'die Verbindung zu einem anderen Rechner ging verloren (Ring)',
  rdmaOff:
    'RDMA ist auf diesem Mac nicht eingeschaltet: mit `rdma_ctl enable` in der macOS-Wiederherstellung einschalten',
  rdmaNoDevice: 'das RDMA-Gerät dieses Thunderbolt-Ports ist nicht da: das Kabel prüfen',
  rdmaNoAddress:
    'RDMA braucht eine IPv4-Adresse am Thunderbolt-Port und den Port in keiner Bridge: siehe Systemeinstellungen → Netzwerk',
  rdmaExhausted: 'RDMA sind Ressourcen ausgegangen, die nur ein Neustart dieses Mac zurückbringt',
  rdmaUnreachable: 'ein anderer Rechner war nicht erreichbar (RDMA)',
  rdmaLost: 'die RDMA-Verbindung zu einem anderen Rechner ging verloren',
  rdmaFailed: 'die RDMA-Verbindung ist gescheitert: {error}',
  rdmaLeak: 'beendet, während RDMA in Gebrauch war: davon bleibt bis zum Neustart dieses Mac etwas belegt',
  pythonIncomplete: 'die Python-Umgebung ist unvollständig; die Einrichtung noch einmal ausführen',
  diskFull: 'der Datenträger ist voll',
  killed: 'von außen beendet (SIGKILL: durch jemanden, oder durch das System bei zu wenig Arbeitsspeicher)',
  badInstruction: 'abgebrochen (SIGILL): diesem Prozessor fehlt ein Befehl, den MLX verwendet',
  endedSilently: 'ohne ein Wort beendet',
  endedItself: 'von selbst beendet',
  endedCode: 'mit Code {code} beendet',
  endedSignal: 'durch {signal} beendet',
  'todo.memory':
    'Mehr Rechner oder einen kürzeren Kontext geben, eine kleinere Quantisierung nehmen oder ein anderes Modell anhalten.',
  'todo.files': 'Das Modell auf diesem Rechner löschen und neu herunterladen.',
  'todo.unsupported': 'Eine andere Fassung des Modells nehmen: eine für MLX, von einer unterstützten Architektur.',
  'todo.machine':
    'Diesen Rechner aufwecken oder Muster dort starten. Bis dahin läuft das Modell woanders, wo es hineinpasst.',
  'todo.connection':
    'Kabel oder Netzwerk zwischen den Rechnern prüfen: Einstellungen → Rechner → Verbindungen prüfen sagt, was fehlt.',
  'todo.again':
    'Es wird von selbst neu geladen. Kommt das wieder vor, steht mehr in seiner Konsole: Aktivität → Konsolen.',
  'todo.python':
    'Auf diesem Rechner Einstellungen → Einrichten… wählen: der Schritt für den Rechner installiert, was fehlt.',
  'todo.disk': 'Auf diesem Rechner Platz schaffen.',
  'todo.download': 'Das Modell neu herunterladen oder auf Rechnern laufen lassen, die es haben.',
  'todo.gpu': 'Diesen Rechner neu starten. Kommt das wieder vor, das Modell auf anderen laufen lassen.',
}
