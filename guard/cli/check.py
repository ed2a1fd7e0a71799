"""Is the configuration right, and what does it come to?"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import typer

from guard.cli.faults import render
from guard.configuration import Configuration, load_configuration
from guard.errors import ConfigurationError
from guard.store.rule_files import rules_root


def check(config: Path, environ: Mapping[str, str], *, as_json: bool) -> int:
    """Print what is wrong with the configuration, or what it comes to, and return the exit status.

    Raises:
        UsageError: The file can not be read.
    """
    try:
        configuration = load_configuration(config, environ, {}, with_networks=True)
    except ConfigurationError as error:
        typer.echo(_faults_json(error) if as_json else _faults_text(error))
        return 1
    typer.echo(_json(_summary(config, configuration)) if as_json else _summary_text(config, configuration))
    return 0


def _faults_text(error: ConfigurationError) -> str:
    count = len(error.faults)
    return f"{render(error.faults, rules_root().path)}\n\n{count} {'fault' if count == 1 else 'faults'}"


def _faults_json(error: ConfigurationError) -> str:
    return _json({"ok": False, "faults": list(error.faults), "warnings": []})


def _summary(config: Path, configuration: Configuration) -> dict[str, Any]:
    settings = configuration.settings
    return {
        "ok": True,
        "faults": [],
        "warnings": configuration.warnings,
        "file": str(config),
        "sites": [{"host": site.host, "upstream": site.upstream, "profile": site.profile} for site in settings.sites],
        "policy": configuration.policy.name,
        "rules": [
            {"id": rule.id, "action": rule.action, "monitor": rule.monitor, "because": rule.because}
            for rule in configuration.policy.rules
        ],
        "own_rules": len(settings.rules),
        "crawlers": len(configuration.catalogue.crawlers),
        "rules_from": configuration.rules.description,
        "digest": configuration.policy.digest,
    }


def _summary_text(config: Path, configuration: Configuration) -> str:
    settings, policy = configuration.settings, configuration.policy
    sites = [f"{site.host} -> {site.upstream}" for site in settings.sites]
    rows = [
        ("sites", sites[0]),
        *(("", site) for site in sites[1:]),
        ("policy", f"{policy.name}: {len(policy.rules)} rules, {len(settings.rules)} of them yours"),
        ("crawlers", f"{len(configuration.catalogue.crawlers)} known"),
        ("from", configuration.rules.description),
        ("evidence", str(settings.evidence.directory)),
        ("digest", policy.digest),
    ]
    lines = [f"{config} is right", "", *(f"  {name:<11}{value}".rstrip() for name, value in rows)]
    if configuration.warnings:
        lines += ["", *(f"warning: {sentence}" for sentence in configuration.warnings)]
    return "\n".join(lines)


def _json(value: dict[str, Any]) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
