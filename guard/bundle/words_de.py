"""In welchen Worten spricht ein Beweispaket Deutsch?

The same keys as the English words. The words for courts are fixed: reservation is Nutzungsvorbehalt,
cosignature Gegenzeichnung, record Aufzeichnung.
"""

from typing import Final

TEXTS: Final = {
    "title": "Beweisbericht",
    "kicker": "Aufzeichnungen einer Website über Abrufe ihrer Bilder",
    "lead": "{site} · Aufzeichnungen 0 bis {last} des Protokolls {origin} · erstellt mit crawler-guard {version}",
    "case": "Protokoll {origin}, {size} Aufzeichnungen",
    "footer": "Jede Aussage beruht auf einer Aufzeichnung; deren Nummer steht in Klammern. Zeiten: UTC und Berlin.",
    "page": "Seite",
    "record": "[{index}]",
    "records": "[{first}–{last}]",
    "time": "{utc} UTC ({berlin})",
    "and": "und",
    "work": "Das Werk",
    "work none": "Die angefragten Aufzeichnungen betreffen kein Bild.",
    "work path": "Das Bild unter ",
    "work no path": "Ein Bild, dessen Adresse gelöscht ist oder nicht offengelegt wurde",
    "work unregistered": "Urheber und Rechtekette: in diesem Protokoll nicht registriert.",
    "work author": "{title}von {author}, nach Angabe des Betreibers. ",
    "work chain": "Rechtekette: {chain}.",
    "work author has it": "die Rechte liegen beim Urheber",
    "work registered": "Registriert {time} {record}, vor diesem Abruf. ",
    "work registered after": "Registriert {time} {record}, nach diesem Abruf. ",
    "work by name": "Dass es dieses Bild ist, zeigt nur der Dateiname: Zu diesem Abruf ist keine Prüfsumme davon "
    "aufgezeichnet.",
    "work published": "Zuerst veröffentlicht: {where}, nach Angabe des Betreibers.",
    "work raw": "RAW-Datei {name}, SHA-256 ",
    "clock synchronised": "Der Rechner gab an, dass seine Uhr gestellt war, höchstens {error} falsch.",
    "clock unsynchronised": "Der Rechner gab an, dass nichts seine Uhr stellte.",
    "clock unknown": "Was seine Uhr stellte, gab der Rechner nicht an.",
    "work original": "Datei der Website, SHA-256 ",
    "work others": "Weitere abgerufene Bilder: {count} (Abschnitt {section}).",
    "work requests": "Abrufe dieses Bildes: {count}.",
    "who": "Wer",
    "grade A": "Kryptographisch nachgewiesen: {name} von {operator}. Die Abrufe tragen eine gültige Signatur des "
    "Betreibers.",
    "grade B": "Adresse im veröffentlichten Bereich von {operator}, unter dem Namen {name}.",
    "grade C": "Adresse im Netz von {operator}, unter dem Namen {name}.",
    "grade D": "Gab sich aus als {name}{of}. Das ist die eigene Angabe des Clients; dass es {who} war, ist nicht "
    "gezeigt.",
    "grade E": "Nicht identifiziert. Der Client nannte keinen Crawler; seine Abrufe fielen durch ihre Art auf.",
    "grade ": "Gab sich aus als {name}{of}. Eine Stufe der Identifizierung ist nicht aufgezeichnet.",
    "grade D of": ", einem Crawler von {operator}",
    "grade D operator": "{operator}",
    "grade D nobody": "dieser Crawler",
    "who identity": "Damals geprüft: {identity}; Verhalten: {conduct}; Stufe {grade} von A bis E.",
    "who address": "Von der Adresse {addresses}.",
    "who addresses more": "{addresses} und {count} weiteren",
    "who network": "Die ganze Adresse ist gelöscht oder nicht offengelegt; ihr Netz ist {networks}.",
    "who told": "Diese Adresse nannte ein vorgeschalteter Server, dem vertraut wird.",
    "who unusable": "Ein vorgeschalteter Server nannte keine brauchbare Adresse; dies ist seine eigene.",
    "who chain": "Eine Weiterleitungskette, die der Client mitsandte, wurde nicht geglaubt.",
    "who no address": "Die Adresse ist gelöscht oder nicht offengelegt; die Aufzeichnung enthält eine Festlegung "
    "darauf.",
    "who more": "{count} weitere Gruppen von Clients: Abschnitt {section}. Was von einer gezeigt ist, ist es nicht "
    "von einer anderen.",
    "who count": "Abrufe: {count}. ",
    "when": "Wann",
    "when this": "Dieses Bild: ",
    "when this request": "Dieser Abruf: ",
    "when period": "Alle {count} angefragten Abrufe: {first} bis {last} UTC.",
    "when bracket": "Nach Uhren Dritter zwischen {after} und {before} UTC.",
    "when not before": "Nach der Uhr eines Dritten nicht vor {after} UTC; noch deckt kein Zeitstempel den Abruf.",
    "when not after": "Nach der Uhr eines Dritten nicht nach {before} UTC.",
    "when contradicts": "Zeitstempel Dritter widersprechen sich hier; siehe Abschnitt {section}.",
    "when unanchored": "Nicht verankert: Kein Dritter hat eine Zeit bestätigt. Die Zeit ist die der eigenen Uhr der "
    "Website.",
    "reserved": "Geltender Nutzungsvorbehalt",
    "reserved robots": "Für diesen Namen und diese URL sagte robots.txt: ",
    "reserved robots *": "Clients ohne eigene Gruppe sagte robots.txt zu dieser URL: ",
    "reserved lines": "Zeilen {group} und {rule}",
    "reserved forbids": "Sie war damit gesperrt.",
    "reserved allows": "Sie war damit frei; die Kopfzeilen darunter galten gleichwohl.",
    "reserved no rule": "keine Zeile, die auf diese URL passt; sie war also frei",
    "reserved no group": "robots.txt hatte keine Gruppe für diesen Namen.",
    "reserved no robots": "Für diese Zeit ist keine robots.txt aufgezeichnet.",
    "reserved no path": "Welche Zeile der robots.txt galt, ist nicht zu sagen: Die Adresse des Bildes ist nicht "
    "offengelegt.",
    "reserved headers": "Kopfzeilen, die jede Antwort unter dieser URL trug:",
    "reserved none": "Die Aufzeichnung nennt keinen Nutzungsvorbehalt.",
    "reserved since": "In Kraft seit {time} {record}; Wortlaut in Abschnitt {section}.",
    "told": "Ausgeliefert an diesen Client",
    "told yes": "{path} wurde an ihn ausgeliefert am {time} {record}, {before} vorher. ",
    "told same": "Es war die Fassung, die beim Abruf in Kraft war.",
    "told other": "Das war eine frühere Fassung als die beim Abruf geltende; nach ihr lautete die Zeile: ",
    "told other same": "Das war eine frühere Fassung als die beim Abruf geltende; für diese URL sagen beide dasselbe.",
    "told name": "Dass ein Client gleichen Namens derselbe war, ist nicht gezeigt: Eine Adresse ist nicht offengelegt.",
    "told no": "Vor diesem Abruf wurde diesem Client kein Dokument des Nutzungsvorbehalts ausgeliefert, soweit das "
    "Protokoll es zeigt.",
    "told unknown": "Ob diesem Client vorher ein Dokument des Nutzungsvorbehalts ausgeliefert wurde, ist nicht zu "
    "sagen: Seine Adresse ist nicht offengelegt.",
    "told broken": "Diese Übertragung wurde nicht beendet.",
    "told headers": "Die Kopfzeilen oben gingen mit der Antwort selbst hinaus.",
    "answer": "Was geantwortet wurde",
    "answer this": "{rendition}; Status {status}. {outcome} {record}",
    "answer unknown": "{rendition}. Wie die Antwort endete, ist nicht aufgezeichnet.",
    "answer rule": "Entschieden nach Regel ",
    "answer mark": "Die Kopie trägt die unsichtbare Marke ",
    "answer all": "Alle {count} Abrufe: {counts}.",
    "log": "Das Protokoll",
    "log begins": "Beginnt {time} [0] und hat bis zu diesem Bericht {size} Aufzeichnungen; die letzte ist von "
    "{last} UTC.",
    "log gaps": "Es nennt {count} Lücken: {records} Aufzeichnungen konnten nicht geschrieben werden (Abschnitt "
    "{section}).",
    "log one gap": "Es nennt eine Lücke: {records} Aufzeichnungen konnten nicht geschrieben werden (Abschnitt "
    "{section}).",
    "log no gaps": "Es nennt keine Lücke.",
    "log repairs": "{count} Reparaturen nach einem Absturz sind aufgezeichnet.",
    "log range": "Aufzeichnungen {first} bis {last} sind hier vollständig; die über andere stehen darin so, wie sie "
    "festgelegt wurden.",
    "testify": "Wer bezeugen kann",
    "testify owner": "Wer die Website betreibt, kann das Verfahren erklären: procedure.de.md, declaration.de.rtf.",
    "testify others": "Dritte: {names}.",
    "testify none": "Kein Dritter hat eine Zeit bestätigt oder einen Kopf dieses Protokolls gegengezeichnet.",
    "limits": "Was nicht gezeigt ist",
    "limit true": "Aufzeichnungen sind unverändert, seit sie signiert wurden. Dass die Website Wahres aufgezeichnet "
    "hat, können sie nicht zeigen.",
    "limit reading": "Was an einen Client ausgeliefert wurde, muss niemand gelesen haben.",
    "limit use": "Was danach mit einem Bild geschah, steht nicht in einem Protokoll von Abrufen.",
    "limit D": "Wie ein Client sich nennt, kann jeder schreiben. Dieser Bericht schreibt {operator} nichts zu.",
    "limit D nobody": "Wie ein Client sich nennt, kann jeder schreiben.",
    "limit D some": "Abrufe der Stufe D werden dem Betreiber, dessen Crawler sie nennen, nicht zugeschrieben.",
    "limit E": "Clients der Stufe E werden nach Adresse und Kopfzeilen unterschieden; beides können mehrere "
    "Menschen teilen.",
    "limit address": "Eine Adresse in einem Bereich sagt, wessen Netz es war, und nicht, welche Person handelte.",
    "s reservation": "Der Nutzungsvorbehalt im Wortlaut",
    "s told": "An wen er ausgeliefert wurde",
    "s fetches": "Die Abrufe einzeln",
    "s pictures": "Die Bilder",
    "s charts": "Im Verlauf",
    "s clients": "Die Clients",
    "s procedure": "Wie aufgezeichnet wurde",
    "s time": "Zeit",
    "s integrity": "Unversehrtheit",
    "s gaps": "Lücken",
    "s redacted": "Was fehlt, und warum",
    "s check": "Wie man das nachprüft",
    "s declaration": "Erklärung",
    "version": "{site}, in Kraft von {since} UTC bis {until} {record}",
    "version open": "Ende dieses Protokolls",
    "version digest": "Prüfsumme der Fassung",
    "version headers": "Kopfzeilen jeder Antwort",
    "version headers at": "Kopfzeilen unter {path}",
    "version documents": "Dokumente",
    "version excerpt": "robots.txt, SHA-256 {digest}: Anfang und die Zeilen, die gelten; ganz in data/reservation/",
    "version whole": "{path}, SHA-256 {digest}",
    "version more": "{count} weitere Fassungen stehen in data/reservation/timeline.csv.",
    "version none": "Es ist kein Nutzungsvorbehalt aufgezeichnet.",
    "told intro": "Jedes Mal, dass diesen Clients ein Dokument des Nutzungsvorbehalts ausgeliefert wurde. "
    "Ausgeliefert heißt: der Verbindung übergeben. Eine Fassung ist nach dem Anfang ihrer Prüfsumme benannt.",
    "told nothing": "Das Protokoll zeigt keine solche Auslieferung an diese Clients.",
    "told in": "in {index}",
    "th record": "Aufz.",
    "th time": "Zeit (UTC)",
    "th berlin": "Berlin",
    "th client": "Client",
    "th request": "Abruf",
    "th answer": "Antwort",
    "th bytes": "Bytes",
    "th set": "Fassung",
    "th picture": "Bild",
    "th requests": "Abrufe",
    "th first": "Erster",
    "th last": "Letzter (UTC)",
    "th sent": "Gesendet",
    "th original": "SHA-256 der Datei der Website",
    "th mark": "Marke",
    "th who": "Was von wem gezeigt ist",
    "th address": "Adressen",
    "th from": "Von",
    "th to": "Bis",
    "th count": "Aufzeichnungen",
    "th why": "Warum",
    "th head": "Kopf",
    "th by": "Von",
    "th kind": "Art",
    "fetches intro": "{shown} von {count} Abrufen; alle stehen in data/requests.csv. In Klammern die Aufzeichnung "
    "des Abrufs und die des Endes der Antwort.",
    "short whole": "ganz",
    "short part": "ein Teil",
    "short unchanged": "Kopie des Clients bestätigt",
    "short head": "nur der Kopf",
    "short refused": "ganz",
    "short broken": "abgebrochen",
    "short unknown": "Ende nicht aufgezeichnet",
    "short bytes": "{bytes} Bytes",
    "no path": "Adresse nicht offengelegt",
    "pictures intro": "{shown} von {count} Bildern; alle stehen in data/images.csv.",
    "pictures unseen": "Mit einem Bild abgelehnt wurden auch Abrufe von {count} weiteren Adressen. Was dort liegt, "
    "hatte der Guard bis dahin nicht gesehen; sie sind hier nicht mitgezählt.",
    "pictures unseen one": "Mit einem Bild abgelehnt wurde auch der Abruf einer weiteren Adresse. Was dort liegt, "
    "hatte der Guard bis dahin nicht gesehen; sie ist hier nicht mitgezählt.",
    "pictures none": "Mit diesen Abrufen wurde kein Bild verlangt.",
    "chart requests": "Abrufe nach dem, was hinausging, je {step}",
    "chart coverage": "Verschiedene Bilder, die bis dahin abgerufen wurden",
    "chart alt": "{title}: {count} Balken von {first} bis {last}, der höchste ist {most}.",
    "tone refused": "abgelehnt",
    "tone less": "kleiner, markiert oder verlangsamt",
    "tone whole": "wie für alle",
    "tone other": "anderes",
    "step 60": "Minute",
    "step 600": "10 Minuten",
    "step 3600": "Stunde",
    "step 21600": "6 Stunden",
    "step 86400": "Tag",
    "step 604800": "Woche",
    "step 1": "Sekunde",
    "step 10": "10 Sekunden",
    "procedure": "Ein Reverse Proxy vor der Website ordnet jeden Abruf ein und entscheidet nach geschriebenen "
    "Regeln. Bei einem Crawler, der sich nennt, einem Client, der sich wie einer verhält, und jedem, der eine "
    "markierte Kopie bekommt, ist eine Aufzeichnung des Abrufs dauerhaft auf der Platte, bevor das erste Byte der "
    "Antwort hinausgeht; eine zweite sagt, wie die Antwort endete. Aufzeichnungen sind Blätter eines Baums (RFC "
    "6962), dessen Kopf mit Ed25519 signiert wird. Was Personen identifiziert, steht in einer Aufzeichnung nur als "
    "gesalzene Festlegung; die Werte liegen getrennt und können gelöscht werden. Besucher, die sich wie Menschen "
    "verhalten, werden nach Minuten gezählt. Das ganze Verfahren steht in data/procedure.de.md.",
    "procedure version": "Programm",
    "procedure started": "Aufzeichnung gestartet",
    "procedure rules": "Geltende Regeln",
    "time intro": "Zeiten in Aufzeichnungen sind die der eigenen Uhr der Website. Was andere bestätigen, steht "
    "darunter.",
    "time none": "Zu diesem Protokoll ist kein Zeitstempel und keine Gegenzeichnung aufgezeichnet: Niemand von "
    "außen hat bestätigt, wann diese Aufzeichnungen entstanden. Dass ihre Reihenfolge die des Schreibens ist, folgt "
    "aus dem Baum.",
    "time disagree": "{early} und {late} setzten zu einem Kopf Zeiten, die {seconds} s auseinanderliegen.",
    "time clock": "Zustand der Uhr: {count} Aufzeichnungen stehen in data/clock.csv.",
    "time clock none": "Das Protokoll enthält keine Aufzeichnung über den Zustand der Uhr.",
    "anchor time_stamp": "Zeitstempel (RFC 3161)",
    "anchor cosignature": "Gegenzeichnung",
    "anchor qualified": "qualifiziert",
    "integrity log": "Protokoll",
    "integrity head": "Signierter Kopf",
    "integrity size": "{size} Aufzeichnungen, Wurzel ",
    "integrity key": "Schlüssel des Protokolls",
    "integrity range": "Lückenloser Bereich",
    "integrity range text": "Aufzeichnungen {first} bis {last}: Ihre Prüfsummen ergeben wieder die signierte Wurzel",
    "integrity proofs": "Einzelnachweise",
    "integrity proofs text": "{count} Aufzeichnungen, davon {chosen} angefragt",
    "integrity kinds": "Arten von Aufzeichnungen",
    "gaps none": "Das Protokoll nennt keine Lücke und keine Reparatur.",
    "gaps repair": "Reparatur: {bytes} Bytes, die ein Absturz hinterlassen hatte, wurden abgeschnitten",
    "redacted": "{count} Aufzeichnungen des Bereichs betreffen andere. Sie stehen im Beweispaket, wie sie "
    "festgelegt wurden, damit nichts unbemerkt fehlen kann; von dem, was jemanden identifiziert, ist bei ihnen "
    "nichts offengelegt. Cookies, Passwörter, Zugangstoken und Schlüssel in Adressen wurden nie aufgezeichnet.",
    "redacted hashes": "{count} Aufzeichnungen des Bereichs betreffen andere. Von ihnen enthält das Beweispaket die "
    "Prüfsummen, damit nichts unbemerkt fehlen kann. Cookies, Passwörter, Zugangstoken und Schlüssel in Adressen "
    "wurden nie aufgezeichnet.",
    "redacted erased": "{count} Werte der gezeigten Aufzeichnungen sind nicht offengelegt: gelöscht, oder nie hier "
    "gewesen.",
    "redacted asked": "Angefragt war: ",
    "redacted all": "alle Abrufe des Protokolls",
    "check intro": "Das Beweispaket ist eine ZIP-Datei. Entpacken Sie es, und dann in seinem Ordner, mit eigenen "
    "Werkzeugen:",
    "check compare": "Vergleichen Sie den Schlüssel oben mit einem, den Sie auf anderem Weg haben: von der Website "
    "selbst, aus einem früheren Beweispaket, oder von dem, der einen Kopf dieses Protokolls gegengezeichnet hat. "
    "verify.html tut dasselbe im Browser, ohne Netz.",
    "declaration": "data/declaration.de.rtf ist ein Entwurf für die technisch verantwortliche Person. Er ist von "
    "ihr zu prüfen, zu ergänzen und zu unterschreiben; durch diesen Bericht ist nichts davon erklärt.",
}

