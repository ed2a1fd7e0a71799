from pathlib import Path

from guard.server.rules_in_force import load_pipeline
from guard.settings import load_settings


def test_a_profile_comes_after_the_owner_s_rules_and_before_the_policy(tmp_path: Path):
    """So the owner may change it, and no shipped rule takes an app for a crawler."""
    file = tmp_path / "guard.yaml"
    file.write_text(
        "sites: [{host: photo.example, upstream: 'http://127.0.0.1:1', profile: immich}]\n"
        "rules: [{id: mine, when: {path: /x}, action: allow}]\n"
    )

    pipeline = load_pipeline(load_settings(file, {"HOME": str(tmp_path)}, {}))

    ids = [rule.id for rule in pipeline.policy.rules]
    assert ids[:2] == ["mine", "immich-own-apps"]
    assert ids.index("immich-own-apps") < ids.index("bulk-refused")
