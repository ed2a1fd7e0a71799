"""What is on the dashboards?

Run it to write the JSON files beside it: `python3 deploy/grafana/build.py`. A test holds the files
against what this says, and asks every query of a real Prometheus.
"""

import json
from pathlib import Path
from typing import Any

Json = dict[str, Any]

HERE = Path(__file__).resolve().parent / "dashboards"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24

REQUESTS, BYTES, COUNT, SHARE = "reqps", "decbytes", "locale", "percentunit"
"""Bytes in powers of ten, as they are paid for; counts in full, because they are few."""
BLUE, GREEN, AMBER, RED = "blue", "green", "orange", "red"


def of(name: str, *matchers: str, site: bool = True) -> str:
    """Return the series of a metric that the dashboard's variables choose."""
    mine = ('job=~"$job"', 'instance=~"$instance"', *(('site=~"$site"',) if site else ()), *matchers)
    return f"{name}{{{', '.join(mine)}}}"


def per_second(name: str, by: str, *matchers: str, site: bool = True) -> str:
    """Return a rate by labels."""
    return f"sum by ({by}) (rate({of(name, *matchers, site=site)}[$__rate_interval]))"


def in_range(name: str, *matchers: str, by: str = "", site: bool = True) -> str:
    """Return what was counted in the time that is shown."""
    group = f" by ({by})" if by else ""
    return f"sum{group} (increase({of(name, *matchers, site=site)}[$__range]))"


def quantile(share: float, name: str, by: str = "", *, site: bool = True) -> str:
    """Return a quantile of a histogram."""
    group = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, {per_second(f'{name}_bucket', group, site=site)})"


def target(expression: str, legend: str = "", *, table: bool = False, instant: bool = False) -> Json:
    """Return one query of a panel."""
    made: Json = {"datasource": SOURCE, "expr": expression, "legendFormat": legend or "__auto", "range": not instant}
    if instant:
        made["instant"] = True
    if table:
        made["format"] = "table"
    return made


def panel(
    kind: str, title: str, description: str, unit: str, targets: list[Json], *, width: int = 8, height: int = 8,
    options: Json | None = None, custom: Json | None = None, steps: list[tuple[float | None, str]] | None = None,
    mappings: list[Json] | None = None, overrides: list[Json] | None = None, transformations: list[Json] | None = None,
    highest: float | None = None, decimals: int | None = None,
) -> Json:  # fmt: skip
    """Return one panel; its place is found later."""
    defaults: Json = {"unit": unit, "custom": custom or {}, "mappings": mappings or []}
    if highest is not None:
        defaults |= {"min": 0, "max": highest}
    if decimals is None and unit == COUNT:
        decimals = 0
    if decimals is not None:
        defaults["decimals"] = decimals
    colours = [{"value": value, "color": colour} for value, colour in steps or [(None, BLUE)]]
    defaults["thresholds"] = {"mode": "absolute", "steps": colours}
    if kind in ("stat", "bargauge", "gauge"):
        defaults["color"] = {"mode": "thresholds"}
    for letter, one in zip("ABCDEFGHIJKL", targets, strict=False):
        one["refId"] = letter
    return {
        "type": kind, "title": title, "description": description, "datasource": SOURCE, "targets": targets,
        "fieldConfig": {"defaults": defaults, "overrides": overrides or []}, "options": options or {},
        "transformations": transformations or [], "gridPos": {"w": width, "h": height},
    }  # fmt: skip


def stat(title: str, description: str, unit: str, expression: str, **more: Any) -> Json:
    """Return one large number."""
    options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "colorMode": "value",
               "graphMode": "none", "textMode": "name" if unit == "string" else "auto"}  # fmt: skip
    legend = more.pop("legend", "")
    targets = [target(expression, legend, instant=True)]
    more = {"width": 4, "height": 4, **more}
    return panel("stat", title, description, unit, targets, options=options, **more)


def lines(
    title: str, description: str, unit: str, *queries: tuple[str, str], stacked: bool = False, **more: Any
) -> Json:
    """Return curves over time."""
    custom: Json = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 60 if stacked else 10, "showPoints": "never",
                    "stacking": {"mode": "normal" if stacked else "none", "group": "A"}}  # fmt: skip
    options = {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
               "tooltip": {"mode": "multi", "sort": "desc"}}  # fmt: skip
    return panel(
        "timeseries", title, description, unit, [target(*one) for one in queries],
        options=options, custom=custom, **more,
    )  # fmt: skip


