"""The words of the drafts, in English and German.

Law as it was looked up on 2026-11-25: section 44b(3) UrhG (a reservation for works that are accessible online must be
machine-readable), section 97a(2) and (4) (what a warning letter must say; who pays for an unfounded one), section
101(1) to (3) and (9) (information from infringers on a commercial scale; from providers where the infringement is
obvious or an action is pending). Section 60d has no reservation: LG Hamburg 310 O 227/23.
"""

from collections.abc import Mapping, Sequence
from typing import Final

Text = Mapping[str, str]

WHO: Final[Mapping[bool, Text]] = {
    False: {
        "A": "by a client that identified itself as {claimed} of {operator} by a signature of the request, which was "
        "verified (grade A).",
        "B": "by a client that called itself {claimed} and whose address is in the list that {operator} publishes "
        "(grade B).",
        "C": "by a client that called itself {claimed} and whose address has a forward-confirmed name, or lies in a "
        "network, of {operator} (grade C).",
        "D": "by a client that called itself {claimed}. That is its own claim; whether it was a crawler of {operator} "
        "is "
        "not established (grade D).",
        "D nobody": "by a client that called itself {claimed}. That is its own word; who was behind it is not known "
        "(grade D).",
        "D refuted": "by a client that called itself {claimed}. The claim is refuted: its address is not in the list "
        "that {operator} publishes (grade D).",
        "E": "by clients that named nobody and are not identified (grade E).",
    },
    True: {
        "A": "durch einen Client, der sich durch eine geprüfte Signatur des Abrufs als {claimed} von {operator} "
        "ausgewiesen hat: kryptographisch nachgewiesen (Stufe A).",
        "B": "durch einen Client, der sich {claimed} nannte und dessen Adresse im veröffentlichten Bereich von "
        "{operator} "
        "liegt (Stufe B).",
        "C": "durch einen Client, der sich {claimed} nannte und dessen Adresse einen vorwärts bestätigten Namen von "
        "{operator} hat oder in einem Netz von {operator} liegt (Stufe C).",
        "D": "durch einen Client, der sich {claimed} nannte. Das ist seine eigene Angabe; ob es ein Crawler von "
        "{operator} war, ist nicht festgestellt (Stufe D).",
        "D nobody": "durch einen Client, der sich {claimed} nannte. Das ist seine eigene Angabe; wer dahinterstand, "
        "ist nicht bekannt (Stufe D).",
        "D refuted": "durch einen Client, der sich {claimed} nannte. Die Angabe ist widerlegt: Seine Adresse steht "
        "nicht in der von {operator} veröffentlichten Liste (Stufe D).",
        "E": "durch Clients, die niemanden nannten und nicht identifiziert sind (Stufe E).",
    },
}
"""Who asked, by grade; never more."""

