"""What is wrong with a bundle, in German?

Its verifier comes with every bundle and speaks English; see `guard.forms`.
"""

from typing import Final

from guard.cli.evidence_verify_de import FORMS as OF_A_LOG
from guard.forms import Forms

FORMS: Final[tuple[tuple[str, str], ...]] = (
    ("this is no bundle: it does not begin as one does, or its first bytes were changed",
     "das ist kein Beweispaket: Es beginnt nicht wie eines, oder seine ersten Bytes wurden geändert"),
    ("{}: twice, out of place, or a path that leads elsewhere",
     "{}: doppelt, am falschen Platz, oder ein Pfad, der anderswohin führt"),
    ("{}: compressed, no plain file, another check sum, or cut off",
     "{}: komprimiert, keine einfache Datei, andere Prüfsumme, oder abgeschnitten"),
    ("another directory than that of its files", "ein anderes Verzeichnis als das seiner Dateien"),
    ("no base64", "kein Base64"),
    ("missing, or not of the form that was written", "fehlt, oder nicht in der Form, in der es geschrieben wurde"),
    ("a key's characters", "Zeichen eines Schlüssels"),
    ("a number", "eine Zahl"),
    ("not canonically spelled", "nicht in der festgelegten Schreibweise"),
    ("no JSON", "kein JSON"),
    ("not readable: {}", "nicht lesbar: {}"),
    ("a link in it, which may lead anywhere", "darin ist ein Verweis, der überallhin führen kann"),
    ("missing, not listed, or not the bytes that the manifest lists",
     "fehlt, steht nicht im Manifest, oder nicht die Bytes, die es nennt"),
    ("not exactly one line for each file, in order", "nicht genau eine Zeile für jede Datei, der Reihe nach"),
    ("not a manifest of exactly these files", "kein Manifest genau dieser Dateien"),
    ("no key of a log", "kein Schlüssel eines Protokolls"),
    ("another key", "ein anderer Schlüssel"),
    ("not the key to verify with", "nicht der Schlüssel, mit dem geprüft werden soll"),
    ("no head is called so", "so heißt kein Kopf"),
    ("does not grow into the last head", "wächst nicht in den letzten Kopf hinein"),
    ("does not show how every head grew", "zeigt nicht, wie jeder Kopf gewachsen ist"),
    ("no line of a signature", "keine Zeile einer Signatur"),
    ("a wrong signature", "eine falsche Signatur"),
    ("not signed by the log, or another head than its name says",
     "nicht vom Protokoll signiert, oder ein anderer Kopf, als der Name sagt"),
    ("no range", "kein Bereich"),
    ("not the signed subtrees before the range", "nicht die signierten Teilbäume vor dem Bereich"),
    ("not every record of the range, or not what was signed",
     "nicht jede Aufzeichnung des Bereichs, oder nicht das, was signiert wurde"),
    ("not one line for each", "nicht eine Zeile für jede"),
    ("not the record that was signed", "nicht die Aufzeichnung, die signiert wurde"),
    ("a key that none before signed for", "ein Schlüssel, für den kein früherer signiert hat"),
    ("does not lead from its record to the last head", "führt nicht von seiner Aufzeichnung zum letzten Kopf"),
    ("of no record that needs one", "gehört zu keiner Aufzeichnung, die es braucht"),
    ("not what the record commits to, twice, or not of a record that matters",
     "nicht, worauf die Aufzeichnung sich festlegt, doppelt, oder nicht von einer, um die es geht"),
    ("not its digest's set", "nicht die Fassung zu ihrer Prüfsumme"),
    ("names a reservation that no earlier record holds",
     "nennt einen Nutzungsvorbehalt, den keine frühere Aufzeichnung enthält"),
    ("not the document that its name says", "nicht das Dokument, das sein Name sagt"),
    ("a document that is missing, or that no record names",
     "ein Dokument, das fehlt oder das keine Aufzeichnung nennt"),
    ("no record names it for a head that is here", "keine Aufzeichnung nennt es für einen Kopf, der hier ist"),
)  # fmt: skip
"""English and German; `{}` is a value."""

german: Final = Forms((*FORMS, *OF_A_LOG))
"""Returns what is wrong in German; unchanged if it has no German form."""