def bars(title: str, description: str, unit: str, expression: str, legend: str, **more: Any) -> Json:
    """Return bars, one a series, largest first."""
    options = {"orientation": "horizontal", "displayMode": "basic", "valueMode": "color", "showUnfilled": True,
               "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}  # fmt: skip
    return panel(
        "bargauge", title, description, unit, [target(expression, legend, instant=True)],
        options=options, **more,
    )  # fmt: skip


def table(title: str, description: str, columns: list[tuple[str, str]], key: str, **more: Any) -> Json:
    """Return a table of several queries side by side, one row a value of the label `key`."""
    renamed = {f"Value #{letter}": name for letter, (name, _) in zip("ABCDEFGHIJKL", columns, strict=False)}
    hidden = {"Time": True}
    order = {name: place for place, name in enumerate([key, *renamed])}
    units = [
        {"matcher": {"id": "byName", "options": name}, "properties": [{"id": "unit", "value": BYTES}]}
        for name, _ in columns
        if "bytes" in name.lower()
    ]
    return panel(
        "table", title, description, COUNT,
        [target(expression, table=True, instant=True) for _, expression in columns],
        options={"showHeader": True, "cellHeight": "sm", "sortBy": [{"displayName": columns[0][0], "desc": True}]},
        transformations=[
            {"id": "merge", "options": {}},
            {"id": "organize", "options": {"excludeByName": hidden, "indexByName": order,
                                           "renameByName": {**renamed, key: key.capitalize()}}},
        ],
        overrides=units, decimals=0, **more,
    )  # fmt: skip


def text(title: str, content: str, *, width: int = WIDTH, height: int = 4) -> Json:
    """Return a panel of words."""
    return {
        "type": "text", "title": title, "description": "", "transparent": True,
        "options": {"mode": "markdown", "content": content}, "gridPos": {"w": width, "h": height},
    }  # fmt: skip


def variable(name: str, label: str, query: str) -> Json:
    """Return a variable that is chosen from the values of a label."""
    return {
        "type": "query", "name": name, "label": label, "datasource": SOURCE,
        "query": {"query": query, "refId": f"variable-{name}"}, "definition": query,
        "refresh": 2, "sort": 1, "multi": True, "includeAll": True, "allValue": ".+",
        "current": {"text": "All", "value": "$__all", "selected": True},
    }  # fmt: skip


def dashboard(uid: str, title: str, description: str, rows: list[tuple[str, list[Json]]], *extra: Json) -> Json:
    """Return a whole dashboard; panels flow from left to right under the title of their row."""
    panels: list[Json] = []
    top = number = 0
    for name, mine in rows:
        number += 1
        panels.append({"type": "row", "id": number, "title": name, "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": top, "w": WIDTH, "h": 1}})  # fmt: skip
        top += 1
        left = line = 0
        for one in mine:
            place = one["gridPos"]
            if left + place["w"] > WIDTH:
                top, left, line = top + line, 0, 0
            number += 1
            panels.append({**one, "id": number, "gridPos": {"x": left, "y": top, **place}})
            left, line = left + place["w"], max(line, place["h"])
        top += line
    link = {"type": "dashboards", "title": "crawler-guard", "tags": ["crawler-guard"], "asDropdown": False,
            "includeVars": True, "keepTime": True}  # fmt: skip
    return {
        "uid": uid, "title": title, "description": description, "tags": ["crawler-guard"], "schemaVersion": 39,
        "id": None, "version": 1, "editable": False, "graphTooltip": 1, "refresh": "30s",
        "time": {"from": "now-24h", "to": "now"}, "timezone": "browser", "links": [link], "panels": panels,
        "annotations": {"list": []},
        "templating": {"list": [
            {"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus",
             "current": {"text": "default", "value": "default"}},
            variable("job", "Job", "label_values(guard_build_info, job)"),
            variable("instance", "Instance", 'label_values(guard_build_info{job=~"$job"}, instance)'),
            *extra,
        ]},
    }  # fmt: skip


