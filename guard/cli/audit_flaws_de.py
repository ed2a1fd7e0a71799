"""What is wrong, in German: for each flaw a sentence of what it means, and one of what mends it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_SITE = {
    "unreachable-name": ("Den Hostnamen gibt es nicht.", "Schreibweise und DNS-Einträge prüfen."),
    "unreachable-connection": ("Dort antwortet nichts.", "Prüfen, ob die Website läuft und der Port stimmt."),
    "unreachable-tls": (
        "Das Zertifikat wird nicht angenommen; Crawler und Browser brechen hier ab.",
        "Das Zertifikat erneuern oder für diesen Hostnamen ausstellen lassen.",
    ),
    "unreachable-timeout": ("Es kam rechtzeitig keine Antwort.", "Herausfinden, was die Website aufhält."),
    "unreachable-protocol": ("Was kam, ist kein HTTP, oder es brach ab.", "Im Fehlerprotokoll des Servers nachsehen."),
    "unreachable-redirects": (
        "Die Website leitet im Kreis weiter oder öfter als fünfmal.",
        "Jede Adresse direkt zum Ziel führen lassen.",
    ),
    "unreachable-address": (
        "Das führt zu einer Adresse, die von einer öffentlichen Website aus nicht abgerufen wird: ein privates Netz "
        "oder ein anderes Schema.",
        "Die Weiterleitung berichtigen.",
    ),
    "unreachable-budget": ("Dafür blieb der Prüfung keine Zeit.", "Noch einmal versuchen, wenn sie schneller ist."),
    "page-status": (
        "Die Seite antwortet mit einem Fehler.",
        "Eine Adresse prüfen, die Besucher sehen, etwa ein Album.",
    ),
    "nothing-reserved": (
        "Nichts behält das Training vor: Nach § 44b UrhG und Art. 4 der Richtlinie (EU) 2019/790 darf ausgelesen "
        "werden.",
        "Mit zwei Zeilen in robots.txt und zwei Kopfzeilen anfangen.",
    ),
    "contradiction": (
        "Ein Träger erlaubt, was ein anderer vorbehält; beide stehen oben.",
        "Alle aus einer einzigen Erklärung erzeugen.",
    ),
    "prose-only": (
        "Nur die Nutzungsbedingungen behalten etwas vor, in Prosa. Dass Prosa maschinenlesbar ist, ist unter Gerichten "
        "nicht geklärt.",
        "Dasselbe in robots.txt, tdmrep.json und Kopfzeilen sagen.",
    ),
    "unknown-agents-blocked": (
        "Ein unbekannter Crawler wird abgewiesen, auch bei robots.txt; nach RFC 9309 darf er dann alles abrufen.",
        "robots.txt und tdmrep.json allen geben und nur den Rest verweigern.",
    ),
    "policy-path-blocked": (
        "Ein KI-Crawler bekommt diese Datei nicht. Nach RFC 9309 ist eine verweigerte robots.txt (4xx) so gut wie "
        "keine.",
        "Diese Dateien allen mit 200 geben, auch den Gesperrten.",
    ),
    "path-is-html": (
        "Die Website antwortet unter dieser Adresse mit einer Webseite statt mit 404.",
        "404 antworten, wo es keine solche Datei gibt; sonst gilt sie als kaputt.",
    ),
    "noindex-against-search": (
        "noindex verbirgt, was ein anderer Träger den Suchmaschinen erlaubt.",
        "noindex entfernen; es hält niemanden vom Training ab.",
    ),
    "noindex-hides": (
        "noindex nimmt Bild oder Seite auch aus der Bildersuche.",
        "Wenn das nicht gemeint ist, stattdessen noai verwenden.",
    ),
}
_ROBOTS = {
    "robots-status": (
        "robots.txt antwortet mit einem Fehler: 4xx lässt alle herein, und verbreitete Programme ignorieren auch 5xx.",
        "200 mit einer Datei antworten, oder 404.",
    ),
    "robots-unreachable": ("robots.txt kommt nicht.", "Der Server soll sie ohne Umweg ausliefern."),
    "robots-is-html": (
        "robots.txt ist eine Webseite; darin findet kein Crawler eine Regel.",
        "Eine Textdatei ablegen.",
    ),
    "robots-groups-melt": (
        "Eine Gruppe mit Signalen, aber ohne Allow oder Disallow läuft in die nächste: Für Programme nach Googles "
        "Art gelten deren Regeln dann auch für diese Crawler, Suchmaschinen eingeschlossen.",
        "In jede Gruppe eine Regel setzen, vor die Signale.",
    ),
    "robots-signals-only": (
        "Eine Gruppe hat Signale, aber keine Regel; was darunter dazukommt, würde mit ihr verschmelzen.",
        "Eine Regel in die Gruppe setzen, vor die Signale.",
    ),
    "robots-names-some": (
        "Nur genannte Crawler werden ferngehalten. Anderen ist nichts gesagt; 2024 genügte es einem niederländischen "
        "Gericht (Rb. Amsterdam, 30. Oktober, HowardsHome) gegenüber einem anderen nicht, dass einige genannt waren.",
        "Es allen sagen, in der Gruppe für *.",
    ),
    "robots-signals-not-repeated": (
        "Manchen Gruppen fehlen die Signale anderer. Eine benannte Gruppe ersetzt *; ihre Crawler sehen sie nicht.",
        "Die Signalzeilen in jeder Gruppe wiederholen.",
    ),
    "robots-blank-line": (
        "Eine Leerzeile steht zwischen User-agent und den Regeln: Manche Programme beenden dort die Gruppe.",
        "Die Leerzeile entfernen.",
    ),
    "robots-allow-first": (
        "Allow steht vor einem längeren Disallow: Wer die erste passende Zeile nimmt, lässt alle herein.",
        "Disallow-Zeilen vor Allow-Zeilen setzen.",
    ),
    "robots-second-group": (
        "Ein Crawler hat zwei Gruppen: Manche Programme kennen nur die erste oder nur die letzte.",
        "Eine Gruppe daraus machen.",
    ),
    "robots-bom": (
        "Die Datei beginnt mit einer Bytereihenfolge-Marke: Mehrere Programme verlieren sie.",
        "Als einfaches UTF-8 speichern.",
    ),
    "robots-cr-only": ("Zeilen enden nur auf CR: Ein Programm sieht eine einzige.", "Mit LF-Zeilenenden speichern."),
    "robots-version-in-token": (
        "Hinter dem Namen eines Crawlers steht eine Version: Manche Programme finden ihn dann nicht.",
        "Nur den Namen schreiben.",
    ),
    "robots-rule-outside": ("Eine Regel steht vor dem ersten User-agent und gilt niemandem.", "In eine Gruppe setzen."),
    "robots-signal-outside": (
        "Ein Signal steht vor dem ersten User-agent; Crawler suchen es in ihrer Gruppe.",
        "In jede Gruppe setzen.",
    ),
    "robots-too-long": ("Die Datei ist länger als 500 KiB; der Rest darf ignoriert werden.", "Kürzen."),
    "robots-not-utf8": ("Die Datei ist kein UTF-8.", "Als UTF-8 speichern, Pfade prozentkodiert."),
    "robots-media-type": ("robots.txt kommt nicht als text/plain.", "Als text/plain senden."),
    "robots-lets-in": ("robots.txt nennt Crawler, die KI trainieren, aber diese nicht.", "In die Gruppe aufnehmen."),
    "other-host-robots": (
        "Bilder kommen von einem Host, dessen robots.txt nichts vorbehält; robots.txt gilt nur für einen Host.",
        "Die Datei auch dort ablegen oder den Betreiber bitten.",
    ),
    "usage-unreadable": (
        "Content-Usage ist nicht lesbar und sagt daher nichts.",
        "Als Dictionary (RFC 9651) schreiben.",
    ),
    "usage-with-path": (
        "Content-Usage hat einen Pfad; wer die Zeilen verbindet, verliert dann alle.",
        "Ohne Pfad schreiben.",
    ),
    "usage-not-y-or-n": ("Content-Usage antwortet anders als mit y oder n.", "y oder n schreiben, ohne Anführung."),
    "usage-swapped-label": (
        "In Content-Usage steht ein Wort von Content-Signal.",
        "Hier heißt es train-ai und ai-use.",
    ),
    "usage-old-label": ("In Content-Usage steht ein Wort eines alten Entwurfs.", "Die heutigen Wörter verwenden."),
    "usage-says-nothing": ("Content-Usage enthält kein bekanntes Wort.", "train-ai, ai-use und search verwenden."),
    "signal-not-yes-or-no": ("Content-Signal antwortet anders als mit yes oder no.", "yes oder no schreiben."),
    "signal-swapped-label": (
        "In Content-Signal steht ein Wort von Content-Usage.",
        "Hier heißt es ai-train und ai-input.",
    ),
    "signal-unknown": ("In Content-Signal steht ein unbekanntes Wort.", "Entfernen."),
    "signal-use": ("`use=` ist ein Versuch, den Prüfprogramme als Fehler melden.", "Weglassen."),
}
_FILES = {
    "tdmrep-is-object": (
        "tdmrep.json ist ein Objekt; erwartet wird eine Liste, sonst verworfen.",
        "Eine Liste von Regeln schreiben.",
    ),
    "tdmrep-not-a-number": (
        "tdm-reservation einer Regel ist nicht die Zahl 1 oder 0; die ganze Datei wird verworfen.",
        "1 ohne Anführungszeichen schreiben.",
    ),
    "tdmrep-location": (
        "Eine Regel hat keinen Pfad, der mit / beginnt; die ganze Datei wird verworfen.",
        "Jeder Regel eine location geben.",
    ),
    "tdmrep-not-json": ("tdmrep.json ist kein JSON.", "Als JSON schreiben."),
    "tdmrep-status": (
        "tdmrep.json antwortet mit einem anderen Fehler als 404; so ist offen, was gilt.",
        "200 mit einer Datei antworten, oder 404.",
    ),
    "tdmrep-unreachable": ("tdmrep.json kommt nicht.", "Ausliefern oder 404 antworten."),
    "tdmrep-general-first": (
        "Eine allgemeine Regel steht vor einer besonderen, die so nie erreicht wird: Die erste passende gilt.",
        "Die besonderen Regeln zuerst.",
    ),
    "tdmrep-path-unsaid": (
        "tdmrep.json hat keine Regel für diesen Pfad und sagt nichts dazu.",
        "Eine Regel für / ergänzen.",
    ),
    "tdmrep-too-long": ("tdmrep.json ist länger als 500 KiB und wird verworfen.", "Kürzen."),
    "tdmrep-empty": ("tdmrep.json hat keine Regel.", "Eine Regel für / ergänzen."),
    "tdmrep-bom": (
        "tdmrep.json beginnt mit einer Bytereihenfolge-Marke; JSON darf das nicht.",
        "Als einfaches UTF-8 speichern.",
    ),
    "policy-unreachable": ("tdm-policy nennt eine Adresse, die nicht antwortet.", "Dort eine Seite ablegen."),
    "address-elsewhere": (
        "Ein Träger nennt eine Adresse, die von hier nicht antwortet; unter der geprüften antwortet derselbe Pfad.",
        "Es ist gut so, wenn der Server davor Schema und Port ergänzt; sonst berichtigen.",
    ),
    "policy-not-json": ("Die Policy nennt sich JSON und ist keines.", "Berichtigen oder eine Webseite senden."),
    "policy-not-an-offer": (
        "Der Policy fehlen Teile, die das TDMRep-Profil verlangt.",
        "Ergänzen oder eine Webseite senden.",
    ),
    "rsl-free": (
        "RSL erlaubt eine Nutzung ohne <payment>: Damit ist sie verschenkt.",
        "Verbieten oder der Lizenz eine Bezahlung geben.",
    ),
    "rsl-not-xml": ("Das RSL-Dokument ist kein XML oder hat einen Dokumenttyp.", "Berichtigen oder entfernen."),
    "rsl-namespace": ("Die Wurzel ist kein <rsl> nach RSL 1.0.", "Diesen Namensraum verwenden."),
    "rsl-unreachable": ("Das genannte RSL-Dokument kommt nicht.", "Dort ablegen oder den Verweis entfernen."),
    "rsl-unknown-name": ("RSL 1.0 kennt diese Namen nicht; das Dokument ist nicht normgerecht.", "Entfernen."),
    "rsl-sells-and-prohibits": (
        "RSL verbietet eine Nutzung, die es verkauft; das Verbot geht vor.",
        "Eins von beidem.",
    ),
    "rsl-no-licence": ("Ein <content> hat kein <license>.", "Eines ergänzen, das verbietet."),
    "rsl-no-content": ("Das RSL-Dokument hat kein <content>.", "Eines für / ergänzen."),
    "rsl-no-url": ("Ein <content> hat keine url.", "Sagen, um welche Pfade es geht."),
    "rsl-prefix": ("Die RSL-Namen haben ein Präfix; der Standard will keines.", "Als Standard-Namensraum setzen."),
    "rsl-not-named": ("Nichts nennt das RSL-Dokument, und es hat keine feste Adresse.", "In robots.txt nennen."),
    "rsl-relative": ("License: in robots.txt ist keine vollständige Adresse.", "Vollständig schreiben."),
    "rsl-open": (
        "Eine Lizenz verbietet nur; man kann sie so lesen, dass alles Ungenannte erlaubt ist.",
        "Auch nennen, was erlaubt ist, oder alles verbieten.",
    ),
    "rsl-media-type": ("Das RSL-Dokument kommt nicht als application/rsl+xml.", "Unter diesem Typ senden."),
    "ai-txt-no-rules": ("ai.txt hat keine Regel in Spawnings Grammatik.", "Dies dort ablegen."),
    "ai-txt-some-types": ("ai.txt hält nur manche Bildarten fern.", "Die anderen ergänzen."),
    "trust-txt-value": ("datatrainingallowed ist weder yes noch no.", "no schreiben."),
}
_HEADERS = {
    "noai-behind-colon": (
        "In der noai-Zeile steht ein Doppelpunkt; img2dataset hält das davor für einen Namen und übergeht noai.",
        "noai auf eine eigene Zeile setzen.",
    ),
    "noai-letters": ("noai hat Großbuchstaben; wer genau vergleicht, übersieht es.", "Klein schreiben."),
    "noai-separator": ("noai steht nicht zwischen Kommas und wird übersehen.", "Die Wörter durch Kommas trennen."),
    "noai-one-agent": ("noai gilt nur einem Crawler.", "Es allen sagen, ohne Namen davor."),
    "noai-not-first": (
        "noai steht auf einer späteren X-Robots-Tag-Zeile; manche sehen nur die erste.",
        "Es zuerst senden.",
    ),
    "tdm-header-letters": (
        "Über HTTP/1.1 hat der Name der Kopfzeile Großbuchstaben; datadiligence sucht ihn klein geschrieben.",
        "Den Namen klein geschrieben senden.",
    ),
    "tdm-header-value": ("tdm-reservation ist weder 1 noch 0.", "1 senden."),
    "tdm-header-twice": ("tdm-reservation kommt zweimal, mit zwei Werten.", "Nur einmal senden."),
    "tdm-policy-alone": ("tdm-policy kommt ohne tdm-reservation und sagt nichts.", "Beide senden."),
    "tdm-policy-url": ("tdm-policy ist keine Adresse.", "Eine vollständige senden."),
    "tdm-meta-value": ("Das Meta-Element tdm-reservation ist weder 1 noch 0.", "1 schreiben."),
    "headers-missing-on-picture": (
        "Diesem Bild fehlen Kopfzeilen, die andere Antworten haben.",
        "Mit jedem Bild senden, auch mit Vorschaubildern.",
    ),
    "headers-missing-on-other-host": (
        "Bildern von einem anderen Host (CDN) fehlen die Kopfzeilen.",
        "Dort ergänzen; es zählt, wer das Bild ausliefert.",
    ),
    "headers-missing-on-304": ("Der Antwort 304 (unverändert) fehlen die Kopfzeilen.", "Auch mit 304 senden."),
    "headers-missing-on-head": ("Der Antwort auf HEAD fehlen die Kopfzeilen.", "Dieselben Zeilen wie bei GET senden."),
    "headers-missing-on-range": ("Einem Teil eines Bildes (206) fehlen die Kopfzeilen.", "Auch mit 206 senden."),
    "headers-missing-on-page": ("Der Seite fehlen Kopfzeilen, die Bilder haben.", "Auch mit Seiten senden."),
    "noai-meta-without-images": ("Das Meta-Element sagt noai, aber nicht noimageai.", "Beides sagen."),
    "refusal-200": (
        "Ein abgewiesener Crawler bekommt eine Webseite mit Status 200, als wäre sie das Bild.",
        "403 antworten, oder 402, wo es eine Lizenz gibt.",
    ),
    "refusal-451": (
        "Status 451 heißt, dass eine rechtliche Anordnung es verbietet (RFC 7725), nicht Sie.",
        "403 antworten, oder 402, wo es eine Lizenz gibt.",
    ),
    "refusal-no-retry-after": ("429 kommt ohne Retry-After.", "Sagen, wann man wiederkommen darf."),
    "refusal-without-headers": ("Der Abweisung fehlt tdm-reservation.", "Auch mit Abweisungen senden."),
}
_INSIDE = {
    "xmp-unreadable": ("Das XMP-Paket des Bildes ist kein XML.", "Neu schreiben."),
    "xmp-unknown-term": ("plus:DataMining ist kein Begriff des PLUS-Vokabulars.", "Diesen schreiben."),
    "xmp-term-without-address": ("plus:DataMining fehlt die Adresse des Vokabulars.", "Vollständig schreiben."),
    "xmp-no-constraint": (
        "Das Bild verweist auf eine Einschränkung und hat keine.",
        "plus:OtherConstraints ausfüllen.",
    ),
    "xmp-fields-missing": ("Dem Bild fehlen Felder, die sagen, wem es gehört.", "Beim Export ausfüllen."),
    "c2pa-new-label-only": (
        "Das Manifest hat nur cawg.training-mining; datadiligence liest c2pa.training-mining.",
        "Beide Angaben schreiben.",
    ),
    "c2pa-unreadable": ("Die Angabe zum Training ist nicht lesbar.", "Das Bild neu signieren."),
    "c2pa-invalid": (
        "Das Manifest passt nicht zum Bild: danach verändert, oder ohne Aktion signiert.",
        "Erst Metadaten schreiben, zuletzt signieren, als Bearbeitung des Vorhandenen.",
    ),
    "c2pa-says-nothing": ("Das Manifest sagt nichts über Training.", "Die Angabe beim Signieren ergänzen."),
    "c2pa-thumbnail": ("Im Manifest steckt ein Vorschaubild: etwa 100 KB mehr je Bild.", "Ohne Vorschau signieren."),
    "json-ld-not-json": ("Das JSON-LD der Seite ist nicht lesbar.", "Berichtigen."),
    "json-ld-fields-missing": ("ImageObject fehlen Felder für lizenzierbare Bilder.", "Ergänzen."),
    "terms-no-reservation": ("Die Bedingungen nennen Data Mining, behalten es aber nicht vor.", "Es vorbehalten."),
    "terms-no-law": (
        "Die Bedingungen nennen das Gesetz nicht.",
        "Art. 4 Abs. 3 Richtlinie (EU) 2019/790 und § 44b Abs. 3 UrhG nennen.",
    ),
    "terms-one-language": ("Die Bedingungen behalten nur in einer Sprache vor.", "Auf Englisch und Deutsch sagen."),
    "terms-link-words": ("Der Link sagt nicht terms, legal oder conditions; danach wird gesucht.", "Terms nennen."),
    "terms-few-paragraphs": ("Weniger als 500 Zeichen stehen in <p>; sie werden übergangen.", "<p> verwenden."),
}
_MISSING = {
    "missing-robots": ("robots.txt hält keinen KI-Crawler fern.", "Sie nennen und ihnen alles verweigern."),
    "missing-robots_content_usage": ("robots.txt hat kein Content-Usage für alle Crawler.", "In jede Gruppe setzen."),
    "missing-content_usage_header": ("Antworten haben kein Content-Usage.", "Mit allem senden."),
    "missing-content_signal": ("Es gibt kein Content-Signal.", "In jede Gruppe der robots.txt setzen."),
    "missing-rsl": (
        "Es gibt kein RSL-Dokument.",
        "Eines schreiben, das verbietet, und in robots.txt nennen (License:).",
    ),
    "missing-tdmrep_file": ("Es gibt keine tdmrep.json.", "Dies unter /.well-known/tdmrep.json ablegen."),
    "missing-tdm_headers": ("Antworten haben kein tdm-reservation.", "Mit allem senden; datadiligence liest es."),
    "missing-tdm_meta": ("Seiten haben kein Meta-Element tdm-reservation.", "Dies in <head> setzen."),
    "missing-tdm_policy": ("Keine tdm-policy sagt, wo die Bedingungen stehen.", "Die Seite der Bedingungen nennen."),
    "missing-noai_header": ("Bilder kommen ohne noai.", "Mit jedem Bild senden; img2dataset überspringt es dann."),
    "missing-noarchive": ("Es gibt kein noarchive.", "Senden; bei Bing das Zeichen gegen KI-Antworten und Training."),
    "missing-noai_meta": ("Seiten haben kein Meta-Element noai.", "Dies in <head> setzen."),
    "missing-xmp_data_mining": ("Bilder tragen keinen Vorbehalt in sich.", "plus:DataMining beim Export schreiben."),
    "missing-xmp_rights": (
        "Bilder sagen nicht, wem sie gehören.",
        "Urheber, Rechte, Lizenzgeber beim Export ausfüllen.",
    ),
    "missing-c2pa": ("Bilder haben kein C2PA-Manifest.", "Wenn möglich mit Angabe zum Training signieren."),
    "missing-ai_txt": ("Es gibt keine ai.txt.", "Dies unter /ai.txt ablegen."),
    "missing-trust_txt": ("Es gibt keine trust.txt, die von Training spricht.", "Dies in /trust.txt setzen."),
    "missing-terms": (
        "Keine verlinkte Seite behält Data Mining in Worten vor.",
        "Als Terms verlinken, auf Englisch und Deutsch.",
    ),
    "missing-json_ld": ("Seiten haben kein ImageObject mit Lizenz.", "JSON-LD in die Seite setzen."),
    "missing-refusal": (
        "Ein Trainings-Crawler, der sich zu erkennen gibt, bekommt das Bild.",
        "Mit 403 abweisen; gegen Forschung (§ 60d UrhG) hilft nur das.",
    ),
}
_NOTES = {
    "no-picture": (
        "Auf der Seite wurde kein Bild gefunden; Skripte werden nicht ausgeführt.",
        "Die Adresse einer Seite mit Bildern prüfen.",
    ),
    "picture-cut": ("Von einem Bild wurden nur die ersten 8 MiB gelesen.", "Kleinere Bilder ausliefern."),
    "incomplete": ("Der Prüfung gingen Zeit oder Abrufe aus.", "Noch einmal versuchen, wenn sie schneller ist."),
}

FLAWS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    _SITE | _ROBOTS | _FILES | _HEADERS | _INSIDE | _MISSING | _NOTES
)
"""What it means, and what mends it, by the flaw's id."""
