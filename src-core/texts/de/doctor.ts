import type { Translation } from '../texts'

export const doctor: Translation<'doctor'> = {
  port: 'Port {port}',
  unknownPort: 'Port unbekannt',
  'reach.open': 'Antwortet unter {address}.',
  'reach.refused': 'Lehnt die Verbindung ab: auf diesem Port hört dort nichts. Versucht: {addresses}.',
  'reach.timedOut': 'Keine Antwort: eine Firewall oder ein ausgeschalteter Rechner. Versucht: {addresses}.',
  'reach.unreachable': 'Dieser Rechner kennt keinen Weg in jenes Netz. Versucht: {addresses}.',
  'reach.noAddress': 'Keine Adresse davon bekannt.',
  'reach.called': 'War schon einmal verbunden.',
  'proof.proved': 'Die Identität ist nachgewiesen.',
  'proof.failed': 'Dort antwortet etwas, aber ohne eine verschlüsselte Verbindung zustande zu bringen.',
  'proof.otherMachine': 'Unter dieser Adresse antwortet ein anderer Rechner.',
  'proof.noConnection': 'Zum Prüfen fehlt eine Verbindung.',
  'heard.yes': 'Meldet sich im Netz, und {name} hört es.',
  'heard.off': '{name} hört nicht zu: dort ist die Erkennung ausgeschaltet.',
  'heard.no': '{name} hört keine Meldung davon.',
  'link.linked': 'Miteinander verbunden.',
  'link.not': 'Nicht verbunden.',
  'link.unreachable': 'Nicht verbunden: die Adresse ist nicht erreichbar.',
  'link.refused': 'Nicht verbunden: Verbindungen werden abgelehnt.',
  'link.timedOut': 'Nicht verbunden: keine Antwort in der vorgesehenen Zeit.',
  'link.tls': 'Nicht verbunden: die verschlüsselte Verbindung ist gescheitert ({detail}).',
  'link.otherMachine': 'Nicht verbunden: unter der Adresse antwortet ein anderer Rechner.',
  'link.notMember': 'Nicht verbunden: einer zählt den anderen nicht zum Cluster.',
  'link.protocol': 'Nicht verbunden: die beiden verstehen einander nicht ({detail}).',
  'link.sameIdentity': 'Nicht verbunden: zwei Rechner haben dieselbe Identität.',
  'link.lost': 'Nicht verbunden: die letzte Verbindung ist abgebrochen ({detail}).',
  'probe.answered': 'Testpakete werden beantwortet.',
  'probe.unanswered': 'In letzter Zeit wurde kein Testpaket beantwortet.',
  notAsked: '{name} ließ sich nicht fragen.',
  neitherAsked: 'Keiner der beiden ließ sich fragen.',
  'silent.noLink': 'Dieser Rechner hat keine Verbindung dorthin.',
  'silent.nonsense': 'Die Antwort ist für diese Version von Muster nicht verständlich.',
  'silent.late': 'Keine Antwort in der vorgesehenen Zeit.',
  'silent.nothing': 'Keine Antwort.',
  'silent.old': 'Die Version von Muster dort ist zu alt.',
  'silent.failed': 'Das Nachfragen ist gescheitert: {detail}',
  'todo.firewall':
    'Auf {name} für Muster eingehende Verbindungen erlauben ({port}, TCP und UDP). Auf einem Mac: Systemeinstellungen → Netzwerk → Firewall → Optionen.',
  'todo.firewalls':
    'Auf {a} und auf {b} für Muster eingehende Verbindungen erlauben ({port}, TCP und UDP). Auf einem Mac: Systemeinstellungen → Netzwerk → Firewall → Optionen.',
  'hangs.what': '{name} nimmt Verbindungen an, antwortet aber nicht.',
  'hangs.why': 'Der Rechner läuft, aber Muster hängt dort, oder ein anderes Programm belegt seinen Port.',
  'hangs.todo': 'Auf {name} Muster beenden und neu starten. Kommt es nicht hoch, den Rechner neu starten.',
  'replaced.what': 'Wo {name} war, antwortet ein anderer Rechner.',
  'replaced.why': 'Die Adresse wurde neu vergeben, oder der Datenordner dort wurde ersetzt.',
  'replaced.todo':
    'Prüfen, ob Muster auf {name} läuft und im selben Netz ist; dann wird es von selbst gefunden. Nach einer Neueinrichtung hier entfernen und neu beitreten lassen.',
  'unlinked.what': '{name} antwortet, aber es besteht keine Verbindung.',
  'unlinked.why': 'Vielleicht gerade erst gestartet oder beim Beenden.',
  'unlinked.todo':
    'In einigen Sekunden noch einmal prüfen. Bleibt es so, Muster auf beiden Rechnern neu starten. Hilft das nicht, verliert das Netz vielleicht große Pakete: an den Schnittstellen beider dieselbe MTU einstellen, die jeder Switch und jedes VPN dazwischen befördert.',
  'notRunning.what': 'Auf {name} läuft Muster nicht.',
  'notRunning.why': 'Der Rechner läuft, lehnt aber Verbindungen ab ({port}).',
  'notRunning.todo':
    'Muster auf {name} starten. Läuft es dort mit einem anderen Port, ihn dort nachsehen und die Adresse hier angeben.',
  'walled.what': 'Eine Firewall trennt {a} und {b}.',
  'walled.why':
    '{name} meldet sich in diesem Netz, aber von dort kommt keine Antwort ({port}), und hierher dringt auch nichts durch.',
  'elsewhere.what': '{name} ist nicht erreichbar.',
  'elsewhere.why': 'Meldet sich hier, aber mit Adressen eines Netzes, in dem dieser Rechner nicht ist.',
  'elsewhere.todo': '{a} und {b} in dasselbe Netz bringen oder mit einem Thunderbolt- oder Ethernet-Kabel verbinden.',
  'away.what': '{name} ist nicht da.',
  'away.why':
    'Kein Rechner hört etwas davon oder bekommt Antwort: ausgeschaltet, im Ruhezustand oder in einem anderen Netz.',
  'away.todo':
    '{name} aufwecken und prüfen, ob Muster dort läuft. In einem anderen Netz: beide in dasselbe bringen oder Muster hier mit --peer und der Adresse starten.',
  'keepsOut.what': 'Eine Firewall auf {name} lässt andere Rechner nicht herein.',
  'keepsOut.why':
    '{name} ist nur verbunden, weil die Verbindung von dort ausging; in der Gegenrichtung kommt keine Antwort ({port}). Ein Modell auf mehreren Rechnern braucht beide Richtungen.',
  'twice.what': 'Zwei Rechner laufen mit der Identität von {name}.',
  'twice.why':
    'Ein Datenordner wurde von einem Rechner auf einen anderen kopiert oder aus einer Sicherung geholt, während der erste weiterläuft.',
  'twice.todo':
    'Auf der Kopie Muster beenden, muster new-identity ausführen und Muster neu starten: dann ist sie ein neuer Rechner, der beitreten kann.',
  'clock.ahead':
    'Die Uhr von {name} geht {unit, select, s {{amount} s} min {{amount} min} h {{amount} h} other {{amount} Tage}} vor.',
  'clock.behind':
    'Die Uhr von {name} geht {unit, select, s {{amount} s} min {{amount} min} h {{amount} h} other {{amount} Tage}} nach.',
  'clock.why': 'Die Zeiten im Verlauf sind die des führenden Rechners und würden springen, sobald ein anderer führt.',
  'clock.todo':
    'Auf {name} Datum und Uhrzeit automatisch einstellen lassen (Systemeinstellungen → Allgemein → Datum & Uhrzeit).',
  'unheard.what': 'Niemand hört die Meldungen von {name}.',
  'unheard.why':
    'Verbunden über eine bekannte Adresse. Ändert sie sich, wird der Rechner nicht von selbst gefunden: etwas im Netz hält Multicast zurück.',
  'unheard.todo':
    'Im Router die Isolierung der Clients ausschalten und Multicast (mDNS) erlauben; auf einem Mac Muster unter „Datenschutz & Sicherheit → Lokales Netzwerk“ erlauben.',
  'silent.what': '{name} hat nicht gesagt, was von dort zu sehen ist.',
  'silent.why': '{reason}',
  'silent.todo': 'Noch einmal prüfen; bleibt es so, Muster dort aktualisieren.',
  'removed.what': '{b} zählt {a} nicht zum Cluster.',
  'removed.why': '{a} wurde während der Abwesenheit aus dem Cluster entfernt und weiß davon nichts.',
  'removed.todo': 'Auf {a} den Cluster verlassen und neu beitreten.',
  'versions.what': '{a} und {b} verstehen einander nicht.',
  'versions.why': 'Die Versionen von Muster auf beiden liegen zu weit auseinander.',
  'versions.whyKnown': 'Die Versionen von Muster auf beiden liegen zu weit auseinander: {versions}.',
  'versions.of': '{name} hat {version}',
  'versions.todo': 'Muster auf beiden auf dieselbe Version bringen.',
  'versions.todoOlder': 'Muster auf {name} aktualisieren: Dort ist die Version älter.',
  'unconnected.what': '{a} und {b} antworten einander, sind aber nicht verbunden.',
  'unconnected.why': 'Vielleicht ist einer davon gerade erst gestartet.',
  'unconnected.todo':
    'In einigen Sekunden noch einmal prüfen. Bleibt es so, Muster auf beiden neu starten. Hilft das nicht, verliert das Netz vielleicht große Pakete: an den Schnittstellen beider dieselbe MTU einstellen, die jeder Switch und jedes VPN dazwischen befördert.',
  'apart.what': 'Zwischen {a} und {b} gibt es keinen Weg.',
  'apart.why':
    'Andere Rechner erreichen beide: die zwei sind in verschiedenen Netzen, oder das Netz trennt seine Clients.',
  'apart.todo':
    '{a} und {b} in dasselbe Netz bringen, mit einem Thunderbolt- oder Ethernet-Kabel verbinden oder im Router die Isolierung der Clients ausschalten.',
  'unprobed.what': '{a} und {b} sind verbunden, beantworten aber die Testpakete voneinander nicht.',
  'unprobed.why':
    'Testpakete sind kleine UDP-Pakete; eine Firewall verwirft sie. Ohne sie wird kein Modell auf die beiden verteilt.',
  'unprobed.todo': 'Auf beiden Rechnern für Muster eingehende Verbindungen auch über UDP erlauben, auf demselben Port.',
  'oneWay.what': '{a} erreicht {b} nicht; umgekehrt geht es.',
  'oneWay.why':
    'Eine Firewall auf {name} verwirft, was von außen kommt. Ein Modell auf beiden braucht beide Richtungen.',
  'oneWay.todo': 'Auf {name} für Muster eingehende Verbindungen erlauben, über TCP und UDP.',
}