LETTER: Final[Mapping[bool, Text]] = {
    False: {
        "draft": "DRAFT of {date}, made from the evidence log {log}. A template: read it, edit it, fill in what stands "
        "in [brackets], and have it checked before it is sent. Delete this paragraph.",
        "lawyer": "FOR A LAWYER. This draft asserts claims. Whether they exist is not for a program to say.",
        "head": "{sender}\n{contact}\n\n{date}\n\n{recipient}",
        "subject": "Requests to {site}: {names}",
        "dear": "Dear Sir or Madam,",
        "I publish": "I publish pictures at {site}.",
        "reserved": "The site carries a machine-readable reservation of rights, in robots.txt and elsewhere. The exact "
        "bytes that were in force are kept (SHA-256 of the whole: {digests}).",
        "records": "This is what my records show; times are UTC, numbers in brackets are those of the records.",
        "between": "Between {first} and {last} there were {count} requests",
        "between one": "At {first} there was {count} request",
        "answered": "They were answered as follows: {answers}.",
        "delivered": "{delivered} answers with a picture, in full or smaller, were sent completely.",
        "robots": "The site's robots.txt was delivered to one of these clients, first on {since}.",
        "marks": "Copies were issued under these marks: {marks}.",
        "list": "The first requests one by one:",
        "more": "and {count} more",
        "addresses": "The requests came from these addresses, with number of requests, first and last time:",
        "more addresses": "and further addresses, which I can name",
        "no path": "(path no longer stored)",
        "port": "port",
        "limits": "What was done with what was sent my records can not say.",
        "not yours": "If it was not your crawler, you may want to know that your name is used. I would be glad of a "
        "word "
        "either way.",
        "bundle": "I can provide a bundle with which an expert can check all of this without having to trust me.",
        "end": "Yours faithfully\n\n{sender}",
        "nobody": "clients that named nobody",
        "no name": "nobody",
        "no operator": "the operator that it names",
        "fill sender": "[your name and address]",
        "fill contact": "[how to reach you]",
        "fill recipient": "[name and address of the recipient]",
        "answer allow": "let through",
        "answer mark": "a marked copy",
        "answer preview": "a small preview",
        "answer display": "the display size",
        "answer refuse": "refused",
        "answer throttle": "slowed down",
        "answer challenge": "asked for a sign of a person",
        "answer charge": "referred to a licence",
        "answer drop": "connection closed",
    },
    True: {
        "draft": "ENTWURF vom {date}, erstellt aus dem Beweisprotokoll {log}. Eine Vorlage: bitte lesen, bearbeiten, "
        "ergänzen, was in [Klammern] steht, und vor dem Versand prüfen lassen. Diesen Absatz löschen.",
        "lawyer": "FÜR ANWÄLTINNEN UND ANWÄLTE. Dieser Entwurf macht Ansprüche geltend. Ob sie bestehen, kann ein "
        "Programm "
        "nicht sagen.",
        "head": "{sender}\n{contact}\n\n{date}\n\n{recipient}",
        "subject": "Abrufe bei {site}: {names}",
        "dear": "Sehr geehrte Damen und Herren,",
        "I publish": "ich veröffentliche Bilder auf {site}.",
        "reserved": "Die Website trägt einen maschinenlesbaren Nutzungsvorbehalt, in robots.txt und an weiteren "
        "Stellen. "
        "Der genaue Wortlaut, der jeweils galt, ist aufbewahrt (SHA-256 des Ganzen: {digests}).",
        "records": "Meine Aufzeichnungen zeigen Folgendes; Zeiten in UTC, in Klammern die Nummern der Aufzeichnungen.",
        "between": "Zwischen {first} und {last} gab es {count} Abrufe",
        "between one": "Am {first} gab es {count} Abruf",
        "answered": "Beantwortet wurden sie so: {answers}.",
        "delivered": "{delivered} Antworten mit einem Bild, in voller Größe oder kleiner, wurden vollständig gesendet.",
        "robots": "Die robots.txt der Website wurde an einen dieser Clients ausgeliefert, zuerst am {since}.",
        "marks": "Kopien wurden unter diesen Kennungen ausgegeben: {marks}.",
        "list": "Die ersten Abrufe im Einzelnen:",
        "more": "und {count} weitere",
        "addresses": "Die Abrufe kamen von diesen Adressen, mit Zahl der Abrufe, erster und letzter Zeit:",
        "more addresses": "und von weiteren Adressen, die ich nennen kann",
        "no path": "(Pfad nicht mehr gespeichert)",
        "port": "Port",
        "limits": "Was mit dem Gesendeten geschehen ist, können meine Aufzeichnungen nicht sagen.",
        "not yours": "Wenn es nicht Ihr Crawler war, möchten Sie vielleicht wissen, dass Ihr Name benutzt wird. Über "
        "eine "
        "kurze Nachricht freue ich mich in beiden Fällen.",
        "bundle": "Gern stelle ich ein Beweispaket bereit, mit dem sachverständige Dritte all dies nachprüfen können, "
        "ohne "
        "mir glauben zu müssen.",
        "end": "Mit freundlichen Grüßen\n\n{sender}",
        "nobody": "Clients, die niemanden nannten",
        "no name": "niemand",
        "no operator": "dem genannten Betreiber",
        "fill sender": "[Ihr Name und Ihre Anschrift]",
        "fill contact": "[Ihre Erreichbarkeit]",
        "fill recipient": "[Name und Anschrift des Empfängers]",
        "answer allow": "durchgelassen",
        "answer mark": "markierte Kopie",
        "answer preview": "kleine Vorschau",
        "answer display": "Anzeigegröße",
        "answer refuse": "verweigert",
        "answer throttle": "gebremst",
        "answer challenge": "um ein Zeichen eines Menschen gebeten",
        "answer charge": "auf eine Lizenz verwiesen",
        "answer drop": "Verbindung geschlossen",
    },
}

