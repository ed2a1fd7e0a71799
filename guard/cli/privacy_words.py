"""The words of `guard privacy`, in English and German.

What they say of the program is what the program does; what they say of the law is Regulation (EU) 2016/679 (GDPR),
Art. 6, 13, 15 to 18, 21 and 77, and CJEU C-582/14 (Breyer) and C-597/19 (M.I.C.M.).
"""

from collections.abc import Mapping
from typing import Final

NOTICE: Final[Mapping[bool, Mapping[str, str]]] = {
    False: {
        "template": "<!-- Template of {today}, made by crawler-guard from the configuration. To be checked by your "
        "lawyer. "
        "Fill in what stands in [brackets], then take this line away. -->",
        "title": "## Protection of the pictures on this site",
        "who": "Controller: {holder}, {contact} [name and address; data protection officer, if there is one]. This "
        "holds "
        "for {sites}.",
        "what": "In front of this site stands a program that tells automatic downloaders that rights in the pictures "
        "are "
        "reserved, refuses or reduces pictures to those that take them all the same, and keeps evidence of that.",
        "visitors": "**Visitors.** Requests are counted by the minute, by kind of page or picture, without your "
        "address. To "
        "tell people from programs, your requests are looked at in memory: address, header lines, times. Of your "
        "requests "
        "for pictures the evidence log keeps only numbers (salted SHA-256) from which nobody can find out who you are "
        "or "
        "what you looked at; the values belonging to them stay in memory for {ring} at most and are then gone, unless "
        "the "
        "client turns out to be a program in the meantime.",
        "suspects": "**Programs, and what behaves like one.** Of clients that name themselves as a crawler, or behave "
        "like a "
        "program, each request is recorded: time, address and port, the address of the page or picture with its query, "
        "the header lines sent (browser name, language, referring page and so on), and how it was answered. A person "
        "can "
        "be taken for a program; write to {contact} then.",
        "never": "Cookies, passwords and access tokens are not recorded.",
        "marks": "Clients that are suspected of copying in bulk may be sent pictures with an invisible number in them. "
        "The "
        "number is drawn by lot; which requests it was issued to stands in the records.",
        "private": "Of requests for private areas of the site only the name of the area is recorded.",
        "challenge": "Some clients are asked for a sign that they are a browser. For that a cookie is set that holds "
        "for "
        "{pass hours} hours. [Section 25(2) no. 2 TDDDG: check that it is strictly necessary.]",
        "tickets": "To show pictures in full size only after a look at a page, a cookie is set that holds for {ticket "
        "hours} "
        "hours. [Section 25(2) no. 2 TDDDG: check that it is strictly necessary.]",
        "why": "**Purposes and legal basis.** To enforce copyright in the pictures and to keep the site running "
        "securely; "
        "these are our legitimate interests (Art. 6(1)(f) GDPR).",
        "how long": "**How long.** What may identify a person (address, query, most header lines) is erased after "
        "{people days} days, at the latest within {one more}; if it is needed for a case, when the case is over.",
        "tools keep": "What identifies a program, a network or a picture (browser name and similar header lines, the "
        "network "
        "without its last digits, which picture) is kept as long as a copy may still have to be traced and claims can "
        "be "
        "raised [name the longest period, or when you look whether it is still needed], as are the records of crawlers "
        "whose operator is verified.",
        "tools days": "What identifies a program, a network or a picture (browser name and similar header lines, the "
        "network "
        "without its last digits, which picture) is erased after {tool days} days, as are the records of crawlers "
        "whose "
        "operator is verified.",
        "log": "The log itself, which holds no such values, is kept unchanged.",
        "recipients": "**Recipients.** [Your hosting provider.] In a case: courts, authorities, lawyers and experts, "
        "and the "
        "provider of an address. Nobody else is given these data.",
        "dns": "To check whether a crawler is the one it claims to be, the name of its address is looked up in the "
        "domain "
        "name system [name the resolver].",
        "anchored": "Time-stamp authorities and witnesses that vouch for the log are given numbers only (hashes), no "
        "personal "
        "data.",
        "rights": "**Your rights.** You have the right of access (Art. 15 GDPR), to rectification (Art. 16), to "
        "erasure "
        "(Art. 17) and to restriction of processing (Art. 18), and to lodge a complaint with a supervisory authority "
        "(Art. 77) [name yours]. To find your data we need the address that you used, and the time.",
        "object": "**You have the right to object at any time, on grounds relating to your particular situation, to "
        "this "
        "processing (Art. 21(1) GDPR).** Write to {contact}.",
    },
    True: {
        "template": "<!-- Vorlage vom {today}, von crawler-guard aus der Konfiguration erstellt. Von Ihrer Anwältin "
        "oder Ihrem "
        "Anwalt zu prüfen. Ergänzen Sie, was in [Klammern] steht, und nehmen Sie diese Zeile dann heraus. -->",
        "title": "## Schutz der Bilder auf dieser Website",
        "who": "Verantwortlich: {holder}, {contact} [Name und Anschrift; Datenschutzbeauftragte, falls vorhanden]. "
        "Dies gilt "
        "für {sites}.",
        "what": "Vor dieser Website steht ein Programm, das automatischen Abrufern mitteilt, dass die Rechte an den "
        "Bildern "
        "vorbehalten sind, das Bilder verweigert oder verkleinert, wenn sie trotzdem abgerufen werden, und das darüber "
        "Beweise "
        "sichert.",
        "visitors": "**Besucherinnen und Besucher.** Abrufe werden je Minute gezählt, nach Art der Seite oder des "
        "Bildes und "
        "ohne Ihre Adresse. Um Menschen von Programmen zu unterscheiden, werden Ihre Abrufe im Arbeitsspeicher "
        "betrachtet: "
        "Adresse, Kopfzeilen, Zeiten. Von Ihren Abrufen von Bildern enthält das Beweisprotokoll nur Zahlen (SHA-256 "
        "mit "
        "Zufallswert), aus denen niemand schließen kann, wer Sie sind oder was Sie angesehen haben; die zugehörigen "
        "Werte "
        "bleiben höchstens {ring} im Arbeitsspeicher und sind dann fort, wenn sich der Client nicht inzwischen als "
        "Programm "
        "erweist.",
        "suspects": "**Programme und was sich so verhält.** Von Clients, die sich selbst als Crawler bezeichnen oder "
        "sich wie "
        "ein Programm verhalten, wird jeder Abruf aufgezeichnet: Zeit, Adresse und Port, die Adresse der Seite oder "
        "des Bildes "
        "mit ihren Parametern, die gesendeten Kopfzeilen (Name des Browsers, Sprache, verweisende Seite und "
        "dergleichen) und "
        "die Antwort. Es kann vorkommen, dass ein Mensch für ein Programm gehalten wird; schreiben Sie dann an "
        "{contact}.",
        "never": "Cookies, Passwörter und Zugangsschlüssel werden nicht aufgezeichnet.",
        "marks": "Wer verdächtig ist, massenhaft zu kopieren, kann Bilder mit einer unsichtbaren Nummer erhalten. Die "
        "Nummer "
        "ist ausgelost; an welche Abrufe sie ausgegeben wurde, steht in den Aufzeichnungen.",
        "private": "Von Abrufen privater Bereiche der Website wird nur der Name des Bereichs aufgezeichnet.",
        "challenge": "Manche Clients werden um ein Zeichen gebeten, dass sie ein Browser sind. Dafür wird ein Cookie "
        "gesetzt, "
        "das {pass hours} Stunden gilt. [§ 25 Abs. 2 Nr. 2 TDDDG: prüfen, ob es unbedingt erforderlich ist.]",
        "tickets": "Um Bilder in voller Größe erst nach dem Blick auf eine Seite zu zeigen, wird ein Cookie gesetzt, "
        "das "
        "{ticket hours} Stunden gilt. [§ 25 Abs. 2 Nr. 2 TDDDG: prüfen, ob es unbedingt erforderlich ist.]",
        "why": "**Zwecke und Rechtsgrundlage.** Durchsetzung des Urheberrechts an den Bildern und sicherer Betrieb der "
        "Website; "
        "das sind unsere berechtigten Interessen (Art. 6 Abs. 1 Buchst. f DSGVO).",
        "how long": "**Wie lange.** Was eine Person erkennbar machen kann (Adresse, Parameter, die meisten "
        "Kopfzeilen), wird "
        "nach {people days} Tagen gelöscht, spätestens innerhalb von {one more}; wird es für einen Fall gebraucht, "
        "dann nach "
        "dessen Ende.",
        "tools keep": "Was ein Programm, ein Netz oder ein Bild bezeichnet (Name des Browsers und ähnliche Kopfzeilen, "
        "das Netz "
        "ohne seine letzten Stellen, welches Bild), bleibt gespeichert, solange eine Kopie noch zurückverfolgt werden "
        "muss und "
        "Ansprüche erhoben werden können [längste Frist nennen, oder wann Sie prüfen, ob es noch gebraucht wird]; "
        "ebenso die "
        "Aufzeichnungen von Crawlern, deren Betreiber bestätigt ist.",
        "tools days": "Was ein Programm, ein Netz oder ein Bild bezeichnet (Name des Browsers und ähnliche Kopfzeilen, "
        "das Netz "
        "ohne seine letzten Stellen, welches Bild), wird nach {tool days} Tagen gelöscht; ebenso die Aufzeichnungen "
        "von "
        "Crawlern, deren Betreiber bestätigt ist.",
        "log": "Das Protokoll selbst, das solche Werte nicht enthält, bleibt unverändert erhalten.",
        "recipients": "**Empfänger.** [Ihr Hosting-Anbieter.] In einem Fall: Gerichte, Behörden, Anwältinnen und "
        "Anwälte, "
        "Sachverständige und der Anbieter einer Adresse. Sonst erhält niemand diese Daten.",
        "dns": "Um zu prüfen, ob ein Crawler der ist, für den er sich ausgibt, wird der Name seiner Adresse im Domain "
        "Name "
        "System nachgeschlagen [Anbieter nennen].",
        "anchored": "Zeitstempelstellen und Gegenzeichner, die das Protokoll bestätigen, erhalten nur Zahlen "
        "(Hashwerte), keine "
        "personenbezogenen Daten.",
        "rights": "**Ihre Rechte.** Sie haben das Recht auf Auskunft (Art. 15 DSGVO), Berichtigung (Art. 16), Löschung "
        "(Art. 17) "
        "und Einschränkung der Verarbeitung (Art. 18) sowie auf Beschwerde bei einer Aufsichtsbehörde (Art. 77) [Ihre "
        "nennen]. "
        "Um Ihre Daten zu finden, brauchen wir die Adresse, die Sie benutzt haben, und die Zeit.",
        "object": "**Sie haben das Recht, aus Gründen, die sich aus Ihrer besonderen Situation ergeben, jederzeit "
        "gegen diese "
        "Verarbeitung Widerspruch einzulegen (Art. 21 Abs. 1 DSGVO).** Schreiben Sie an {contact}.",
    },
}

