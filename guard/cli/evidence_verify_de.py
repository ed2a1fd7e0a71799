"""What did a verification find, in German?

The checks speak English; here each of their sentences has its German one, found by its form. A sentence that
has none stays English rather than be left out; a test reads the checks and looks for such.
"""

from typing import Final

from guard.forms import Forms

KINDS: Final = {
    "acc": "Einsichten in offengelegte Werte",
    "agg": "Zählungen von Besuchen",
    "anc": "Anker: Zeiten, die andere dem Protokoll gaben",
    "apl": "Einwände gegen eine Ablehnung",
    "boot": "Starts des Protokollführers",
    "clk": "Blicke auf die Uhr",
    "cls": "geltende Regelwerke",
    "cmt": "Festlegungen zu Abrufen von Besuchen",
    "cny": "Kontrollbilder",
    "end": "gesendete Antworten",
    "era": "Löschungen von Werten",
    "exp": "erstellte Beweispakete",
    "gap": "eingeräumte Lücken",
    "hold": "Fälle: Werte festgehalten oder freigegeben",
    "id": "Adresslisten und Schlüssel in Gebrauch",
    "img": "Bilder eingetragen",
    "key": "Signaturschlüssel",
    "mky": "Schlüssel der Markierung",
    "pau": "Pausen begonnen oder beendet",
    "rec": "Reparaturen",
    "req": "entschiedene Abrufe",
    "rsv": "geltende Nutzungsvorbehalte",
}