SITE = variable("site", "Site", 'label_values(guard_portfolio_pictures{job=~"$job", instance=~"$instance"}, site)')
PRICE = {
    "type": "textbox", "name": "price", "label": "Price per GB", "query": "0.09",
    "current": {"text": "0.09", "value": "0.09"}, "options": [{"text": "0.09", "value": "0.09", "selected": True}],
}  # fmt: skip
CRAWLERS = "guard_crawler_requests_total"
PICTURES = "guard_crawler_pictures_total"
YES_NO = [{"type": "value", "options": {"0": {"text": "no", "index": 0}, "1": {"text": "yes", "index": 1}}}]
VERIFIED, IMPOSTOR, READY, TOUCHED = 'identity="verified"', 'identity="impostor"', 'state="ready"', 'action!="allow"'
ZERO = " or vector(0)"
"""Where nothing was counted yet there is no series, and nobody should wonder what `No data` means."""


def scrapers() -> Json:
    """Return what crawlers wanted and what they got."""
    top = "topk(10, {})"
    glance = [
        stat("Requests of crawlers", "In the time shown, of those that name themselves.", COUNT, in_range(CRAWLERS)),
        stat("Crawlers", "So many different ones, by the catalogue; all that it does not know count as one.", COUNT,
             f"count(sum by (crawler) (increase({of(CRAWLERS)}[$__range])) > 0)"),
        stat("Pictures asked for", "By crawlers that name themselves.", COUNT, in_range(PICTURES)),
        stat("Pictures not given", "Of those: no picture at all, or one for reading only.", COUNT,
             in_range(PICTURES, 'got="none"') + ZERO),
        stat("Bytes withheld", "Of pictures that were refused or made smaller. A lower bound: only pictures whose size "
             "the guard knows count.", BYTES, in_range("guard_withheld_bytes_total") + ZERO),
        stat("Money saved", "Bytes withheld, at the price per GB of the variable above.", "currencyEUR",
             in_range("guard_withheld_bytes_total") + " / 1e9 * $price" + ZERO, decimals=2),
        stat("Claims refuted", "Requests in the name of a crawler from an address that its operator does not list.",
             COUNT, in_range(CRAWLERS, IMPOSTOR) + ZERO, steps=[(None, BLUE), (1, RED)]),
        stat("robots.txt broken", "Requests against the robots.txt that the same client had been served before.",
             COUNT, in_range("guard_robots_violations_total") + ZERO, steps=[(None, BLUE), (1, AMBER)]),
        stat("Marked copies issued", "Pictures handed out under an invisible mark.", COUNT,
             in_range("guard_marked_copies_total", 'result="marked"') + ZERO),
        stat("Verified requests", "Share of requests whose claim is confirmed by address, name or signature.", SHARE,
             f"({in_range(CRAWLERS, VERIFIED)} or vector(0)) / {in_range(CRAWLERS)}", decimals=1),
        stat("People", "Requests of clients that name nobody and behave like people.", COUNT,
             in_range("guard_undeclared_requests_total", 'conduct="clean"')),
        stat("Undeclared programs", "Requests of clients that name nobody and behave like programs.", COUNT,
             in_range("guard_undeclared_requests_total", 'conduct!="clean"') + ZERO),
    ]  # fmt: skip
    over_time = [
        lines("Requests by purpose", "What the crawlers collect for.", REQUESTS,
              (per_second("guard_requests_total", "purpose"), "{{purpose}}"), stacked=True, width=12),
        lines("Requests by what was done", "From allow, which changes nothing, to drop.", REQUESTS,
              (per_second("guard_requests_total", "action"), "{{action}}"), stacked=True, width=12),
        lines("Requests by operator", "The ten that ask most.", REQUESTS,
              (top.format(per_second(CRAWLERS, "operator")), "{{operator}}"), width=12),
        lines("Requests by crawler", "The ten that ask most.", REQUESTS,
              (top.format(per_second(CRAWLERS, "crawler")), "{{crawler}}"), width=12),
    ]  # fmt: skip
    each = [
        table("Every crawler", "One row a crawler, for the time shown. Pictures: those asked for, and what it got.", [
            ("Requests", in_range(CRAWLERS, by="crawler, operator")),
            ("Verified", in_range(CRAWLERS, VERIFIED, by="crawler, operator")),
            ("Refuted", in_range(CRAWLERS, IMPOSTOR, by="crawler, operator")),
            ("Pictures", in_range(PICTURES, by="crawler, operator")),
            ("Full", in_range(PICTURES, 'got="full"', by="crawler, operator")),
            ("Marked", in_range(PICTURES, 'got="marked"', by="crawler, operator")),
            ("Smaller", in_range(PICTURES, 'got="smaller"', by="crawler, operator")),
            ("None", in_range(PICTURES, 'got="none"', by="crawler, operator")),
            ("Bytes", in_range("guard_crawler_response_bytes_total", by="crawler, operator")),
            ("robots.txt", in_range("guard_crawler_robots_total", by="crawler, operator")),
            ("Broken", in_range("guard_robots_violations_total", by="crawler, operator")),
        ], "crawler", width=24, height=10),
        table("Taken and given back", "What the crawlers of an operator asked for, and how many people it sent to your "
              "pages, as their browsers say; many say nothing.", [
            ("Requests", in_range(CRAWLERS, by="operator")),
            ("Pictures", in_range(PICTURES, by="operator")),
            ("People sent", in_range("guard_referred_visits_total", by="operator")),
            ("Requests per person", f"{in_range(CRAWLERS, by='operator')} / "
             f"({in_range('guard_referred_visits_total', by='operator')} > 0)"),
        ], "operator", width=24, height=8),
        lines("Verified and forged", "What the claims of crawlers are worth.", REQUESTS,
              (per_second(CRAWLERS, "identity"), "{{identity}}"), stacked=True),
        bars("Whose claims are refuted", "In whose name; the operator's list of addresses says no.", COUNT,
             f"topk(10, {in_range(CRAWLERS, IMPOSTOR, by='crawler')} > 0)", "{{crawler}}",
             steps=[(None, RED)]),
        bars("Who broke robots.txt", "By clients that had been served it; undeclared: they name nobody.", COUNT,
             f"topk(10, {in_range('guard_robots_violations_total', by='crawler')} > 0)", "{{crawler}}",
             steps=[(None, AMBER)]),
        bars("robots.txt fetched", "A crawler that fetches it can not say that it did not know.", COUNT,
             f"topk(10, {in_range('guard_crawler_robots_total', by='crawler')} > 0)", "{{crawler}}"),
        lines("Reservation documents", "robots.txt, ai.txt, tdmrep.json and the others, by who asked.", REQUESTS,
              (per_second("guard_reservation_requests_total", "document"), "{{document}}"), stacked=True),
        lines("Licences that were shown", "Requests with a licence token, by what it was worth.", REQUESTS,
              (per_second("guard_licence_requests_total", "licence"), "{{licence}}")),
    ]  # fmt: skip
    pictures = [
        lines("What crawlers got", "Pictures they asked for: full, marked, smaller, or none.", REQUESTS,
              (per_second(PICTURES, "got"), "{{got}}"), stacked=True),
        lines("Bytes served", "By purpose.", "Bps",
              (per_second("guard_response_bytes_total", "purpose"), "{{purpose}}"), stacked=True),
        lines("Bytes withheld by purpose", "By purpose; only pictures whose size the guard knows.", "Bps",
              (per_second("guard_withheld_bytes_total", "purpose"), "{{purpose}}"), stacked=True),
        lines("Marked copies by result", "Pictures under a mark; a preview where no copy was ready.",
              REQUESTS, (per_second("guard_marked_copies_total", "result"), "{{result}}"), stacked=True),
        bars("Coverage of the portfolio", "Share of the site's pictures that a crawler was given in full in the last "
             "thirty days. A search engine is meant to have all.", SHARE,
             f"topk(15, {of('guard_portfolio_coverage_ratio')})", "{{crawler}} · {{site}}",
             highest=1, steps=[(None, GREEN), (0.3, AMBER), (0.6, RED)]),
        lines("Answers by status", "By class, and by whom they were for.", REQUESTS,
              (per_second("guard_responses_total", "client, status"), "{{client}} {{status}}"), stacked=True),
        text("Most wanted pictures and albums", "Paths are no labels: each would be a series in Prometheus. The guard "
             "keeps the list itself: `guard status --pictures`, or `today.pictures`, `today.albums` and `month.…` of "
             "`http://127.0.0.1:8701/status` for any data source that reads JSON.", height=3),
    ]  # fmt: skip
    return dashboard(
        "guard-scrapers", "Scraper traffic", "Which crawlers came, what they wanted, and what they got.",
        [("At a glance", glance), ("Over time", over_time), ("Crawlers", each), ("Pictures", pictures)], SITE, PRICE,
    )  # fmt: skip


