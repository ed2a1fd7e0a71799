"""What `guard init` asks and writes, in English and German."""

from typing import Final, Literal

from guard.forms import Forms

Language = Literal["en", "de"]

QUESTIONS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "host": "Your site's name, as people type it",
        "upstream": "Where the site itself answers",
        "profile": "Your gallery program",
        "holder": "Who holds the rights to the pictures",
        "contact": "Where to ask for a licence (an address or e-mail; may stay empty)",
        "train": "May AI models be trained with your pictures?",
        "ai_use": "May AI systems use your pictures when they answer?",
        "behind": "Is there another web server in front of the guard, on this machine?",
        "evidence": "Where evidence is kept",
        "yes_or_no": "[y/N]",
        "no_terminal": "name it with {option}: there is no terminal to ask at",
        "unclear": "answer y for yes or n for no; empty is no",
    },
    "de": {
        "host": "Name Ihrer Website, wie man ihn eintippt",
        "upstream": "Wo die Website selbst antwortet",
        "profile": "Ihr Galerieprogramm",
        "holder": "Wem die Rechte an den Bildern gehören",
        "contact": "Wo man um eine Lizenz bittet (Adresse oder E-Mail; darf leer bleiben)",
        "train": "Dürfen KI-Modelle mit Ihren Bildern trainiert werden?",
        "ai_use": "Dürfen KI-Systeme Ihre Bilder für Antworten verwenden?",
        "behind": "Steht auf diesem Rechner noch ein anderer Webserver davor?",
        "evidence": "Wo die Beweise aufbewahrt werden",
        "yes_or_no": "[j/N]",
        "no_terminal": "nennen Sie es mit {option}: hier ist kein Terminal, um zu fragen",
        "unclear": "antworten Sie mit j für ja oder n für nein; leer heißt nein",
    },
}

WRITTEN: Final[dict[str, str]] = {
    "en": """\
# Written by `guard init`. `guard check` tells what is wrong here, all at once; the README names every setting.
sites:
  - host: {host}
    upstream: {upstream}      # the site itself
    profile: {profile}
rights:
  holder: {holder}
  contact: {contact}
  train: {train}          # may they train models with your pictures?
  ai_use: {ai_use}         # may AI systems use them when they answer?
  search: yes        # may search engines show them?
{front}
policy: moderate     # open, moderate or strict
evidence:
  directory: {evidence}
""",
    "de": """\
# Geschrieben von `guard init`. `guard check` sagt auf einmal, was hier nicht stimmt; jede Einstellung steht im README.
sites:
  - host: {host}
    upstream: {upstream}      # die Website selbst
    profile: {profile}
rights:
  holder: {holder}
  contact: {contact}
  train: {train}          # dürfen Modelle mit Ihren Bildern trainiert werden?
  ai_use: {ai_use}         # dürfen KI-Systeme sie für Antworten verwenden?
  search: yes        # dürfen Suchmaschinen sie zeigen?
{front}
policy: moderate     # open, moderate oder strict
evidence:
  directory: {evidence}
""",
}

NEXT: Final[dict[str, str]] = {
    "en": """\
{file} is written. Next:
  guard check -c {file}      what it comes to
  guard serve -c {file}      guard the site; people and search engines see what they saw
For the first seven days nobody is refused for how they behave: the guard is learning.""",
    "de": """\
{file} ist geschrieben. So geht es weiter:
  guard check -c {file}      was daraus wird
  guard serve -c {file}      die Website bewachen; Menschen und Suchmaschinen sehen, was sie sahen
In den ersten sieben Tagen wird niemand wegen seines Verhaltens abgewiesen: da lernt guard noch.""",
}

WRONG: Final = Forms(
    (
        ("{}; did you mean '{}'?", "{}; meinten Sie '{}'?"),
        ("must be one line without control characters", "muss eine Zeile ohne Steuerzeichen sein"),
        ("must have at most {} characters", "darf höchstens {} Zeichen haben"),
        ("must be a host name like photo.example", "muss ein Hostname wie photo.example sein"),
        ("must be a name only, without 'http://' or 'https://'",
         "muss nur der Name sein, ohne 'http://' oder 'https://'"),
        ("must be a host name, or an IPv6 address in brackets",
         "muss ein Hostname sein, oder eine IPv6-Adresse in Klammern"),
        ("must be a name without a port", "muss ein Name ohne Port sein"),
        ("must be written in its ASCII form", "muss in der ASCII-Form stehen"),
        ("must be a host name in its ASCII form", "muss ein Hostname in der ASCII-Form sein"),
        ("must be one whole name, or * alone for every name",
         "muss ein ganzer Name sein, oder * allein für jeden Namen"),
        ("must name the socket by its whole path, at most 100 bytes, like {}",
         "muss den Socket mit ganzem Pfad nennen, höchstens 100 Bytes, wie {}"),
        ("must be where the site itself answers, like {} or {}",
         "muss sagen, wo die Website selbst antwortet, wie {} oder {}"),
        ("must not carry a user name or a password", "darf weder Benutzernamen noch Passwort enthalten"),
        ("must end after the host and port, without a path", "muss nach Host und Port enden, ohne Pfad"),
        ("must be one of {}", "muss eines davon sein: {}"),
    )
)  # fmt: skip
"""What is wrong with an answer, in German."""