BALANCE: Final[Mapping[bool, Mapping[str, str]]] = {
    False: {
        "template": "<!-- Template of {today}, made by crawler-guard from the configuration. To be checked by your "
        "lawyer, and "
        "to be decided by you: what stands in [brackets] is yours to say. -->",
        "title": "# Weighing of interests under Art. 6(1)(f) GDPR: records of automatic access to "
        "{sites}\n\nController: "
        "{holder}, {contact}. Date: {today}. Decided by: [name].",
        "purpose": "## 1. Which interest?\n\nTo enforce copyright in the pictures (a right of property, Art. 17(2) of "
        "the "
        "Charter), and to run the site securely. [What happened before: cases, damage, load.] In C-597/19 (M.I.C.M.) "
        "the Court "
        "held that storing addresses of those who presumably infringe may rest on Art. 6(1)(f) if it is justified, "
        "proportionate and not abusive.",
        "necessity": "## 2. Is it necessary?\n\nWithout address, port and time nobody can find out who made a request; "
        "without "
        "the request nobody can say which picture it was. Counting alone proves nothing. Milder means in use: a "
        "machine-readable "
        "reservation, refusals, smaller pictures. [Others that were considered, and why they do not suffice.]",
        "data": "## 3. Which data, of whom?\n\nOf visitors: counts by the minute; commitments that nobody can read; "
        "values in "
        "memory for {ring}. Of clients that name themselves as crawlers or behave like programs: time, address, port, "
        "address of "
        "the page or picture, header lines. Addresses are personal data where the controller has legal means to have "
        "the person "
        "identified (C-582/14, Breyer). Not recorded: cookies, passwords, access tokens.",
        "periods keep": "## 4. How long?\n\nWhat may identify a person: {people days} days. Tool, network and picture: "
        "until "
        "erased. [Why so long: when are claims time-barred, how late are copies found? When is it looked at again?]",
        "periods days": "## 4. How long?\n\nWhat may identify a person: {people days} days. Tool, network and picture: "
        "{tool days} days. [Why so long?]",
        "effect": "## 5. What does it mean for those concerned?\n\nMost records are of programs of companies. A person "
        "can be "
        "taken for a program: then the visit is on record for {people days} days, and pictures may come smaller. [Are "
        "children or "
        "special categories concerned, given what the pictures show?] Is it expected? The privacy page says it, "
        "robots.txt "
        "announces the reservation.",
        "safeguards": "## 6. What protects them?\n\n- No rule may call a client hostile on one oddity; search engines "
        "and "
        "people are to get what they always got.\n- Values are encrypted by day beside the log; at the end the key is "
        "destroyed.\n"
        "- Erasure on request, with every proof intact; a hold only for a named case, on record.\n- Whoever looks at "
        "values leaves a "
        "record.\n- Exports hold values of the records asked for and of nobody else.\n- [Who may read the evidence "
        "directory? "
        "Where are backups, and do they leave out side/keys?]",
        "against": "## 7. What speaks against it?\n\n[Say it here, and what was done about it. Objections (Art. 21) so "
        "far, "
        "and how they were decided.]",
        "result": "## 8. Result\n\n[The interests of those concerned do / do not override, because …] To be looked at "
        "again: "
        "[date].",
    },
    True: {
        "template": "<!-- Vorlage vom {today}, von crawler-guard aus der Konfiguration erstellt. Von Ihrer Anwältin "
        "oder Ihrem "
        "Anwalt zu prüfen und von Ihnen zu entscheiden: Was in [Klammern] steht, müssen Sie sagen. -->",
        "title": "# Interessenabwägung nach Art. 6 Abs. 1 Buchst. f DSGVO: Aufzeichnungen automatischer Abrufe von "
        "{sites}\n\n"
        "Verantwortlich: {holder}, {contact}. Stand: {today}. Entschieden von: [Name].",
        "purpose": "## 1. Welches Interesse?\n\nDurchsetzung des Urheberrechts an den Bildern (Eigentum, Art. 17 Abs. "
        "2 der "
        "Grundrechtecharta) und sicherer Betrieb der Website. [Was zuvor geschah: Fälle, Schaden, Last.] In C-597/19 "
        "(M.I.C.M.) "
        "hat der Gerichtshof entschieden, dass die Speicherung von Adressen mutmaßlicher Verletzer auf Art. 6 Abs. 1 "
        "Buchst. f "
        "gestützt werden kann, wenn sie gerechtfertigt, verhältnismäßig und nicht missbräuchlich ist.",
        "necessity": "## 2. Ist es erforderlich?\n\nOhne Adresse, Port und Zeit kann niemand feststellen, von wem ein "
        "Abruf kam; "
        "ohne den Abruf kann niemand sagen, um welches Bild es ging. Zählen allein beweist nichts. Mildere Mittel im "
        "Einsatz: "
        "maschinenlesbarer Nutzungsvorbehalt, Verweigerung, kleinere Bilder. [Welche anderen wurden erwogen, und warum "
        "reichen sie "
        "nicht?]",
        "data": "## 3. Welche Daten, von wem?\n\nVon Besucherinnen und Besuchern: Zahlen je Minute; Festlegungen, die "
        "niemand "
        "lesen kann; Werte im Arbeitsspeicher für {ring}. Von Clients, die sich als Crawler bezeichnen oder sich wie "
        "Programme "
        "verhalten: Zeit, Adresse, Port, Adresse der Seite oder des Bildes, Kopfzeilen. Adressen sind personenbezogen, "
        "wenn der "
        "Verantwortliche rechtliche Mittel hat, die Person bestimmen zu lassen (C-582/14, Breyer). Nicht "
        "aufgezeichnet: Cookies, "
        "Passwörter, Zugangsschlüssel.",
        "periods keep": "## 4. Wie lange?\n\nWas eine Person erkennbar machen kann: {people days} Tage. Programm, Netz "
        "und Bild: bis "
        "zur Löschung. [Warum so lange: Wann verjähren Ansprüche, wie spät werden Kopien gefunden? Wann wird das "
        "wieder geprüft?]",
        "periods days": "## 4. Wie lange?\n\nWas eine Person erkennbar machen kann: {people days} Tage. Programm, Netz "
        "und Bild: "
        "{tool days} Tage. [Warum so lange?]",
        "effect": "## 5. Was bedeutet es für die Betroffenen?\n\nDie meisten Aufzeichnungen betreffen Programme von "
        "Unternehmen. "
        "Ein Mensch kann für ein Programm gehalten werden: Dann ist der Besuch für {people days} Tage aufgezeichnet, "
        "und Bilder "
        "können kleiner sein. [Sind Kinder oder besondere Kategorien betroffen, nach dem, was die Bilder zeigen?] Ist "
        "es zu "
        "erwarten? Die Datenschutzseite sagt es, robots.txt kündigt den Vorbehalt an.",
        "safeguards": "## 6. Was schützt sie?\n\n- Keine Regel darf einen Client wegen einer einzigen Auffälligkeit "
        "als "
        "feindlich einstufen; Suchmaschinen und Menschen sollen bekommen, was sie immer bekamen.\n- Die Werte liegen "
        "neben dem "
        "Protokoll, je Tag verschlüsselt; am Ende wird der Schlüssel vernichtet.\n- Löschung auf Wunsch, wobei jeder "
        "Nachweis gültig "
        "bleibt; ein Festhalten nur für einen benannten Fall, und protokolliert.\n- Wer Werte ansieht, hinterlässt "
        "eine "
        "Aufzeichnung.\n- Auszüge enthalten nur Werte der verlangten Aufzeichnungen.\n- [Wer darf den Beweisordner "
        "lesen? Wo liegen "
        "Sicherungen, und lassen sie side/keys aus?]",
        "against": "## 7. Was spricht dagegen?\n\n[Hier nennen, und was dagegen getan wurde. Widersprüche (Art. 21) "
        "bisher und wie "
        "über sie entschieden wurde.]",
        "result": "## 8. Ergebnis\n\n[Die Interessen der Betroffenen überwiegen / überwiegen nicht, weil …] Wieder zu "
        "prüfen: "
        "[Datum].",
    },
}
