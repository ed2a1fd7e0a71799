"""Which rules does a worker decide by?"""

from guard.core.pipeline import Pipeline
from guard.core.policy_file import combine, make_policy, parse_policy_file
from guard.settings import Settings
from guard.store.profile_files import profile_rules
from guard.store.rule_files import load_catalogue, owner_rules, read_policy_file, rules_root
from guard.yaml12 import load


def load_pipeline(settings: Settings) -> Pipeline:
    """Read catalogue and policy, the owner's rules over the shipped ones.

    Raises:
        ConfigurationError: They have faults.
    """
    root = rules_root().path
    catalogue = load_catalogue(root)
    data, name = read_policy_file(settings.policy, root)
    shipped = parse_policy_file(load(data, name), catalogue)
    profiles = profile_rules(((site.host, site.profile) for site in settings.sites), root)
    rules = combine(owner_rules(settings.rules), (*profiles, *shipped.rules))
    return Pipeline(catalogue, make_policy(shipped.name, rules, catalogue))
