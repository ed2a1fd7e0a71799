"""In which words does a report say to whom copies were issued, in English and German?

No word says more than mark and log can carry: "copy issued to", "delivered to", never "thief", never "used
for training". A text may hold markup; the values that are put into it are escaped before.
"""

from typing import Final

from guard.cli.trace_words import Language

TEXTS: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "title": "Trace report",
        "lead": "Found pictures, held against the copies that were issued",
        "made": "Made {at} UTC by {program}",
        "one": "1 picture found",
        "many": "{count} pictures found",
        "identified": "{count} identified",
        "tried": "{ids} mark ids · {originals} originals · {pairs} pairs compared",
        "sheet": "Copy {number}",
        "stems": "The found picture <b>{file}</b> stems from the copy of <b>{original}</b> that was issued under mark "
        "id <code>{mark_id}</code>.",
        "issued client": "Copy issued to the client of {records}, which named itself <b>{names}</b>.",
        "issued nobody": "Copy issued to the client of {records}, which gave itself no crawler’s name.",
        "record": "record {index}",
        "records": "records {first} to {last} ({count} requests)",
        "issued shared": "Copy issued to <b>{to}</b> on {day}, as the register of shared copies says.",
        "issued unknown": "To whom this id was issued is not known here: no evidence log was named.",
        "together": "All pictures together",
        "together yes": "The {count} pictures that were compared point, taken together, to mark id "
        "<code>{mark_id}</code>: at least one of them stems from a copy that was issued under it.",
        "bound together": "An id that has nothing to do with these pictures would agree with them like this by "
        "coincidence in at most <b>1 of 10<sup>{power}</sup></b> such searches.",
        "bound": "An id that has nothing to do with this picture would agree with it like this by coincidence in at "
        "most <b>1 of 10<sup>{power}</sup></b> such searches.",
        "bound how": "z = {z}; {threshold} is needed, so that no innocent id is named in more than one of a billion "
        "such searches. {next}Counted: {ids} mark ids × {pairs} pairs of a found picture and an original = "
        "{tries} comparisons. For each of them the chance of z or more is at most exp(−z²/2) (Hoeffding’s "
        "inequality), whatever was done to the picture; all that this rests on is that the key is random and "
        "secret, and was fixed before the picture was found.",
        "next": "The next best id reaches {z}. ",
        "found": "The found picture, {width} × {height}",
        "original": "The original, {width} × {height}: the found picture is its bright part (dot: its upper left "
        "corner)",
        "part": "That part of the original, brought to the same shape and tones",
        "squares": "Both in alternate squares: lines go on where one meets the other",
        "difference": "Their difference, enlarged {times} times. The mark is too weak to be seen here",
        "mirrored": " (mirrored)",
        "chart title": "z of all {ids} issued mark ids; that of {mark_id} is {z}, needed are {threshold}",
        "chart threshold": "needed {z}",
        "chart winner": "this id: {z}",
        "chart coincidence": "coincidence",
        "chart axis": "z of all {ids} issued mark ids: how well each agrees with the picture",
        "no pictures": "Pictures are shown for the first {count} copies.",
        "key": "Which key marked it",
        "key commitment": "Commitment to the key",
        "key recorded": "On record since",
        "key record": "{at} UTC, record {index}",
        "key before": "That is before the first delivery of this copy (record {first}): the key was fixed before.",
        "key after": "That is not before the first delivery of this copy. The log does not show that the key was fixed "
        "before.",
        "key missing": "The log holds no record of this key; it does not show that the key was fixed before.",
        "key no log": "No evidence log was named; that the key was fixed before must be shown in another way.",
        "provenance": "Where it was found",
        "file": "File",
        "sha256": "SHA-256",
        "size": "Size",
        "bytes": "{count} bytes",
        "from": "Obtained from",
        "url": "Address in the data set",
        "retrieved": "Retrieved",
        "not said": "not said",
        "also": "Same bytes also in",
        "original row": "Original",
        "deliveries": "To whom this copy was delivered",
        "delivery": "Record {index}",
        "asked": "Asked for",
        "no path": "path erased or not here",
        "client": "Named itself",
        "no name": "no crawler’s name",
        "of": "{name}, of {operator}",
        "identity": "Identity",
        "grade": "grade {grade}: {words}",
        "conduct": "conduct {conduct}",
        "address": "Address",
        "port": "{address}, port {port}",
        "no address": "erased or not here; the record holds a commitment to it",
        "agent": "User agent",
        "answer": "Answered",
        "answer whole": "status {status}, {bytes} bytes, sent whole",
        "answer broken": "status {status}, {bytes} bytes, broken off",
        "answer unknown": "how the answer ended is not on record",
        "rule": "Decided by rule",
        "reservation": "Reservation",
        "reservation none": "none on record",
        "reservation ref": "{name}, in force since {at} UTC",
        "more": "Further deliveries of this copy",
        "more count": "{count} more are in the log.",
        "others": "Under the same mark id {count} copies of other pictures were delivered.",
        "no deliveries": "The log holds no delivery of a copy of this original under this id.",
        "register": "In the register of shared copies",
        "register line": "{day}: copy of {file} issued to <b>{to}</b>",
        "note": "note: {note}",
        "reservations": "The reservations in force",
        "reservation head": "{name}: in force on {site} since {at} UTC, record {index}",
        "digest": "Digest of the set",
        "headers": "Header lines on every response",
        "headers path": "Header lines below {path}",
        "rest": "All found pictures",
        "result": "Result",
        "rest identified": "identified, mark id {mark_id}, z {z}",
        "rest not": "shows {original}, but no issued mark can be read (best z {z}, needed {threshold})",
        "rest nothing": "shows none of the originals",
        "rest more": "{count} more are in the record of what was found.",
        "limits": "What this report can not prove",
        "limit maker": "<b>Whoever holds the original and the key could make such a copy.</b> So it matters that the "
        "found file comes from somebody else: where it was found, by whom, and who can confirm that.",
        "limit guilt": "The bound speaks of coincidence, not of guilt. It says that the agreement is no accident; it "
        "does not say how the file came to where it was found, or through how many hands.",
        "limit use": "The mark shows which issued copy a file stems from. It does not show who passed it on, or what "
        "was done with it.",
        "limit actor": "A mark id is issued to an address together with the shape of its header lines, or to a "
        "verified operator, for one day. Several persons may share one, and what a client calls itself is its own "
        "word.",
        "limit log": "An intact log shows that what was recorded has not been changed since, and when it was recorded. "
        "It does not show that what was recorded is true. For this report the log was read, not verified: see below.",
        "limit found": "Where a file was obtained and when is the word of whoever ran the search, and an address in a "
        "data set is that of its makers. That the record of it is older than the result only a time-stamp token "
        "over it shows; this report contains none.",
        "limit found stamped": "Where a file was obtained and when is the word of whoever ran the search, and an "
        "address in a data set is that of its makers. That the record of it is older than the result the time-stamp "
        "token named below shows.",
        "limit register": "The register of shared copies is the owner’s own note, and signed by nobody.",
        "personal": "This report may contain personal data, such as addresses. Give it only to those who need it.",
        "check": "How to check it",
        "check found": "What was found was put on record before the search: <code>{file}</code>, {at} UTC by this "
        "machine’s clock. Its SHA-256 is",
        "check stamp": "To have a time-stamp authority confirm when it existed (RFC 3161), send <code>{query}</code> "
        "to one, keep its answer as <code>{reply}</code>, and verify it with the authority’s certificates:",
        "check stamped": "Before anything was compared, the time-stamp authority <code>{authority}</code> confirmed "
        "that it existed at {at} (RFC 3161). Its token is <code>{reply}</code>, and is verified with the authority’s "
        "certificates:",
        "check log": "The evidence log, the records named here, and the exact bytes of the documents:",
        "check again": "The search itself gives the same numbers again with the same originals, keys and found files; "
        "with more mark ids a higher z is needed.",
        "page": "Page",
    },
    "de": {
        "title": "Bericht: Zuordnung gefundener Bilder",
        "lead": "Gefundene Bilder, verglichen mit den ausgegebenen Kopien",
        "made": "Erstellt {at} UTC mit {program}",
        "one": "1 Bild gefunden",
        "many": "{count} Bilder gefunden",
        "identified": "{count} zugeordnet",
        "tried": "{ids} Markennummern · {originals} Originale · {pairs} Paare verglichen",
        "sheet": "Kopie {number}",
        "stems": "Das gefundene Bild <b>{file}</b> stammt von der Kopie von <b>{original}</b>, die unter der "
        "Markennummer <code>{mark_id}</code> ausgegeben wurde.",
        "issued client": "Kopie ausgegeben an den Client von {records}, der sich <b>{names}</b> nannte.",
        "issued nobody": "Kopie ausgegeben an den Client von {records}, der sich keinen Namen eines Crawlers gab.",
        "record": "Aufzeichnung {index}",
        "records": "Aufzeichnung {first} bis {last} ({count} Abrufe)",
        "issued shared": "Kopie ausgegeben an <b>{to}</b> am {day}, wie das Verzeichnis der weitergegebenen Kopien "
        "sagt.",
        "issued unknown": "An wen diese Nummer ausgegeben wurde, ist hier nicht bekannt: Es wurden keine "
        "Aufzeichnungen genannt.",
        "together": "Alle Bilder zusammen",
        "together yes": "Die {count} verglichenen Bilder weisen zusammengenommen auf die Markennummer "
        "<code>{mark_id}</code>: Mindestens eines stammt von einer Kopie, die unter ihr ausgegeben wurde.",
        "bound together": "Eine Nummer, die mit diesen Bildern nichts zu tun hat, würde durch Zufall höchstens in <b>1 "
        "von 10<sup>{power}</sup></b> solchen Suchen so gut zu ihnen passen.",
        "bound": "Eine Nummer, die mit diesem Bild nichts zu tun hat, würde durch Zufall höchstens in <b>1 von "
        "10<sup>{power}</sup></b> solchen Suchen so gut zu ihm passen.",
        "bound how": "z = {z}; nötig sind {threshold}, damit in höchstens einer von einer Milliarde solcher Suchen "
        "eine unbeteiligte Nummer genannt wird. {next}Gezählt: {ids} Markennummern × {pairs} Paare aus gefundenem Bild "
        "und Original = {tries} Vergleiche. Für jeden davon ist die Wahrscheinlichkeit von z oder mehr höchstens "
        "exp(−z²/2) (Ungleichung von Hoeffding), was auch immer mit dem Bild geschah; das setzt nur voraus, dass der "
        "Schlüssel zufällig und geheim ist und feststand, bevor das Bild gefunden wurde.",
        "next": "Die nächstbeste Nummer erreicht {z}. ",
        "found": "Das gefundene Bild, {width} × {height}",
        "original": "Das Original, {width} × {height}: Das gefundene Bild ist sein heller Teil (Punkt: dessen linke "
        "obere Ecke)",
        "part": "Dieser Teil des Originals, in gleicher Form und mit gleichen Tonwerten",
        "squares": "Beide abwechselnd in Feldern: Linien laufen durch, wo sie aneinanderstoßen",
        "difference": "Ihr Unterschied, {times}-fach vergrößert. Die Marke ist zu schwach, um hier sichtbar zu sein",
        "mirrored": " (gespiegelt)",
        "chart title": "z aller {ids} ausgegebenen Markennummern; das von {mark_id} ist {z}, nötig sind {threshold}",
        "chart threshold": "nötig {z}",
        "chart winner": "diese Nummer: {z}",
        "chart coincidence": "Zufall",
        "chart axis": "z aller {ids} ausgegebenen Markennummern: wie gut jede zum Bild passt",
        "no pictures": "Bilder sind für die ersten {count} Kopien gezeigt.",
        "key": "Mit welchem Schlüssel markiert wurde",
        "key commitment": "Festlegung auf den Schlüssel",
        "key recorded": "Aufgezeichnet seit",
        "key record": "{at} UTC, Aufzeichnung {index}",
        "key before": "Das ist vor der ersten Auslieferung dieser Kopie (Aufzeichnung {first}): Der Schlüssel stand "
        "vorher fest.",
        "key after": "Das ist nicht vor der ersten Auslieferung dieser Kopie. Die Aufzeichnungen zeigen nicht, dass "
        "der Schlüssel vorher feststand.",
        "key missing": "Zu diesem Schlüssel gibt es keine Aufzeichnung; dass er vorher feststand, zeigen sie nicht.",
        "key no log": "Es wurden keine Aufzeichnungen genannt; dass der Schlüssel vorher feststand, ist anders zu "
        "zeigen.",
        "provenance": "Wo es gefunden wurde",
        "file": "Datei",
        "sha256": "SHA-256",
        "size": "Größe",
        "bytes": "{count} Bytes",
        "from": "Bezogen von",
        "url": "Adresse im Datensatz",
        "retrieved": "Abgerufen",
        "not said": "keine Angabe",
        "also": "Dieselben Bytes auch in",
        "original row": "Original",
        "deliveries": "An wen diese Kopie ausgeliefert wurde",
        "delivery": "Aufzeichnung {index}",
        "asked": "Abgerufen",
        "no path": "Pfad gelöscht oder nicht hier",
        "client": "Nannte sich",
        "no name": "kein Name eines Crawlers",
        "of": "{name}, von {operator}",
        "identity": "Identität",
        "grade": "Stufe {grade}: {words}",
        "conduct": "Verhalten {conduct}",
        "address": "Adresse",
        "port": "{address}, Port {port}",
        "no address": "gelöscht oder nicht hier; die Aufzeichnung enthält eine Festlegung darauf",
        "agent": "User-Agent",
        "answer": "Antwort",
        "answer whole": "Status {status}, {bytes} Bytes, ganz gesendet",
        "answer broken": "Status {status}, {bytes} Bytes, abgebrochen",
        "answer unknown": "wie die Antwort endete, ist nicht aufgezeichnet",
        "rule": "Entschieden nach Regel",
        "reservation": "Nutzungsvorbehalt",
        "reservation none": "keiner aufgezeichnet",
        "reservation ref": "{name}, in Kraft seit {at} UTC",
        "more": "Weitere Auslieferungen dieser Kopie",
        "more count": "{count} weitere stehen in den Aufzeichnungen.",
        "others": "Unter derselben Markennummer wurden {count} Kopien anderer Bilder ausgeliefert.",
        "no deliveries": "Die Aufzeichnungen enthalten keine Auslieferung einer Kopie dieses Originals unter dieser "
        "Nummer.",
        "register": "Im Verzeichnis der weitergegebenen Kopien",
        "register line": "{day}: Kopie von {file} ausgegeben an <b>{to}</b>",
        "note": "Vermerk: {note}",
        "reservations": "Die Nutzungsvorbehalte",
        "reservation head": "{name}: in Kraft auf {site} seit {at} UTC, Aufzeichnung {index}",
        "digest": "Prüfsumme aller Teile",
        "headers": "Kopfzeilen jeder Antwort",
        "headers path": "Kopfzeilen unterhalb von {path}",
        "rest": "Alle gefundenen Bilder",
        "result": "Ergebnis",
        "rest identified": "zugeordnet, Markennummer {mark_id}, z {z}",
        "rest not": "zeigt {original}, doch keine ausgegebene Marke ist lesbar (höchstes z {z}, nötig {threshold})",
        "rest nothing": "zeigt keines der Originale",
        "rest more": "{count} weitere stehen im Verzeichnis der gefundenen Bilder.",
        "limits": "Was dieser Bericht nicht beweisen kann",
        "limit maker": "<b>Wer Original und Schlüssel besitzt, könnte eine solche Kopie selbst herstellen.</b> Es "
        "kommt also darauf an, dass die gefundene Datei von jemand anderem stammt: wo sie gefunden wurde, von wem, und "
        "wer das bestätigen kann.",
        "limit guilt": "Die Schranke spricht von Zufall, nicht von Schuld. Sie sagt, dass die Übereinstimmung kein "
        "Zufall ist; sie sagt nicht, wie und durch wie viele Hände die Datei dorthin kam, wo sie gefunden wurde.",
        "limit use": "Die Marke zeigt, von welcher ausgegebenen Kopie eine Datei stammt. Sie zeigt nicht, wer sie "
        "weitergegeben hat oder was mit ihr geschah.",
        "limit actor": "Eine Markennummer gilt einen Tag lang für eine Adresse zusammen mit der Form ihrer Kopfzeilen "
        "oder für einen bestätigten Betreiber. Mehrere Personen können sich eine teilen, und wie ein Client sich "
        "nennt, ist seine eigene Angabe.",
        "limit log": "Unversehrte Aufzeichnungen zeigen, dass das Aufgezeichnete seit der Aufzeichnung unverändert ist "
        "und wann es aufgezeichnet wurde; nicht, dass es wahr ist. Für diesen Bericht wurden sie gelesen, nicht "
        "geprüft: siehe unten.",
        "limit found": "Woher eine Datei bezogen wurde und wann, ist die Angabe dessen, der die Suche ausgeführt hat; "
        "eine Adresse im Datensatz ist die Angabe von dessen Herstellern. Dass das Verzeichnis davon älter ist als das "
        "Ergebnis, zeigt nur ein Zeitstempel darüber; dieser Bericht enthält keinen.",
        "limit found stamped": "Woher eine Datei bezogen wurde und wann, ist die Angabe dessen, der die Suche "
        "ausgeführt hat; eine Adresse im Datensatz ist die Angabe von dessen Herstellern. Dass das Verzeichnis davon "
        "älter ist als das Ergebnis, zeigt der unten genannte Zeitstempel.",
        "limit register": "Das Verzeichnis der weitergegebenen Kopien hat der Rechtsinhaber selbst geführt; signiert "
        "hat es niemand.",
        "personal": "Dieser Bericht kann personenbezogene Daten enthalten, etwa Adressen. Nur an die weitergeben, die "
        "ihn brauchen.",
        "check": "Wie man es nachprüft",
        "check found": "Was gefunden wurde, wurde vor der Suche festgehalten: <code>{file}</code>, {at} UTC nach der "
        "Uhr dieses Rechners. Die SHA-256 dieser Datei ist",
        "check stamp": "Damit ein Zeitstempeldienst bestätigt, wann es sie gab (RFC 3161), ist <code>{query}</code> an "
        "einen zu senden und seine Antwort als <code>{reply}</code> aufzubewahren; geprüft wird sie mit den "
        "Zertifikaten des Dienstes:",
        "check stamped": "Bevor etwas verglichen wurde, hat der Zeitstempeldienst <code>{authority}</code> bestätigt, "
        "dass es sie am {at} gab (RFC 3161). Sein Zeitstempel ist <code>{reply}</code>; geprüft wird er mit den "
        "Zertifikaten des Dienstes:",
        "check log": "Die Aufzeichnungen im Ganzen, die hier genannten, und die genauen Bytes der Dokumente:",
        "check again": "Die Suche selbst ergibt mit denselben Originalen, Schlüsseln und gefundenen Dateien dieselben "
        "Zahlen; mit mehr Markennummern ist ein höheres z nötig.",
        "page": "Seite",
    },
}