def health() -> Json:
    """Return how the guard itself is."""
    known = 'conduct="clean"'
    now = [
        stat("Version", "What runs.", "string", of("guard_build_info", site=False), legend="{{version}}"),
        stat("Workers ready", "Processes that serve.", COUNT,
             f"sum({of('guard_workers', READY, site=False)})",
             steps=[(None, RED), (1, GREEN)]),
        stat("Restarts", "Processes that ended by themselves in the time shown.", COUNT,
             in_range("guard_process_restarts_total", site=False), steps=[(None, GREEN), (0.5, RED)]),
        stat("Configuration in force", "No: the file that was read last has faults, and what was in force before is.",
             COUNT, f"min({of('guard_config_last_reload_successful', site=False)})", mappings=YES_NO,
             steps=[(None, RED), (1, GREEN)]),
        stat("Loaded", "When the configuration in force was read.", "dateTimeFromNow",
             f"max({of('guard_config_last_reload_success_timestamp_seconds', site=False)}) * 1000"),
        stat("Paused", "By guard pause: nothing is done about anybody.", COUNT,
             f"max({of('guard_paused', site=False)})", mappings=YES_NO, steps=[(None, GREEN), (1, AMBER)]),
        stat("Learning", "In the first week nobody is refused for behaviour.", COUNT,
             f"max({of('guard_learning', site=False)})", mappings=YES_NO),
        stat("Policy", "In force, with the first characters of its digest.", "string",
             of("guard_policy_info", site=False), legend="{{policy}} {{digest}}", width=8),
        stat("Search sees something else", "Standing findings that a search engine and a person get different things.",
             COUNT, f"sum({of('guard_search_guard_different')})" + ZERO, steps=[(None, GREEN), (1, RED)]),
        stat("Rules checked", "When the catalogue was last held against what operators publish.", "dateTimeFromNow",
             f"min({of('guard_rules_checked_timestamp_seconds', site=False)}) * 1000"),
        stat("Oldest list of addresses", "A list that is a month old refutes no claim.", "dateTimeFromNow",
             f"min({of('guard_address_list_fetched_timestamp_seconds', site=False)}) * 1000"),
    ]  # fmt: skip
    work = [
        lines("Time to the decision", "From the complete head to the decision, without the site behind.", "s",
              (quantile(0.5, "guard_decision_seconds", site=False), "half"),
              (quantile(0.99, "guard_decision_seconds", site=False), "99 %")),
        lines("Time of the site behind", "Until the head of its answer was there.", "s",
              (quantile(0.5, "guard_upstream_seconds", "site"), "{{site}} half"),
              (quantile(0.99, "guard_upstream_seconds", "site"), "{{site}} 99 %")),
        lines("Loop lag", "How late a worker comes to things: above 0.1 s it has too much to do.", "s",
              (quantile(0.5, "guard_loop_lag_seconds", site=False), "half"),
              (quantile(0.99, "guard_loop_lag_seconds", site=False), "99 %")),
        lines("Requests open", "That are being answered.", "short",
              (f"sum({of('guard_requests_open', site=False)})", "open")),
        lines("Queues", "Records on their way to the disk, and pictures that wait to be prepared for marking.", "short",
              (f"sum({of('guard_evidence_pending_records', site=False)})", "records, workers"),
              (f"sum({of('guard_evidence_queued_records', site=False)})", "records, recorder"),
              (f"sum({of('guard_packs_waiting', site=False)})", "pictures")),
        lines("Faults of the site behind", "Answers that it did not give properly, by the status sent instead.",
              REQUESTS, (per_second("guard_upstream_errors_total", "site, status"), "{{site}} {{status}}")),
        lines("Not recorded", "Requests whose record could not be written: served all the same, or refused.", REQUESTS,
              (per_second("guard_unrecorded_answers_total", "result", site=False), "{{result}}")),
        lines("Pictures prepared for marking", "Built, unmarkable, failed.", "cps",
              (per_second("guard_packs_total", "result", site=False), "{{result}}"), stacked=True),
        lines("Time to prepare a picture", "In a process of its own; nobody waits for it.", "s",
              (quantile(0.5, "guard_pack_seconds", site=False), "half"),
              (quantile(0.95, "guard_pack_seconds", site=False), "95 %")),
        lines("Rights inside pictures", "Written on their way, unchanged, left alone, failed.", REQUESTS,
              (per_second("guard_in_image_total", "result"), "{{result}}"), stacked=True),
        lines("The site's own robots.txt", "1 for how the last look went; kept, alone: it could not be used.",
              "short", (f"max by (site, look) ({of('guard_upstream_robots')} > 0)", "{{site}} {{look}}")),
        lines("Forwarding headers", "That could not be read, and from peers that client_ip does not trust. If that is "
              "all requests, a front server is not named in the configuration.", REQUESTS,
              (f"sum(rate({of('guard_client_address_unusable_total', site=False)}[$__rate_interval]))", "unusable"),
              (f"sum(rate({of('guard_client_address_unbelieved_total', site=False)}[$__rate_interval]))",
               "not believed")),
    ]  # fmt: skip
    people = [
        stat("People touched", "Share of requests of clients that name nobody and behave like people for which "
             "anything but allow was done. Should be 0.", SHARE,
             f"({in_range('guard_undeclared_requests_total', known, TOUCHED)} or vector(0)) / "
             + in_range("guard_undeclared_requests_total", known), decimals=3, steps=[(None, GREEN), (0.001, RED)],
             width=6, height=8),
        lines("What is done about clients that name nobody", "By what is believed of their behaviour; allow left out.",
              REQUESTS, (per_second("guard_undeclared_requests_total", "conduct, action", TOUCHED),
                         "{{conduct}} {{action}}"), stacked=True, width=9),
        lines("Objections", "People who were refused and say that it was a mistake; the guard's output names their "
              "reference codes, and guard explain what was decided.", COUNT,
              (f"sum by (site) (increase({of('guard_appeals_total')}[$__rate_interval]))", "{{site}}")),
        bars("Rules that would have acted", "In monitor mode, in the learning week or in a pause: look here before you "
             "enforce.", COUNT, f"topk(10, {in_range('guard_monitored_total', by='rule')} > 0)", "{{rule}}", width=9),
        lines("Tickets for originals", "Given by a page; a smaller picture for want of one; a bookmark that gave one.",
              REQUESTS, (per_second("guard_tickets_total", "result"), "{{result}}"), stacked=True),
        lines("Search engines and people compared", "By result: equal, different, failed, gone.", "cps",
              (per_second("guard_search_guard_checks_total", "result"), "{{result}}"), stacked=True),
        bars("Age of lists of addresses", "Those of operators, by which claims are checked; a month is too old.", "s",
             f"sort_desc(time() - {of('guard_address_list_fetched_timestamp_seconds', site=False)})", "{{list}}",
             steps=[(None, GREEN), (30 * 86400, AMBER)]),
        lines("Counted under other", "Because a metric had too many series.", "cps",
              (per_second("guard_metric_series_dropped_total", "metric", site=False), "{{metric}}"), width=12),
        text("When a person was refused", "Every refusal shows a reference code. "
             "`guard explain --evidence DIR --reference CODE` says which rule it was and why; `guard pause 1h` stops "
             "everything meanwhile.", width=12, height=8),
    ]  # fmt: skip
    return dashboard(
        "guard-health", "Guard health", "Whether the guard does its work, and whether it hurts anybody.",
        [("Now", now), ("Its own work", work), ("People", people)], SITE,
    )  # fmt: skip


