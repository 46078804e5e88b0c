import type { Translation } from '../texts'

export const alerts: Translation<'alerts'> = {
  'jaccl.title': 'Der experimentelle RDMA-Treiber von macOS hat versagt.',
  'jaccl.cause': 'Meldung eines Modells: {error}',
  'jaccl.causeOn': 'Auf {machines}: {error}',
  'jaccl.restart': 'Die beteiligten Macs neu starten. Die meisten Fehler dieses Treibers sind danach weg.',
  'jaccl.restartThese': '{machines} neu starten. Die meisten Fehler dieses Treibers sind danach weg.',
  'jaccl.ring':
    'Kommt es wieder vor, für dieses Modell einen Ring verwenden: in seinem Menü Ändern… wählen, dann Mehr, Verbindung, Ring. Er ist zwischen Rechnern langsamer und braucht kein RDMA.',
  'domains.title': '{name} hat einen Teil seiner RDMA-Ressourcen verloren.',
  'domains.titleNone': '{name} hat keine RDMA-Ressourcen mehr.',
  'domains.killed':
    '{count, plural, one {Ein Modellprozess musste} other {# Modellprozesse mussten}} auf {name} mitten in der Arbeit mit RDMA beendet werden, und macOS behält das davon Belegte bis zum Neustart.',
  'domains.processes':
    'Prozesse, die mitten in der Arbeit mit RDMA beendet wurden, behalten ihre bis zum Neustart des Mac.',
  'domains.cause': '{why} Sind keine mehr übrig, versagt RDMA dort.',
  'domains.causeNone': 'Der Treiber konnte keine weitere Protection Domain anlegen. {why}',
  'domains.restart': '{name} neu starten. Seine Modelle laufen inzwischen woanders, wo sie hineinpassen.',
  'loop.title': 'Die Thunderbolt-Bridges von {names} bilden eine Schleife.',
  'loop.cause':
    'Jede Bridge gibt weiter, was sie empfängt, also kreist der Netzwerkverkehr endlos in dieser Schleife. Das bremst diese Macs und ihr Netzwerk.',
  'loop.takeOut':
    'Die Ports eines dieser Macs aus seiner Bridge nehmen, oder die von allen, wenn RDMA verwendet werden soll.',
  'loop.unplug': 'Oder eines der Kabel in der Schleife abziehen.',
  'bridge.title': 'Eine Bridge auf {name} hält Ports fest, die RDMA braucht.',
  'bridge.cause':
    '{ports} {count, plural, one {gehört} other {gehören}} zu {bridge}. Ein Port in einer Bridge hat keine eigene Adresse, und RDMA funktioniert darauf nicht.',
  'bridge.port': 'Thunderbolt {receptacle} ({port})',
  'bridge.terminal': 'Auf {name}, im Terminal. Es gilt bis zum Neustart dieses Mac.',
  'bridge.settings':
    'Damit sie auch nach einem Neustart draußen bleiben: Systemeinstellungen → Netzwerk → Thunderbolt-Bridge → Inaktiv machen, oder die Ports unter … → Virtuelle Schnittstellen verwalten herausnehmen.',
  'cannotRun.title': '{name} kann keine Modelle ausführen.',
  'cannotRun.cause': '{reason}',
  'cannotRun.setUp':
    'Muster auf {name} öffnen und Einstellungen → Einrichten… wählen: der Schritt für den Rechner installiert, was fehlt, und zeigt den Fortschritt.',
  'clocks.differ':
    'Die Uhren von {one} und {other} gehen um {unit, select, s {{amount} s} min {{amount} min} h {{amount} h} other {{amount} Tage}} auseinander.',
  'files.title': 'Nicht alle Deklarationsdateien auf {name} sind angewendet.',
  'files.cause':
    'In {folder}: {faults}. Eine fehlerhafte Datei ändert nichts, und bis alle Dateien richtig sind, wird nichts entfernt.',
  'files.more': '{count, plural, one {# weiterer Fehler} other {# weitere Fehler}}',
  'files.correct':
    'Die Dateien in {folder} auf {name} berichtigen. Sie werden bei jeder Änderung neu gelesen, und diese Warnung verschwindet, sobald alle angewendet sind.',
  'files.check': 'Um Fehler vor einem Commit zu finden: {command} mit dem Ordner nennt Datei, Zeile und Spalte.',
  'unhealthy.title': 'RDMA zwischen {names} funktioniert nicht.',
  'unhealthy.cause': '{problems}.',
  'unhealthy.problem': '{name}: {problem}',
  'unhealthy.closed': '{name}: {device} lässt sich nicht öffnen',
  'unhealthy.replug': 'Das Kabel zwischen {names} an beiden Enden abziehen und wieder einstecken.',
  'unhealthy.restart': 'Hilft das nicht, {names} neu starten.',
  'pairs.title': '{count, plural, one {Einem Paar Macs} other {# Paaren von Macs}} fehlt das Kabel, das RDMA braucht.',
  'pairs.cause': 'RDMA geht von jedem Mac zu jedem anderen. Für {model} fehlt ein Kabel zwischen {pairs}.',
  'pairs.pair': '{a} und {b}',
  'pairs.join': '{a} und {b} mit einem Thunderbolt-5-Kabel verbinden.',
  'pairs.fewer': 'Oder dem Modell weniger Rechner oder einen Ring geben: in seinem Menü Ändern… wählen.',
  'thunderbolt5.title': 'RDMA braucht Thunderbolt 5, das {name} nicht hat.',
  'thunderbolt5.cause':
    'Ein Modell soll RDMA auf {name} ({chip}) verwenden. Dessen Ports schaffen höchstens 40 Gb/s, auch wo macOS sagt, RDMA sei eingeschaltet.',
  'thunderbolt5.notAMac': 'Ein Modell soll RDMA auf {name} verwenden, und das ist kein Mac.',
  'thunderbolt5.others': 'Andere Rechner für das Modell wählen: solche mit Thunderbolt 5.',
  'thunderbolt5.ring':
    'Oder das Modell über einen Ring teilen, der in jedem Netzwerk funktioniert: in seinem Menü Ändern… wählen, dann Mehr, Verbindung, Ring.',
  'thunderbolt5.titleOpen': 'RDMA braucht Thunderbolt 5: {name} lässt sich nicht platzieren.',
  'thunderbolt5.none': 'Verlangt ist RDMA zwischen mindestens {count} Rechnern mit Thunderbolt 5; hier hat es keiner.',
  'thunderbolt5.only':
    'Verlangt ist RDMA zwischen mindestens {count} Rechnern mit Thunderbolt 5; hier hat es nur {names}.',
  'thunderbolt5.add': 'Macs mit Thunderbolt 5 in diesen Cluster aufnehmen und mit Thunderbolt-5-Kabeln verbinden.',
  'rdmaOff.title': 'RDMA ist auf {name} nicht eingeschaltet.',
  'rdmaOff.cause':
    'macOS wird mit ausgeschaltetem RDMA über Thunderbolt geliefert; einschalten lässt es sich nur in der Wiederherstellung.',
  'rdmaOff.shutDown':
    'Diesen Mac ausschalten. Wieder starten und die Ein/Aus-Taste gedrückt halten, bis „Startoptionen werden geladen“ erscheint (MacBook: die Touch-ID-Taste).',
  'rdmaOff.recovery': 'Optionen → Fortfahren wählen, dann in der Menüleiste Dienstprogramme → Terminal.',
  'rdmaOff.enable': 'Dort, in der Wiederherstellung (aus macOS selbst geht es nicht):',
  'rdmaOff.restart': 'Über das Apple-Menü neu starten.',
  'rdmaOff.check': 'Zur Kontrolle im Terminal: dort sollte „enabled“ stehen.',
  'noRdma.title': 'Das macOS auf {name} hat kein RDMA.',
  'noRdma.cause': 'RDMA über Thunderbolt kommt mit macOS {oldest}; {name} hat {os}.',
  'noRdma.causeNoTool': 'RDMA über Thunderbolt kommt mit macOS {oldest}; {name} hat {os}, und rdma_ctl ist nicht da.',
  'noRdma.update': 'macOS auf {name} aktualisieren: Systemeinstellungen → Allgemein → Softwareupdate.',
  'noRdma.then': 'Danach RDMA in der Wiederherstellung einschalten; Muster sagt, wie, sobald es so weit ist.',
  'macos.title': 'Macs, die gemeinsam RDMA verwenden, haben verschiedene macOS-Versionen.',
  'macos.cause': '{versions}. RDMA zwischen verschiedenen Versionen des Treibers scheitert oder hängt.',
  'macos.has': '{name} hat {version}',
  'macos.update':
    '{names} auf dieselbe macOS-Version bringen: Systemeinstellungen → Allgemein → Softwareupdate. Auch der Build in Klammern zählt.',
  'macos.see': 'Welche Version ein Mac hat, zeigt im Terminal:',
  'versions.title': 'Auf {names} ist Muster älter als auf anderen Geräten.',
  'versions.cause':
    '{versions}; die neueste hier ist {newest}. Geräte mit verschiedenen Versionen arbeiten zusammen, aber Neues wartet auf die älteste.',
  'versions.has': '{name} hat {version}',
  'versions.app': 'In der App auf {names}: Einstellungen → Updates. Geladene Modelle bleiben im Speicher.',
  'versions.terminal': 'Wo Muster mit npm oder Homebrew installiert wurde, im Terminal auf {names}:',
  'noAddress.title': 'Ein Thunderbolt-Port auf {name} hat keine IP-Adresse.',
  'noAddress.cause':
    'RDMA braucht eine IPv4-Adresse an Thunderbolt {receptacle} ({port}), obwohl es sie nicht zum Senden verwendet.',
  'noAddress.settings':
    'Auf {name}: Systemeinstellungen → Netzwerk → … → Dienst hinzufügen, Schnittstelle Thunderbolt {receptacle}, mit DHCP. macOS gibt dem Port dann eine Adresse.',
  'noAddress.terminal': 'Oder, bis zum Neustart dieses Mac, dort im Terminal:',
  'studio.title': 'Der Port neben Ethernet an {name} kann kein RDMA.',
  'studio.cause':
    'Das Kabel zu {other} steckt in Thunderbolt {receptacle} ({port}). An einem Mac Studio taugt dieser Port für das Netzwerk, aber nicht für RDMA.',
  'studio.move': 'An {name} dieses Kabel in einen anderen Thunderbolt-Port auf der Rückseite stecken.',
  'slow.title':
    '{count, plural, one {Das Kabel zwischen {names} schafft} other {Die Kabel zwischen {names} schaffen}} nur die Geschwindigkeit von Thunderbolt 4.',
  'slow.cause':
    'Beide Macs haben Thunderbolt 5 ({best} Gb/s), aber die Verbindung läuft mit {gbps} Gb/s. RDMA braucht Thunderbolt 5.',
  'slow.causeDock':
    'Beide Macs haben Thunderbolt 5 ({best} Gb/s), aber die Verbindung läuft über ein Dock mit {gbps} Gb/s. RDMA braucht Thunderbolt 5.',
  'slow.direct': '{names} direkt, ohne Dock, mit einem Thunderbolt-5-Kabel verbinden.',
  'slow.cable': 'Zwischen {names} ein Thunderbolt-5-Kabel verwenden: seine Stecker tragen einen Blitz und eine 5.',
  'slow.replug':
    'Ist es schon eines, an beiden Enden abziehen und wieder einstecken. Im Terminal sollte dann unter „Speed“ {best} Gb/s stehen:',
}