FORMS: Final[tuple[tuple[str, str], ...]] = (
    # Notes
    ("the key was taken from the log itself; compare it with one you got another way",
     "Der Schlüssel wurde dem Protokoll selbst entnommen; vergleichen Sie ihn mit einem, den Sie anders erhalten "
     "haben"),
    ("no side store here: committed values were not checked",
     "Die Werte neben dem Protokoll sind nicht hier: Festlegungen wurden nicht nachgeprüft"),
    ("{} tiles are beyond the records that are here", "{} Kacheln liegen hinter den vorhandenen Aufzeichnungen"),
    ("{} full tiles are missing; they can be made again from the segments",
     "{} volle Kacheln fehlen; sie lassen sich aus den Segmenten neu erzeugen"),
    ("{} values in the side store belong to records that are not here",
     "{} Werte neben dem Protokoll gehören zu Aufzeichnungen, die nicht hier sind"),
    ("the key was rotated {} times; each one was vouched for by the one before",
     "Der Schlüssel wurde {} Mal gewechselt; für jeden bürgte der vorige"),
    ("{} bytes beyond the last checkpoint are no whole records: the end of {} was cut short by a crash",
     "{} Bytes nach dem letzten Kontrollpunkt sind keine ganzen Aufzeichnungen: Das Ende von {} wurde durch einen "
     "Absturz "
     "abgeschnitten"),
    ("{} bytes beyond the last checkpoint are no whole records: the end of {} is damaged ({})",
     "{} Bytes nach dem letzten Kontrollpunkt sind keine ganzen Aufzeichnungen: Das Ende von {} ist beschädigt ({})"),
    ("{} stored documents are named by no record", "{} aufbewahrte Dokumente nennt keine Aufzeichnung"),
    ("{} records are newer than the last checkpoint and not signed yet",
     "{} Aufzeichnungen sind neuer als der letzte Kontrollpunkt und noch nicht unterzeichnet"),
    ("{} requests have no record of how their answer ended",
     "Zu {} Abrufen ist nicht aufgezeichnet, wie die Antwort endete"),
    ("{} records have fields of a newer version, which were not looked at",
     "{} Aufzeichnungen haben Felder einer neueren Version, die nicht betrachtet wurden"),
    ("the log admits gaps: {} records say what could not be recorded",
     "Das Protokoll räumt Lücken ein: {} Aufzeichnungen sagen, was nicht aufgezeichnet werden konnte"),
    ("the log was repaired {} times after a crash or a failed write",
     "Das Protokoll wurde {} Mal nach einem Absturz oder misslungenen Schreiben repariert"),
    ("{} committed values are not disclosable: erased or not here",
     "{} festgelegte Werte sind nicht offenlegbar: gelöscht oder nicht hier"),
    ("an unfinished checkpoint of {} bytes ends log/checkpoints.log",
     "Ein unfertiger Kontrollpunkt von {} Bytes endet log/checkpoints.log"),
    ("log/{} is no file of the log", "log/{} ist keine Datei des Protokolls"),
    ("{} bytes at the end of {} were never part of the log, as it says",
     "{} Bytes am Ende von {} waren nie Teil des Protokolls, wie es selbst sagt"),
    ("this log goes on after another one, {}, of which {} records are known to have been signed: {}",
     "Dieses Protokoll setzt ein anderes fort, {}, von dem {} unterzeichnete Aufzeichnungen bekannt sind: {}"),
    ("{} records were written while nothing kept the clock of the machine in step",
     "{} Aufzeichnungen entstanden, während nichts die Uhr des Rechners im Takt hielt"),
    ("the clock jumped {} times, at most by {} s", "Die Uhr sprang {} Mal, höchstens um {} s"),
    ("the machine had been suspended {} times", "Der Rechner war {} Mal im Ruhezustand"),
    ("{} times a record has a time of more than a minute before the record before it",
     "{} Mal trägt eine Aufzeichnung eine Zeit, die mehr als eine Minute vor der vorigen liegt"),
    ("log/{} could not be checked: the key of its witness is not in log/{}",
     "log/{} konnte nicht geprüft werden: Der Schlüssel des Gegenzeichners ist nicht in log/{}"),
    ("the witness {} saw the first {} records and not the {} newer ones",
     "Der Gegenzeichner {} sah die ersten {} Aufzeichnungen und nicht die {} neueren"),
    ("no record names log/{}: it tells how old records are, not how young",
     "Keine Aufzeichnung nennt log/{}: Es sagt, wie alt Aufzeichnungen sind, nicht wie jung"),
    ("two authorities disagree about the head of {} records by {}: {} says {}, {} says {}; the bracket holds both",
     "Zwei Stellen geben für den Stand von {} Aufzeichnungen Zeiten an, die um {} auseinanderliegen: {} sagt {}, {} "
     "sagt "
     "{}; die Eingrenzung umfasst beide"),
    ("an authority's clock ran backwards: a token is older than one that was on record before",
     "Die Uhr einer Stelle lief rückwärts: Ein Zeitstempel ist älter als einer, der schon aufgezeichnet war"),
    ("this machine's clock was {} fast at record {}, by that of {}",
     "Die Uhr dieses Rechners ging bei Aufzeichnung {1} um {0} vor, gemessen an der von {2}"),
    ("this machine's clock was {} slow at record {}, by that of {}",
     "Die Uhr dieses Rechners ging bei Aufzeichnung {1} um {0} nach, gemessen an der von {2}"),
    ("{} anchors are of a kind that is not known here, and were not looked at",
     "{} Anker sind von einer hier unbekannten Art und wurden nicht betrachtet"),
    ("the signatures of time-stamp tokens were not checked", "Die Signaturen der Zeitstempel wurden nicht geprüft"),
    # Faults
    ("vouches for {} records, more than there are before it",
     "bürgt für {} Aufzeichnungen, mehr als davor vorhanden sind"),
    ("vouches for a head that log/checkpoints.log does not have: records were taken away, or it is of another log",
     "bürgt für einen Stand, den log/checkpoints.log nicht hat: Aufzeichnungen wurden entfernt, oder es gehört zu "
     "einem "
     "anderen Protokoll"),
    ("no cosignature of the witness {}, and one was demanded",
     "keine Gegenzeichnung des Gegenzeichners {}, und sie wurde verlangt"),
    ("has another root for {} records than this log: there are two histories, and the same key signed both",
     "hat für {} Aufzeichnungen eine andere Wurzel als dieses Protokoll: Es gibt zwei Geschichten, und derselbe "
     "Schlüssel "
     "hat beide unterzeichnet"),
    ("is of {} records, and the log does not have that many any more",
     "gilt für {} Aufzeichnungen, und so viele hat das Protokoll nicht mehr"),
    ("names log/{}, which is missing", "nennt log/{}; die Datei fehlt"),
    ("says something else than log/{}, which it names", "sagt anderes als log/{}, das es nennt"),
    ("not the bytes that its name is the hash of", "nicht die Bytes, deren Prüfsumme der Name ist"),
    ("not what was signed: the tree of {} records has another root than its checkpoint",
     "nicht, was unterzeichnet wurde: Der Baum von {} Aufzeichnungen hat eine andere Wurzel als sein Kontrollpunkt"),
    ("no tile can be called so", "so kann keine Kachel heißen"),
    ("{} bytes, not the {} of its width", "{} Bytes statt der {}, die zu ihrer Breite gehören"),
    ("not what the record committed to", "nicht, worauf die Aufzeichnung sich festgelegt hat"),
    ("not the hash of record {} and those under it", "nicht die Prüfsumme von Aufzeichnung {} und denen darunter"),
    ("stored under the name of another group", "unter dem Namen einer anderen Gruppe gespeichert"),
    ("the log names another key as its own", "Das Protokoll nennt einen anderen Schlüssel als seinen"),
    ("signed only by a key that nothing signed before it vouches for",
     "nur mit einem Schlüssel unterzeichnet, für den nichts zuvor Unterzeichnetes bürgt"),
    ("signed only by a key that record {} calls lost",
     "nur mit einem Schlüssel unterzeichnet, den Aufzeichnung {} verloren nennt"),
    ("{}, at byte {}", "{}, bei Byte {}"),
    ("the checkpoint of size {} is not in log/checkpoints.log",
     "Der Kontrollpunkt der Größe {} steht nicht in log/checkpoints.log"),
    ("the file is missing", "Die Datei fehlt"),
    ("missing, as are {} further segments", "fehlt, ebenso {} weitere Segmente"),
    ("the log ends after {} records, but {} were signed",
     "Das Protokoll endet nach {} Aufzeichnungen, unterzeichnet waren aber {}"),
    ("can not be read", "nicht lesbar"),
    ("more in it than one key and a line feed", "mehr darin als ein Schlüssel und ein Zeilenende"),
    ("of size {}, smaller than the {} before it", "von der Größe {}, kleiner als die {} davor"),
    ("names the document {}, but log/blobs/{} is missing", "nennt das Dokument {}, aber log/blobs/{} fehlt"),
    ("names the reservation {}, which no earlier record holds",
     "nennt den Nutzungsvorbehalt {}, den keine frühere Aufzeichnung enthält"),
    ("names the source {}, which no earlier record holds",
     "nennt die Quelle {}, die keine frühere Aufzeichnung enthält"),
    ("names the rule set {}, which no earlier record holds",
     "nennt das Regelwerk {}, das keine frühere Aufzeichnung enthält"),
    ("ends request {}, which is no earlier request or has ended",
     "beendet den Abruf {}, der kein früherer Abruf ist oder schon beendet war"),
    ("the reservation's digest is {}, not {}", "Die Prüfsumme des Nutzungsvorbehalts ist {}, nicht {}"),
    ("not the key that was given to verify with", "nicht der Schlüssel, mit dem geprüft werden sollte"),
    # Time
    ("no authority outside has put its time to this log: that it was not written later, all at once, only the key says",
     "Keine äußere Stelle hat diesem Protokoll ihre Zeit gegeben: Dass es nicht später auf einmal geschrieben wurde, "
     "sagt "
     "nur der Schlüssel"),
    ("records 0 to {} existed at {}", "Die Aufzeichnungen 0 bis {} gab es am {}"),
    ("unanchored since {}: {} newer records", "Seit {} ohne Zeitstempel: {} neuere Aufzeichnungen"),
    ("the widest bracket is {}: record {} was made between {} and {}",
     "Die weiteste Eingrenzung beträgt {}: Aufzeichnung {} entstand zwischen {} und {}"),
    ("before record {} no token is on record: those records may be older than they say",
     "Vor Aufzeichnung {} ist kein Zeitstempel aufgezeichnet: Diese Aufzeichnungen können älter sein, als sie angeben"),
    ("{} token of {}, qualified by the owner's account",
     "{} Zeitstempel von {}, nach Angabe des Inhabers qualifiziert"),
    ("{} tokens of {}, qualified by the owner's account",
     "{} Zeitstempel von {}, nach Angabe des Inhabers qualifiziert"),
    ("{} token of {}", "{} Zeitstempel von {}"),
    ("{} tokens of {}", "{} Zeitstempel von {}"),
    ("the witness {} saw no other history of this log: {} times, the last one at {} for records 0 to {}; its key lay "
     "with the log: compare it with the one that the witness gives",
     "Der Gegenzeichner {} sah keine andere Geschichte dieses Protokolls: {} Mal, zuletzt am {} für die Aufzeichnungen "
     "0 bis {}; sein Schlüssel lag beim Protokoll: Vergleichen Sie ihn mit dem, den der Gegenzeichner nennt"),
    ("the witness {} saw no other history of this log: {} times, the last one at {} for records 0 to {}; by its key as "
     "you gave it",
     "Der Gegenzeichner {} sah keine andere Geschichte dieses Protokolls: {} Mal, zuletzt am {} für die Aufzeichnungen "
     "0 bis {}; geprüft mit seinem Schlüssel, wie Sie ihn angegeben haben"),
    ("{} of the tokens are of certificates that have expired since; they were valid at the time in the token, and "
     "that is what counts",
     "{} der Zeitstempel sind von Zertifikaten, die inzwischen abgelaufen sind; zur Zeit des Stempels galten sie, und "
     "darauf "
     "kommt es an"),
    ("checked by the certificate {}, which lay with the log: compare them with what the authority publishes; "
     "SHA-256 {}",
     "geprüft mit dem Zertifikat {}, das beim Protokoll lag: Vergleichen Sie es mit dem, was die Stelle "
     "veröffentlicht; "
     "SHA-256 {}"),
    ("checked by the certificate {}, as you gave it; SHA-256 {}",
     "geprüft mit dem Zertifikat {}, wie Sie es angegeben haben; SHA-256 {}"),
    # Flaws of a frame, inside other sentences
    ("the file ends inside the head of a frame", "Die Datei endet im Kopf eines Rahmens"),
    ("the file ends inside a leaf", "Die Datei endet in einer Aufzeichnung"),
    ("the rest of the file is zeros", "Der Rest der Datei sind Nullen"),
    ("the length of the leaf is impossible", "Die Länge der Aufzeichnung ist unmöglich"),
    ("the bytes of the leaf do not have the hash beside them",
     "Die Bytes der Aufzeichnung haben nicht die Prüfsumme, die daneben steht"),
)  # fmt: skip
"""English and German; `{}` is a value, and `{1}` the second one where the order changes."""


german: Final = Forms(FORMS)
"""Returns a sentence in German; unchanged if it has no German form."""


def place(text: str) -> str:
    """Return where something was found, with German words for record and the like."""
    for english, word in _PLACES:
        text = text.replace(english, word)
    return text


_PLACES: Final = (
    (" of record ", " von Aufzeichnung "), (", records ", ", Aufzeichnungen "), (", record ", ", Aufzeichnung "),
    (", checkpoint ", ", Kontrollpunkt "), (", entry ", ", Eintrag "),
)  # fmt: skip