def evidence() -> Json:
    """Return how the evidence log is."""
    own = {"site": False}
    signed = f"{of('guard_evidence_log_records', **own)} - {of('guard_evidence_signed_records', **own)}"
    free, growth = of("guard_evidence_disk_free_bytes", **own), of("guard_evidence_log_bytes", **own)
    now = [
        stat("Recorder answers", "The one process that writes the log.", COUNT,
             f"min({of('guard_evidence_up', **own)})", mappings=YES_NO, steps=[(None, RED), (1, GREEN)]),
        stat("Can not be written", "Records or checkpoints fail now.", COUNT,
             f"max({of('guard_evidence_failing', **own)})", mappings=YES_NO, steps=[(None, GREEN), (1, RED)]),
        stat("Records", "All that were ever written.", COUNT, f"sum({of('guard_evidence_log_records', **own)})"),
        stat("Not signed yet", "Records after the newest checkpoint; more than some seconds' worth is a fault.",
             COUNT, f"sum({signed})", steps=[(None, GREEN), (10_000, RED)]),
        stat("Newest checkpoint", "None is made while there is no news.", "dateTimeFromNow",
             f"min({of('guard_evidence_checkpoint_timestamp_seconds', **own)}) * 1000"),
        stat("Lost records", "In the time shown, because the disk did not work; the log has a gap record for them.",
             COUNT, in_range("guard_evidence_gaps_total", **own), steps=[(None, GREEN), (1, RED)]),
        stat("Unanchored for", "Since when nobody outside has vouched for the newest records.", "s",
             f"max by (by) ({of('guard_evidence_unanchored_seconds', **own)})", legend="{{by}}", width=8,
             steps=[(None, GREEN), (7200, AMBER), (86400, RED)]),
        stat("Room left", "On the disk of the log.", BYTES, f"min({free})",
             steps=[(None, RED), (1e9, AMBER), (5e9, GREEN)]),
        stat("Share of the disk that is free", "Of the file system that the log is on.", SHARE,
             f"min({free} / {of('guard_evidence_disk_bytes', **own)})", decimals=1,
             steps=[(None, RED), (0.05, AMBER), (0.15, GREEN)]),
        stat("Full in", "At the pace of the last hours shown.", "s",
             f"min({free} / clamp_min(deriv({growth}[$__range]), 1))"),
        stat("Checkpoints", "That were ever signed.", COUNT, f"sum({of('guard_evidence_checkpoints', **own)})"),
    ]  # fmt: skip
    over_time = [
        lines("Records by kind", "Made durable, by kind.", "cps",
              (per_second("guard_evidence_records_total", "kind", **own), "{{kind}}"), stacked=True, width=12),
        lines("Not recorded", "Could not be written, by workers and by the recorder.", "cps",
              (f"sum(rate({of('guard_evidence_unrecorded_total', **own)}[$__rate_interval]))", "workers"),
              (f"sum(rate({of('guard_evidence_gaps_total', **own)}[$__rate_interval]))", "recorder"), width=12),
        lines("Time stamps and witnesses", "Questions to those outside: made, failed, contradicted.", "cps",
              (per_second("guard_evidence_anchors_total", "by, result", **own), "{{by}} {{result}}"), width=12),
        lines("Unanchored over time", "Since when nobody outside has vouched for the newest records.", "s",
              (f"max by (by) ({of('guard_evidence_unanchored_seconds', **own)})", "{{by}}"), width=12),
        lines("Size of the log", "All its segments.", BYTES, (f"sum({growth})", "log")),
        lines("Room left over time", "On the disk of the log.", BYTES, (f"min({free})", "free")),
        lines("Sync", "What the last sync to disk took.", "s",
              (f"max({of('guard_evidence_sync_seconds', **own)})", "sync")),
        lines("Queues", "Records on their way to the disk.", "short",
              (f"sum({of('guard_evidence_pending_records', **own)})", "workers wait for"),
              (f"sum({of('guard_evidence_queued_records', **own)})", "recorder has")),
        lines("Checkpoints over time", "Signed heads of the log.", "cps",
              (f"sum(deriv({of('guard_evidence_checkpoints', **own)}[$__rate_interval]))", "checkpoints")),
        text("What this is worth", "The log shows what was asked for and what was sent. It does not show what was done "
             "with a picture afterwards. `guard evidence verify DIR` checks all of it without this server.",
             width=8, height=8),
    ]  # fmt: skip
    return dashboard(
        "guard-evidence", "Evidence", "Whether the log is written, signed and vouched for.",
        [("Now", now), ("Over time", over_time)],
    )  # fmt: skip


DASHBOARDS = {"scraper-traffic.json": scrapers, "guard-health.json": health, "evidence.json": evidence}


def rendered(name: str) -> str:
    """Return the text of a file."""
    return json.dumps(DASHBOARDS[name](), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for _name in DASHBOARDS:
        (HERE / _name).write_text(rendered(_name), "utf-8")