ASKS: Final[Mapping[bool, Mapping[str, Mapping[str, Sequence[str]]]]] = {
    False: {
        "request": {
            "asks": (
                "May I ask you whether these requests were made by you or on your behalf, whether copies of the "
                "pictures "
                "are kept, and to heed the reservation? There is no deadline; I would be glad to hear from you.",
            ),
        },
        "removal": {
            "asks": (
                "May I ask you to leave my pictures on {site} out of your crawls and data sets from now on, and to "
                "take out "
                "entries and copies that are there already? [Name the pictures, or a list of addresses; see "
                "guard dataset optout.]",
            ),
        },
        "host": {
            "asks": (
                "The addresses are, as far as I can see, in your network. [Check this first.] May I ask you to look "
                "into "
                "whether these requests are in line with your terms of use, and to pass on to your customer that "
                "rights in "
                "the pictures are reserved? I do not ask you for data about your customer.",
            ),
        },
        "information": {
            "check": (
                "To be decided before it is sent:\n"
                "- Which act infringed which right, and by whom? The records show requests and answers, and nothing "
                "after "
                "them.\n"
                "- Is it permitted by law? Section 44b UrhG permits copies for text and data mining unless they are "
                "reserved, for works accessible online in machine-readable form (para. 3); section 60d (research) "
                "knows no "
                "reservation.\n"
                "- Against the infringer, section 101(1) UrhG needs an infringement on a commercial scale; against a "
                "provider, section 101(2) no. 3 an obvious infringement, or a pending action. Traffic data needs a "
                "court "
                "order (section 101(9)).\n"
                "- Is the sender entitled (author, chain of title)?",
            ),
            "asks": (
                "[For …, whom I represent,] I ask for information under section 101 UrhG about the origin and the "
                "distribution channel of the copies of the pictures named above [which are: …], in particular the "
                "names and "
                "addresses named in section 101(3) UrhG, by [date].",
                "[Legal reasoning]",
            ),
        },
        "cease": {
            "check": (
                "To be decided before it is sent:\n"
                "- Which act infringed which right? The records show requests and answers, and nothing after them.\n"
                "- Is it permitted by law? Section 44b UrhG permits copies for text and data mining unless they are "
                "reserved, for works accessible online in machine-readable form (para. 3); section 60d (research) "
                "knows no "
                "reservation.\n"
                "- Section 97a(2) UrhG: without these a warning letter is ineffective: name or firm of the injured "
                "party, "
                "if a representative sends it; the infringement, precisely; claims for payment, broken down into "
                "damages "
                "and expenses; if an undertaking is demanded, whether it goes considerably beyond the infringement.\n"
                "- Is the sender entitled (author, chain of title)?",
            ),
            "asks": (
                "[Name or firm of the injured party, whom I represent: …]",
                "[The infringement, precisely: which picture (show it), which act, when, where]",
                "I call on you to cease and desist [from …], and to give the enclosed undertaking by [date]. [It goes "
                "/ does "
                "not go considerably beyond the infringement.]",
                "[Claims for payment, broken down into damages and expenses]",
            ),
        },
    },
    True: {
        "request": {
            "asks": (
                "Darf ich Sie fragen, ob diese Abrufe von Ihnen oder in Ihrem Auftrag erfolgten und ob Kopien der "
                "Bilder "
                "aufbewahrt werden, und Sie bitten, den Vorbehalt zu beachten? Eine Frist setze ich nicht; über eine "
                "Nachricht freue ich mich.",
            ),
        },
        "removal": {
            "asks": (
                "Darf ich Sie bitten, meine Bilder auf {site} künftig bei Ihren Abrufen und Datensätzen auszulassen "
                "und "
                "bereits vorhandene Einträge und Kopien herauszunehmen? [Bilder oder eine Liste der Adressen nennen; "
                "siehe "
                "guard dataset optout.]",
            ),
        },
        "host": {
            "asks": (
                "Die Adressen liegen, soweit ich sehe, in Ihrem Netz. [Vorher prüfen.] Darf ich Sie bitten zu prüfen, "
                "ob "
                "diese Abrufe mit Ihren Nutzungsbedingungen vereinbar sind, und an Ihre Kundin oder Ihren Kunden "
                "weiterzugeben, dass die Rechte an den Bildern vorbehalten sind? Um Daten über diese Person bitte ich "
                "nicht.",
            ),
        },
        "information": {
            "check": (
                "Vor dem Versand zu entscheiden:\n"
                "- Welche Handlung hat welches Recht verletzt, und wessen Handlung war es? Die Aufzeichnungen zeigen "
                "Abrufe "
                "und Antworten, nichts danach.\n"
                "- Ist sie gesetzlich erlaubt? § 44b UrhG erlaubt Vervielfältigungen für Text und Data Mining, wenn "
                "sie nicht "
                "vorbehalten sind, bei online zugänglichen Werken in maschinenlesbarer Form (Abs. 3); § 60d "
                "(Forschung) "
                "kennt keinen Vorbehalt.\n"
                "- Gegen Verletzer setzt § 101 Abs. 1 UrhG eine Verletzung in gewerblichem Ausmaß voraus, gegen "
                "Dienstleister "
                "§ 101 Abs. 2 Nr. 3 eine offensichtliche Verletzung oder eine erhobene Klage. Für Verkehrsdaten ist "
                "eine "
                "richterliche Anordnung nötig (§ 101 Abs. 9).\n"
                "- Ist die absendende Person berechtigt (Urheberschaft, Rechtekette)?",
            ),
            "asks": (
                "[Namens und in Vollmacht von …] bitte ich nach § 101 UrhG um Auskunft über Herkunft und Vertriebsweg "
                "der "
                "Vervielfältigungsstücke der oben genannten Bilder [nämlich: …], insbesondere über die in § 101 Abs. 3 "
                "UrhG "
                "genannten Namen und Anschriften, bis zum [Datum].",
                "[Rechtliche Begründung]",
            ),
        },
        "cease": {
            "check": (
                "Vor dem Versand zu entscheiden:\n"
                "- Welche Handlung hat welches Recht verletzt? Die Aufzeichnungen zeigen Abrufe und Antworten, nichts "
                "danach."
                "\n"
                "- Ist sie gesetzlich erlaubt? § 44b UrhG erlaubt Vervielfältigungen für Text und Data Mining, wenn "
                "sie nicht "
                "vorbehalten sind, bei online zugänglichen Werken in maschinenlesbarer Form (Abs. 3); § 60d "
                "(Forschung) "
                "kennt keinen Vorbehalt.\n"
                "- § 97a Abs. 2 UrhG, sonst ist die Abmahnung unwirksam: Name oder Firma des Verletzten, wenn ein "
                "Vertreter "
                "abmahnt; die Rechtsverletzung, genau bezeichnet; Zahlungsansprüche, aufgeschlüsselt nach "
                "Schadensersatz und "
                "Aufwendungsersatz; bei geforderter Unterlassungsverpflichtung, ob sie erheblich über die abgemahnte "
                "Rechtsverletzung hinausgeht.\n"
                "- Ist die absendende Person berechtigt (Urheberschaft, Rechtekette)?",
            ),
            "asks": (
                "[Name oder Firma des Verletzten, den ich vertrete: …]",
                "[Die Rechtsverletzung, genau bezeichnet: welches Bild (zeigen), welche Handlung, wann, wo]",
                "Ich fordere Sie auf, es zu unterlassen, [… ], und die beigefügte Verpflichtungserklärung bis zum "
                "[Datum] "
                "abzugeben. [Sie geht / geht nicht erheblich über die abgemahnte Rechtsverletzung hinaus.]",
                "[Zahlungsansprüche, aufgeschlüsselt nach Schadensersatz und Aufwendungsersatz]",
            ),
        },
    },
}
"""What each letter asks for, and what is to be decided before one for lawyers is sent."""
