"""Which rules does a worker decide by?"""

from guard.core.pipeline import Pipeline
from guard.core.policy_file import combine, make_policy, parse_policy_file
from guard.settings import Settings
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
    rules = combine(owner_rules(settings.rules), shipped.rules)
    return Pipeline(catalogue, make_policy(shipped.name, rules, catalogue))
