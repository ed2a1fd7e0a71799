"""What does the doctor say, in German?

Also the warnings of a configuration, which the doctor passes on.
"""

from dataclasses import replace
from typing import Final

from guard.cli.doctor import Finding
from guard.forms import Forms

NAMES: Final[tuple[tuple[str, str], ...]] = (
    ("client address", "Adresse des Clients"),
    ("way around the guard to {}", "Weg am Guard vorbei zu {}"),
    ("clock", "Uhr"),
    ("disk", "Platte"),
    ("image workers", "Bildprozesse"),
    ("rules", "Regeln"),
    ("lists of addresses", "Adresslisten"),
    ("guard", "Guard"),
    ("configuration", "Konfiguration"),
    ("pictures", "Bilder"),
    ("pictures of {}", "Bilder von {}"),
    ("robots.txt of {}", "robots.txt von {}"),
    ("cache in front of {}", "Zwischenspeicher vor {}"),
)
"""What was looked at."""

FORMS: Final[tuple[tuple[str, str], ...]] = (
    # Whose address counts
    ("{}; but {}% of the requests carry a forwarding header from a server that is not trusted, so all its visitors "
     "look like one client",
     "{}; aber {} % der Anfragen tragen einen Weiterleitungskopf von einem Server, dem nicht vertraut wird: Alle seine "
     "Besucher sehen wie ein einziger Client aus"),
    ("{}; of {} requests the header could not be read, so the server in front stood in for the client",
     "{}; bei {} Anfragen war der Kopf nicht lesbar, dort steht der Server davor für den Client"),
    ("the client is whoever opens the connection (client_ip: peer)",
     "Der Client ist, wer die Verbindung öffnet (client_ip: peer)"),
    ("the client is read from {}, from the right, up to the first address that is not in {}",
     "Der Client wird aus {} gelesen, von rechts, bis zur ersten Adresse, die nicht in {} liegt"),
    ("if that server is yours, name it: {}", "Ist es Ihr Server, so nennen Sie ihn: {}"),
    ("see that it sends this field, and once", "Sorgen Sie dafür, dass er dieses Feld sendet, und nur einmal"),
    # Ways around
    ("the site is behind a unix socket, which nobody outside can reach",
     "Die Website liegt hinter einem Unix-Socket, den von außen niemand erreicht"),
    ("the site is on another machine, {}; from here nobody can see who else reaches it",
     "Die Website liegt auf einem anderen Rechner, {}; wer ihn sonst erreicht, ist von hier nicht zu sehen"),
    ("let its firewall admit only this machine on port {}",
     "Seine Firewall soll auf Port {} nur diesen Rechner zulassen"),
    ("port {} of the site listens on {}: whoever asks there gets the pictures without the guard",
     "Port {} der Website ist auf {} offen: Wer dort anfragt, bekommt die Bilder am Guard vorbei"),
    ("all addresses", "allen Adressen"),
    ("let it listen on {} only, or close the port in the firewall",
     "Lassen Sie ihn nur auf {} lauschen, oder schließen Sie den Port in der Firewall"),
    ("port {} of the site listens for this machine only", "Port {} der Website ist nur für diesen Rechner offen"),
    ("nothing listens on port {}, where the site should be",
     "Auf Port {}, wo die Website sein sollte, antwortet nichts"),
    ("start it", "Starten Sie sie"),
    # This machine
    ("this system does not tell whether its clock is right", "Dieses System sagt nicht, ob seine Uhr richtig geht"),
    ("the clock is not held to a time server; records carry its time",
     "Die Uhr wird nach keinem Zeitserver gestellt; Aufzeichnungen tragen ihre Zeit"),
    ("run chrony or systemd-timesyncd, or see that the host of this container does",
     "Betreiben Sie chrony oder systemd-timesyncd, bei einem Container auf dem Rechner darunter"),
    ("the clock is held to a time server", "Die Uhr wird nach einem Zeitserver gestellt"),
    ("{} has only {} left", "In {} sind nur noch {} frei"),
    ("{} has {} left", "In {} sind {} frei"),
    ("make room; the log must not stop", "Schaffen Sie Platz; das Protokoll darf nicht stehen bleiben"),
    ("they have no network, and of the files nothing but the program's own",
     "Sie haben kein Netz, und von den Dateien nur die des Programms"),
    ("this kernel does not confine them: no {}; memory, time and writing are bounded all the same",
     "Dieser Kernel schränkt sie nicht ein: Es fehlt {}; Speicher, Zeit und Schreiben sind trotzdem begrenzt"),
    ("landlock (files) and seccomp (network)", "Landlock (Dateien) und seccomp (Netz)"),
    ("landlock (files)", "Landlock (Dateien)"),
    ("seccomp (network)", "seccomp (Netz)"),
    ("a newer Linux has both (5.13, with `landlock` among its lsm=); in a container, see that its seccomp profile "
     "lets landlock_create_ruleset through",
     "Ein neueres Linux hat beides (5.13, mit `landlock` unter lsm=); in einem Container muss dessen seccomp-Profil "
     "landlock_create_ruleset durchlassen"),
    ("the catalogue of crawlers was checked on {}, {} days ago",
     "Der Katalog der Crawler wurde am {} geprüft, vor {} Tagen"),
    ("take a newer version of the program", "Nehmen Sie eine neuere Version des Programms"),
    ("{} of {} are older than {} days: a forged crawler is not found out by them",
     "{} von {} sind älter als {} Tage: Ein gefälschter Crawler fällt damit nicht auf"),
    ("guard rules update, or identity: {}", "guard rules update, oder identity: {}"),
    ("all {} are fresh: they confirm and refute claims", "Alle {} sind frisch: Sie bestätigen und widerlegen Angaben"),
    ("it runs, at {}", "Er läuft, auf {}"),
    ("`admin` is off, so nobody can see whether it runs", "`admin` ist aus; ob er läuft, ist nicht zu sehen"),
    ("nobody answers at {}", "Auf {} antwortet niemand"),
    # The site from the front
    ("a site without a name (host: '*') can not be looked at",
     "Eine Website ohne Namen (host: '*') lässt sich nicht ansehen"),
    ("{} does not come through the guard ({})", "{} kommt nicht durch den Guard ({})"),
    ("try --page PATH", "Versuchen Sie --page PFAD"),
    ("{} shows no pictures without scripts", "{} zeigt ohne Skripte keine Bilder"),
    ("all {} pictures of {} go through the guard", "Alle {} Bilder von {} gehen durch den Guard"),
    ("{}% of the pictures of {} bypass the guard: they come from {}",
     "{} % der Bilder von {} gehen am Guard vorbei: Sie kommen von {}"),
    ("let the site give its own addresses for them, or guard that host too",
     "Die Website soll dafür eigene Adressen nennen, oder stellen Sie den Guard auch vor jenen Host"),
    ("the world does not get one ({})", "Die Welt bekommt keine ({})"),
    ("status {}", "Status {}"),
    ("see the server in front", "Sehen Sie nach dem Server davor"),
    ("the world gets another one than the guard gives", "Die Welt bekommt eine andere, als der Guard gibt"),
    ("let the server in front pass /robots.txt on; if it is a cache, empty it",
     "Der Server davor soll /robots.txt weitergeben; ist er ein Zwischenspeicher, so leeren Sie ihn"),
    ("the world gets the guard's", "Die Welt bekommt die des Guards"),
    ("{} does not come from the public address", "{} kommt von der öffentlichen Adresse nicht"),
    ("the guard gives {} to everybody, so a cache can do no harm to it",
     "Der Guard gibt {} jedem, ein Zwischenspeicher kann dabei nicht schaden"),
    ("it hands out others' copies: what a person was sent ({}) was given to a crawler that the guard refuses",
     "Er gibt fremde Kopien heraus: Was ein Mensch bekam ({}), bekam auch ein Crawler, den der Guard abweist"),
    ("let it store nothing of the guard's that is private or no-store, and put no cache of pictures in front",
     "Er soll nichts vom Guard speichern, was private oder no-store ist; stellen Sie keinen Bildspeicher davor"),
    ("none hands a person's picture to a crawler; it stores answers (Age or X-Cache: {})",
     "Keiner gibt das Bild eines Menschen an einen Crawler; er speichert Antworten (Age oder X-Cache: {})"),
    ("none hands a person's picture to a crawler", "Keiner gibt das Bild eines Menschen an einen Crawler"),
    # Warnings of the configuration
    ("site {} permits training below {}, but policy '{}' still refuses training crawlers; add a rule that allows those "
     "you mean",
     "Die Website {} erlaubt Training unter {}, aber das Regelwerk '{}' weist Trainings-Crawler weiter ab; fügen Sie "
     "eine Regel hinzu, die die gemeinten zulässt"),
    ("site {} permits training, but policy '{}' still refuses training crawlers; add a rule that allows those you mean",
     "Die Website {} erlaubt Training, aber das Regelwerk '{}' weist Trainings-Crawler weiter ab; fügen Sie eine Regel "
     "hinzu, die die gemeinten zulässt"),
    ("site {} names a public price for {}: a court may take it for the going rate of a licence (§ 97 (2) UrhG); "
     "without a price the offer still says where to ask",
     "Die Website {} nennt einen öffentlichen Preis für {}: Ein Gericht kann ihn als üblichen Lizenzsatz nehmen (§ 97 "
     "Abs. 2 UrhG); ohne Preis sagt das Angebot trotzdem, wo man fragen kann"),
    ("rights.contact is empty: who is refused does not learn whom to ask for a licence",
     "rights.contact ist leer: Wer abgewiesen wird, erfährt nicht, wen er um eine Lizenz fragen kann"),
    ("licences.price_header has no effect: no offer names a price with unit 'crawl'",
     "licences.price_header bewirkt nichts: Kein Angebot nennt einen Preis mit der Einheit 'crawl'"),
    ("licences.x402 has no effect: rights.offer offers nothing",
     "licences.x402 bewirkt nichts: rights.offer bietet nichts an"),
    ("client_ip is 'peer' and only this machine can reach the listener: behind a front server every visitor has its "
     "address; set client_ip to the header that it sends",
     "client_ip ist 'peer', und nur dieser Rechner erreicht den Guard: Hinter einem Server davor hat jeder Besucher "
     "dessen Adresse; setzen Sie client_ip auf den Kopf, den er sendet"),
    ("rule '{}' asks for a ticket and never matches: no tickets are given; set tickets.give: yes",
     "Die Regel '{}' fragt nach einem Ticket und trifft nie zu: Es werden keine gegeben; setzen Sie tickets.give: yes"),
    ("rule '{}' ({}) keeps from people what {} get once they are verified: search engines should see what people see",
     "Die Regel '{}' ({}) enthält Menschen vor, was {} bekommen, sobald sie bestätigt sind: Suchmaschinen sollen "
     "sehen, was Menschen sehen"),
    ("rule '{}' ({}) also applies to {} for how they behave, verified or not; add 'purpose: [browser, unknown]' to "
     "spare search engines",
     "Die Regel '{}' ({}) trifft durch ihr Verhalten auch {}, bestätigt oder nicht; mit 'purpose: [browser, unknown]' "
     "verschonen Sie Suchmaschinen"),
    ("rule '{}' ({}) gives {} something else than a person gets, even when they are verified; search engines should "
     "see what people see",
     "Die Regel '{}' ({}) gibt {} etwas anderes, als ein Mensch bekommt, auch wenn sie bestätigt sind; Suchmaschinen "
     "sollen sehen, was Menschen sehen"),
    ("{} and {} more", "{} und {} weitere"),
    ("{}:{}: {}; the line is passed over", "{}:{}: {}; die Zeile wird übergangen"),
    ("{}: {} more lines are passed over", "{}: {} weitere Zeilen werden übergangen"),
    ("client_ip.trusted {} trusts everybody: any client can claim any address",
     "client_ip.trusted {} vertraut jedem: Jeder Client kann jede Adresse angeben"),
    ("rule '{}' has no condition, so no rule after it is ever reached",
     "Die Regel '{}' hat keine Bedingung; keine Regel nach ihr kommt je an die Reihe"),
    ("evidence.time_stamps can not be used: tokens are verified with the extra 'evidence' (pip install "
     "'crawler-guard[evidence]') or with the program openssl, and neither is installed",
     "evidence.time_stamps ist nicht nutzbar: Zeitstempel werden mit dem Extra 'evidence' geprüft (pip install "
     "'crawler-guard[evidence]') oder mit dem Programm openssl, und beides fehlt"),
    ("evidence.time_stamps: {} is not there, so no token of {} will be believed",
     "evidence.time_stamps: {} fehlt; keinem Zeitstempel von {} wird geglaubt"),
    ("evidence.time_stamps names one authority: a second, independent one shows when a clock of the two is wrong",
     "evidence.time_stamps nennt eine Stelle: Eine zweite, unabhängige zeigt, wenn eine der beiden Uhren falsch geht"),
)  # fmt: skip
"""English and German; `{}` is a value."""

_name: Final = Forms(NAMES)
german_sentence: Final = Forms(FORMS)
"""Returns what the doctor or a warning says in German; unchanged if it has no German form."""


def german(one: Finding) -> Finding:
    """Return the finding in German; what has no German form stays English."""
    return replace(
        one, what=_name(one.what), sentence=german_sentence(one.sentence), advice=german_sentence(one.advice)
    )
