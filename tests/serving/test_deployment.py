"""Deployment files, read as TensorFlow Serving, Docker and Kubernetes read them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from serving.configuration import flags
from serving.configuration.files import read_batching, read_metrics_path, read_models
from serving.version_folders import Latest

DEPLOY = Path(__file__).resolve().parents[2] / "serving" / "deploy"
IMAGE = "tensorflow/serving:2.19.1"


def kubernetes() -> dict[str, Any]:
    """The manifests by kind."""
    manifests = [yaml.safe_load(path.read_text()) for path in (DEPLOY / "kubernetes").iterdir()]
    return {manifest["kind"]: manifest for manifest in manifests}


def container() -> dict[str, Any]:
    (found,) = kubernetes()["Deployment"]["spec"]["template"]["spec"]["containers"]
    return found


def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["serving"]


def test_models_batching_and_monitoring_are_what_the_messages_say() -> None:
    sources = read_models("--model_config_file", DEPLOY / "models.config")
    assert [source.name for source in sources] == ["add_glasses", "remove_glasses"]
    for source in sources:
        assert source.base_path == Path("/models") / source.name / "saved_model"
        assert source.policy == Latest(1)
    assert read_batching("--batching_parameters_file", DEPLOY / "batching.config").max_batch_size
    path = read_metrics_path("--monitoring_config_file", DEPLOY / "monitoring.config")
    annotations = kubernetes()["Deployment"]["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/path"] == path


@pytest.mark.parametrize("arguments", [compose()["command"], container()["args"]])
def test_the_flags_are_flags_of_both_servers(arguments: list[str]) -> None:
    options = flags.parse(arguments)
    for name in ("models", "batching", "monitoring"):
        flag = {"models": "model_config", "batching": "batching_parameters"}.get(name, name)
        flag = "monitoring_config" if name == "monitoring" else flag
        mounted = Path(getattr(options, f"{flag}_file"))
        assert mounted.parent == Path("/etc/faceattr")
        assert (DEPLOY / mounted.name).is_file()
    assert options.enable_batching is True


def test_one_image_everywhere() -> None:
    assert container()["image"] == IMAGE
    assert compose()["image"] == f"${{TENSORFLOW_SERVING_IMAGE:-{IMAGE}}}"
    assert IMAGE in (DEPLOY / "tensorflow_serving.sh").read_text()


def test_compose_opens_nothing_to_other_machines_and_mounts_what_is_there() -> None:
    service = compose()
    assert service["ports"] == ["127.0.0.1:8500:8500", "127.0.0.1:8501:8501"]
    bundles, *files = service["volumes"]
    assert bundles == "${BUNDLES:-../../bundles}:/models:ro"
    for line in files:
        source, target, mode = line.split(":")
        assert (DEPLOY / source).is_file()
        assert target == f"/etc/faceattr/{Path(source).name}"
        assert mode == "ro"


def test_the_manifests_belong_together() -> None:
    found = kubernetes()
    assert found.keys() == {
        "PersistentVolumeClaim",
        "Deployment",
        "Service",
        "HorizontalPodAutoscaler",
    }
    labels = found["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert found["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert found["Service"]["spec"]["selector"] == labels
    target = found["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == (
        "Deployment",
        found["Deployment"]["metadata"]["name"],
    )
    ports = {port["name"]: port["containerPort"] for port in container()["ports"]}
    assert ports == {"grpc": 8500, "rest": 8501}
    for port in found["Service"]["spec"]["ports"]:
        assert port["port"] == ports[port["targetPort"]]
    for probe in ("startupProbe", "readinessProbe"):
        asked = container()[probe]["httpGet"]
        assert ports[asked["port"]] == 8501
        name = re.fullmatch("/v1/models/(.+)", asked["path"])[1]  # type: ignore[index]
        assert f'name: "{name}"' in (DEPLOY / "models.config").read_text()
    volumes = {
        volume["name"] for volume in found["Deployment"]["spec"]["template"]["spec"]["volumes"]
    }
    assert {mount["name"] for mount in container()["volumeMounts"]} == volumes


def test_nothing_runs_as_root_or_writes() -> None:
    security = container()["securityContext"]
    assert security["readOnlyRootFilesystem"] is True
    assert security["capabilities"] == {"drop": ["ALL"]}
    pod = kubernetes()["Deployment"]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True


def test_the_kustomization_names_every_file() -> None:
    listed = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text())
    files = {path.relative_to(DEPLOY).as_posix() for path in (DEPLOY / "kubernetes").iterdir()}
    assert set(listed["resources"]) == files
    (generated,) = listed["configMapGenerator"]
    assert set(generated["files"]) == {path.name for path in DEPLOY.glob("*.config")}


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kubectl_builds_it() -> None:
    built = subprocess.run(
        ["kubectl", "kustomize", str(DEPLOY)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    kinds = [manifest["kind"] for manifest in yaml.safe_load_all(built.stdout)]
    assert sorted(kinds) == sorted([*kubernetes(), "ConfigMap"])
