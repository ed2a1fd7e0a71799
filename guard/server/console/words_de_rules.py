"""What do shipped rules and their answers say, and who looks for a request that there is not, in German?

A rule of the owner's own says what the owner wrote, in whatever language.
"""

from typing import Final

from guard.forms import Forms

FORMS: Final[tuple[tuple[str, str], ...]] = (
    ("The user agent carries a name that its operator uses in robots.txt only and never sends.",
     "Der User-Agent trägt einen Namen, den sein Betreiber nur in robots.txt verwendet und nie sendet."),
    ("The claim is refuted, the address is not in the operator's list.",
     "Die Angabe ist widerlegt: Die Adresse ist nicht in der Betreiberliste."),
    ("The rights holder has licensed this use to this client.",
     "Der Rechteinhaber hat diesem Client diese Nutzung lizenziert."),
    ("It collects for training or data sets, and that right is reserved.",
     "Er sammelt für Training oder Datensätze, und dieses Recht ist vorbehalten."),
    ("It names itself an AI client, and nobody says what it collects for.",
     "Er nennt sich einen KI-Client, und niemand sagt, wofür er sammelt."),
    ("Nobody knows this robot, and by its own name, words or address it is of the AI trade.",
     "Niemand kennt diesen Roboter, und nach Name, Worten oder Adresse gehört er zur KI-Branche."),
    ("It is a scraping service or framework, and who is behind it is not known.",
     "Er ist ein Dienst oder Werkzeug zum Abgreifen, und wer dahintersteht, ist nicht bekannt."),
    ("Search engines, link previews and searches for stolen pictures see what people see.",
     "Suchmaschinen, Linkvorschauen und die Suche nach gestohlenen Bildern sehen, was Menschen sehen."),
    ("The claim could not be checked, so originals come in the display size, and nothing is refused.",
     "Die Angabe war nicht nachprüfbar: Originale kommen in Anzeigegröße, und nichts wird abgewiesen."),
    ("The claim could not be checked, so originals come in the display size.",
     "Die Angabe war nicht nachprüfbar: Originale kommen in Anzeigegröße."),
    ("Whoever makes your pages known sees them.", "Wer Ihre Seiten bekannt macht, sieht sie."),
    ("An assistant acts for a person and gets previews, as many as a person would look at.",
     "Ein Assistent handelt für einen Menschen und bekommt Vorschauen, so viele, wie ein Mensch ansähe."),
    ("AI search may show where a picture is, and gets previews.",
     "KI-Suche darf zeigen, wo ein Bild ist, und bekommt Vorschauen."),
    ("It is a program that copies, not a browser, and gets previews.",
     "Es ist ein Kopierprogramm, kein Browser, und bekommt Vorschauen."),
    ("It is a program that copies, not a browser.", "Es ist ein Kopierprogramm, kein Browser."),
    ("This service looks at pages and needs no pictures in full size.",
     "Dieser Dienst sieht sich Seiten an und braucht keine Bilder in voller Größe."),
    ("This service looks at pages and needs no pictures.",
     "Dieser Dienst sieht sich Seiten an und braucht keine Bilder."),
    ("It says that it is a robot, and nobody knows what it collects for.",
     "Er sagt, dass er ein Roboter ist, und niemand weiß, wofür er sammelt."),
    ("It fetches like a program and hides it, by two independent kinds of signs.",
     "Er ruft ab wie ein Programm und verbirgt es; dafür sprechen zwei unabhängige Arten von Zeichen."),
    ("It fetches as no person does, by one kind of sign, and gets marked copies, or smaller ones as long as there are "
     "none.",
     "Er ruft ab wie kein Mensch; dafür spricht eine Art von Zeichen. Er bekommt gekennzeichnete Kopien, oder "
     "kleinere, solange es keine gibt."),
    ("It fetches more than a person would, and gets previews.",
     "Er ruft mehr ab, als ein Mensch es täte, und bekommt Vorschauen."),
    ("Originals are given after a look at a page, and there was none.",
     "Originale gibt es nach dem Besuch einer Seite, und den gab es nicht."),
    ("No other rule matched; people see everything.", "Keine andere Regel traf zu; Menschen sehen alles."),
    ("No other rule matched; everybody else sees everything.", "Keine andere Regel traf zu; alle anderen sehen alles."),
    ("This site is not open to AI assistants.", "Diese Website ist nicht für KI-Assistenten offen."),
    ("This site is not open to AI search.", "Diese Website ist nicht für KI-Suche offen."),
    ("Its own pages and apps work through these addresses, and fetch as no reader does.",
     "Ihre eigenen Seiten und Apps arbeiten über diese Adressen und rufen ab wie kein Leser."),
    ("The gallery itself gives these addresses to nobody who has not logged in.",
     "Die Galerie selbst gibt diese Adressen niemandem, der nicht angemeldet ist."),
    ("A data set lists this picture's address.", "Ein Datensatz führt die Adresse dieses Bildes."),
    ("A data set lists this picture's address, and the client behaves like a program.",
     "Ein Datensatz führt die Adresse dieses Bildes, und der Client verhält sich wie ein Programm."),
    ("A data set lists this picture's address, and whoever asks has looked at no page.",
     "Ein Datensatz führt die Adresse dieses Bildes, und wer fragt, hat keine Seite angesehen."),
    # What is sent, as guard.cli.explain_tree says it
    ("what the site sends, as it is", "was die Website sendet, wie es ist"),
    ("the picture in the display size; a smaller one as it is", "das Bild in Anzeigegröße; ein kleineres, wie es ist"),
    ("the picture in the preview size; a smaller one as it is", "das Bild als Vorschau; ein kleineres, wie es ist"),
    ("the picture in the thumbnail size; a smaller one as it is", "das Bild als Miniatur; ein kleineres, wie es ist"),
    ("the picture under the client's own invisible mark; smaller while no copy is ready",
     "das Bild mit unsichtbarem Kennzeichen des Clients; kleiner, solange keine Kopie bereit ist"),
    ("status {} with a picture that says so", "Status {} mit einem Bild, das dies sagt"),
    ("status {} with a short page", "Status {} mit einer kurzen Seite"),
    ("status {} with problem+json", "Status {} mit problem+json"),
    ("a page that lets through who keeps a cookie", "eine Seite, die durchlässt, wer ein Cookie behält"),
    ("a page that shows the picture and gives a ticket for it",
     "eine Seite, die das Bild zeigt und ein Ticket dafür gibt"),
    ("nothing; the connection is closed", "nichts; die Verbindung wird geschlossen"),
    # What is looked for in vain
    ("there is no record {} in {}, which holds {} records", "In {1} gibt es keine Aufzeichnung {0}; es sind {2}"),
    ("there is no request with the reference {} in {}, which holds {} records",
     "In {1} gibt es keine Anfrage mit der Kennung {0} unter {2} Aufzeichnungen"),
)  # fmt: skip
"""English and German."""

_german: Final = Forms(FORMS)


def of_rule(language: str, text: str) -> str:
    """Return what a rule says in the reader's language, as far as it is known there."""
    return _german(text) if language == "de" else text


def spoken(language: str, text: str) -> str:
    """Return the language in which `of_rule` says it."""
    return "de" if language == "de" and _german(text) != text else "en"