RENDITIONS: Final = {
    "as_is": "Ausgeliefert, wie die Website es hat",
    "rights": "Ausgeliefert, unverändert in jedem Bildpunkt, mit Rechteangaben in den Metadaten",
    "marked": "Ausgeliefert in voller Größe unter einer unsichtbaren Marke",
    "display": "Ausgeliefert in Anzeigegröße",
    "preview": "Ausgeliefert als kleine Vorschau",
    "thumbnail": "Ausgeliefert als Miniatur",
    "card": "Abgelehnt mit einem Bild, das dies sagt",
    "page": "Abgelehnt mit einer Seite, die dies sagt",
    "reservation": "Dokument des Nutzungsvorbehalts ausgeliefert",
    "none": "Nichts ausgeliefert",
}

SHORT: Final = {
    "as_is": "wie auf der Website", "rights": "mit Rechteangaben in den Metadaten", "marked": "markierte Kopie",
    "display": "Anzeigegröße", "preview": "Vorschau", "thumbnail": "Miniatur", "card": "Ablehnung",
    "page": "Ablehnung",
    "reservation": "Dokument des Nutzungsvorbehalts", "none": "nichts",
}  # fmt: skip

OUTCOMES: Final = {
    "whole": "Übertragung beendet, {bytes} Bytes.",
    "part": "Ein Teil wurde verlangt und gesendet ({bytes} Bytes): keine vollständige Kopie.",
    "unchanged": "Die eigene Kopie des Clients wurde bestätigt; kein Bild wurde gesendet.",
    "head": "Nur der Kopf wurde verlangt; kein Bild wurde gesendet.",
    "refused": "Die Ablehnung wurde übertragen, {bytes} Bytes.",
    "broken": "Übertragung abgebrochen nach {bytes} Bytes ({reason}): keine vollständige Kopie.",
    "unknown": "Wie die Antwort endete, ist nicht aufgezeichnet.",
}

REASONS: Final = {
    "client_gone": "der Client schloss die Verbindung",
    "upstream_broke_off": "die Website dahinter brach ab",
    "dropped": "die Verbindung wurde nach Regel geschlossen",
    "": "kein Grund aufgezeichnet",
}

ACTIONS: Final = {
    "allow": "ausgeliefert", "mark": "markierte Kopie", "preview": "Vorschau", "throttle": "verlangsamt",
    "challenge": "zur Prüfung aufgefordert", "charge": "Lizenz angeboten", "refuse": "abgelehnt", "drop": "abgebrochen",
}  # fmt: skip
