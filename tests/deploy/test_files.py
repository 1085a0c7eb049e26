"""deploy/ is looked at by the tools of each format, and by what the loket itself says of its settings."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import prometheus_client
import pytest
import yaml

from service.commands.check import of_settings
from service.observe import metrics
from service.settings import Settings
from tests.conftest import ROOT

pytestmark = pytest.mark.deploy

DEPLOY = ROOT / "deploy"
OVERLAYS = ("region", "country")
COMPOSE = DEPLOY / "compose" / "compose.yaml"
BIN = Path(sys.executable).parent

VERSION = re.compile(r"[\w./-]+:\d+\.\d+(\.\d+)?(-[\w.-]+)?")
"""An image by its exact version: never `latest`, never only a major."""


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_containerfile_is_as_hadolint_asks() -> None:
    assert run(BIN / "hadolint", DEPLOY / "image" / "Containerfile") == ""


def test_the_image_is_not_root_is_checked_and_is_of_an_exact_version() -> None:
    text = (DEPLOY / "image" / "Containerfile").read_text(encoding="utf-8")
    base = re.search(r"^ARG PYTHON=(\S+)$", text, re.MULTILINE)
    assert base is not None and VERSION.fullmatch(base[1].removeprefix("docker.io/"))
    last = text.rpartition("\nFROM ")[2]
    assert "USER 65532:65532" in last and "HEALTHCHECK" in last
    assert "pip" not in last and "COPY ." not in last, "the last stage only takes what was made"


# ── Compose ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return found


def test_the_compose_file_has_the_form_of_the_specification() -> None:
    run(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE)


def test_every_value_that_compose_asks_for_is_in_the_example() -> None:
    asked = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text(encoding="utf-8")))
    example = (DEPLOY / "compose" / "env.voorbeeld").read_text(encoding="utf-8")
    assert asked == set(re.findall(r"^(\w+)=", example, re.MULTILINE))


def test_every_service_of_compose_is_of_an_exact_version_and_can_do_little(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert VERSION.fullmatch(service["image"].removeprefix("docker.io/")), name
        if name != "postgres":  # whose image changes user by itself and writes its socket
            assert service["read_only"] is True and service["cap_drop"] == ["ALL"], name
    for name in ("postgres", "valkey", "migrate"):
        assert compose["services"][name]["network_mode"] == "none"
    open_ports = {name for name, service in compose["services"].items() if "ports" in service}
    assert open_ports == {"proxy"}


@pytest.mark.parametrize("name", ["web", "worker", "migrate"])
def test_the_settings_in_compose_are_right_and_safe(compose: dict[str, Any], name: str) -> None:
    """As the image and the file together give them, with the example filled in."""
    example = (DEPLOY / "compose" / "env.voorbeeld").read_text(encoding="utf-8")
    values = dict(re.findall(r"^(\w+)=(.*)$", example, re.MULTILINE))
    given = {
        key: re.sub(r"\$\{(\w+)[^}]*\}", lambda found: values[found[1]] or "geheim", value)
        for key, value in compose["services"][name]["environment"].items()
    }

    settings = Settings.from_environ(of_the_image() | given)

    assert not any(one.ernstig for one in of_settings(settings))


def of_the_image() -> dict[str, str]:
    text = (DEPLOY / "image" / "Containerfile").read_text(encoding="utf-8")
    return dict(re.findall(r"\b(LOKET_\w+)=(\S+)", text))


# ── Kubernetes ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module", params=OVERLAYS)
def overlay(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def rendered(overlay: str) -> str:
    return run("kubectl", "kustomize", DEPLOY / "kubernetes" / overlay)


@pytest.fixture(scope="module")
def objects(rendered: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(rendered))


def unproved() -> set[str]:
    """Kinds that docs/uitrollen.md says nobody here could look at."""
    text = (ROOT / "docs" / "uitrollen.md").read_text(encoding="utf-8")
    table = text.partition("## Wat niet is nagekeken")[2]
    return set(re.findall(r"`([A-Z]\w+)` \(", table))


def test_every_object_is_as_kubernetes_asks_or_is_listed_as_not_looked_at(rendered: str, tmp_path: Path) -> None:
    """A kind without a schema is not right because nobody knows it."""
    (tmp_path / "all.yaml").write_text(rendered)
    done = subprocess.run(
        [BIN / "kubernetes-validate", "--strict", tmp_path / "all.yaml"], capture_output=True, text=True, check=False
    )
    said = (done.stdout + done.stderr).splitlines()
    unknown = {match[1] for line in said if (match := re.search(r"Couldn't find schema for kind (\w+)", line))}
    passed = [line for line in said if " passed for resource " in line]
    assert done.returncode == 0, said
    assert len(passed) > 20
    assert len(passed) + sum("Couldn't find" in line for line in said) == len(said), said
    assert unknown == unproved()


def pods(objects: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for each in objects:
        if each["kind"] in ("Deployment", "StatefulSet", "Job"):
            yield each["metadata"]["name"], each["spec"], each["spec"]["template"]


def test_every_container_can_do_little_and_has_limits(objects: list[dict[str, Any]]) -> None:
    """Pod Security "restricted", and a root file system that cannot be written."""
    seen = 0
    for name, _, pod in pods(objects):
        assert pod["spec"]["automountServiceAccountToken"] is False, name
        whole = pod["spec"]["securityContext"]
        assert whole["runAsNonRoot"] is True and whole["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in pod["spec"]["containers"]:
            own = container["securityContext"]
            assert own["allowPrivilegeEscalation"] is False and own["readOnlyRootFilesystem"] is True, name
            assert own["capabilities"] == {"drop": ["ALL"]}, name
            assert container["resources"]["limits"]["memory"] and container["resources"]["requests"]["cpu"], name
            assert VERSION.fullmatch(container["image"].removeprefix("docker.io/")), name
            seen += 1
    assert seen == 5


def test_what_chooses_pods_chooses_some(objects: list[dict[str, Any]]) -> None:
    """A label with a typing mistake would leave a service empty, or a policy without anybody."""
    labels = {name: pod["metadata"]["labels"] for name, _, pod in pods(objects)}
    for name, spec, pod in pods(objects):
        if "selector" in spec:
            assert spec["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items(), name
    for each in objects:
        spec = each.get("spec", {})
        chosen = spec.get("selector") if each["kind"] == "Service" else spec.get("podSelector", {}).get("matchLabels")
        if each["kind"] == "PodDisruptionBudget":
            chosen = spec["selector"]["matchLabels"]
        if chosen and "cnpg.io/cluster" not in chosen:
            assert any(chosen.items() <= each_labels.items() for each_labels in labels.values()), each["metadata"]
    scaled = {each["spec"]["scaleTargetRef"]["name"] for each in objects if each["kind"] == "HorizontalPodAutoscaler"}
    assert scaled == {"loket-web", "loket-worker"}


def test_secrets_are_only_referred_to(objects: list[dict[str, Any]]) -> None:
    """docs/uitrollen.md lists which must be there."""
    assert not [each for each in objects if each["kind"] == "Secret"]
    text = json.dumps(objects)
    named = set(re.findall(r'"secretName": "([\w-]+)"', text))
    named |= set(re.findall(r'"secretKeyRef": \{[^}]*"name": "([\w-]+)"', text))
    named |= set(re.findall(r'"(?:passwordSecret|secret|accessKeyId)": \{[^}]*"name": "([\w-]+)"', text))
    told = (ROOT / "docs" / "uitrollen.md").read_text(encoding="utf-8")
    assert {name for name in named if f"`{name}`" not in told} == set()
    assert len(named) >= 6


def filled(own: dict[str, str]) -> dict[str, str]:
    """With $(NAME) replaced, as Kubernetes does."""
    return {key: re.sub(r"\$\((\w+)\)", lambda found: own[found[1]], text) for key, text in own.items()}


def test_the_settings_in_kubernetes_are_right_and_safe(objects: list[dict[str, Any]]) -> None:
    """Of each container, as the image, the ConfigMap and its own variables give them."""
    config = next(each["data"] for each in objects if each["kind"] == "ConfigMap")
    for name, _, pod in pods(objects):
        for container in pod["spec"]["containers"]:
            if container["name"] != "loket":
                continue
            own = {each["name"]: each.get("value", "geheim") for each in container["env"]}
            settings = Settings.from_environ(of_the_image() | config | filled(own))
            wrong = [one.zin for one in of_settings(settings) if one.ernstig]
            # The migrations ask nothing of Valkey, and so do not know its password.
            assert not [zin for zin in wrong if not (name == "loket-migrate" and "Valkey" in zin)], name


def test_connections_of_all_processes_fit_into_the_database(objects: list[dict[str, Any]]) -> None:
    """At the most that the autoscalers allow, and once more while a version changes."""
    most = {
        each["metadata"]["name"]: each["spec"]["maxReplicas"]
        for each in objects
        if each["kind"] == "HorizontalPodAutoscaler"
    }
    config = next(each["data"] for each in objects if each["kind"] == "ConfigMap")
    pool = int(config.get("LOKET_POOL_SIZE", Settings().pool_size))
    web, worker = pool + 2 + 3, pool + 1 + 1
    cluster = next(each for each in objects if each["kind"] == "Cluster")
    allowed = int(cluster["spec"]["postgresql"]["parameters"]["max_connections"])

    # One more of each while versions change, the anker, migrations, and 10 for people and the operator.
    assert (most["loket-web"] + 1) * web + (most["loket-worker"] + 2) * worker + 1 + 10 <= allowed
    # To a replica, that allows as many: all web processes may have their connections with the same one.
    assert (most["loket-web"] + 1) * (pool + 1) + 10 <= allowed


# ── Alarms and figures ───────────────────────────────────────────────────────────────────────────

OBSERVE = DEPLOY / "observe"


def alarms() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((OBSERVE / "rules.yaml").read_text(encoding="utf-8"))["groups"][0][
        "rules"
    ]
    return found


def test_each_alarm_goes_off_when_it_must_and_not_before() -> None:
    run("promtool", "check", "rules", "rules.yaml", cwd=OBSERVE)
    run("promtool", "test", "rules", "rules.test.yaml", cwd=OBSERVE)
    tests = yaml.safe_load((OBSERVE / "rules.test.yaml").read_text(encoding="utf-8"))["tests"]
    fired = {each["alert_rule_test"][0]["alertname"] for each in tests if each["alert_rule_test"][0]["exp_alerts"]}
    quiet = {each["alert_rule_test"][0]["alertname"] for each in tests if not each["alert_rule_test"][0]["exp_alerts"]}
    assert fired == quiet == {each["alert"] for each in alarms()}


def test_the_configuration_of_prometheus_is_right() -> None:
    run("promtool", "check", "config", "prometheus.yaml", cwd=OBSERVE)


def test_kubernetes_has_the_same_alarms() -> None:
    kubernetes = yaml.safe_load((DEPLOY / "kubernetes" / "base" / "rules.yaml").read_text(encoding="utf-8"))
    assert kubernetes["spec"]["groups"][0]["rules"] == alarms()


def test_every_alarm_is_in_the_runbook_and_the_other_way_round() -> None:
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^### (Loket\w+)", text, re.MULTILINE)) == {each["alert"] for each in alarms()}


def expressions() -> list[str]:
    dashboard = json.loads((OBSERVE / "dashboard.json").read_text(encoding="utf-8"))
    return [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]


def test_every_figure_that_is_shown_or_guarded_exists(tmp_path: Path) -> None:
    """And each question of the dashboard is one that Prometheus can read."""
    there = {family.name for family in prometheus_client.REGISTRY.collect()} | {"loket_pool_connections"}
    assert metrics.POOLS is not None
    asked = [*expressions(), *(each["expr"] for each in alarms())]
    named = {name for text in asked for name in re.findall(r"\b(loket_\w+)", text)}
    gone = {
        name for name in named if re.sub(r"_(total|bucket|count|sum)$", "", name) not in there and name not in there
    }
    assert gone == set()
    plain = [text.replace("$__rate_interval", "5m").replace("$regio", ".*") for text in expressions()]
    rules = [{"record": f"dashboard:{number}", "expr": text} for number, text in enumerate(plain)]
    (tmp_path / "r.yaml").write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    run("promtool", "check", "rules", tmp_path / "r.yaml")
    shown = {name for text in expressions() for name in re.findall(r"\b(loket_\w+)", text)}
    ours = {family.name for family in prometheus_client.REGISTRY.collect() if family.name.startswith("loket_")}
    base = {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in shown}
    assert ours - base - {"loket_klok_verschil_seconds", "loket_regio_koppelingen_stil"} == set(), "shown nowhere"
