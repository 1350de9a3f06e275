#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks Kubernetes manifests against the API's schemas and, where they say so, the restricted Pod Security Standard.

    manifests.py FILE…                  (in an environment with the PyPI package kubernetes-validate)

A manifest with marks (`#+NAME`, `#-NAME`; see daemonset.yaml) is checked as it stands and once for each name; as it
stands it must be what it claims. Prints a line for each; exit code 1 where something is wrong.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import kubernetes_validate
import yaml

# The oldest version that the manifests claim, and the newest whose schemas are known.
VERSIONS = ["1.29", kubernetes_validate.latest_version()]
RESTRICTED_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected",
                      "secret"}


class Loader(yaml.SafeLoader):
    """Refuses a key that stands twice in a mapping, which YAML forbids and PyYAML lets pass."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise yaml.constructor.ConstructorError(None, None, f"twice in a mapping: {twice}", node.start_mark)
        return super().construct_mapping(node, deep)


def variants(text: str) -> dict[str, str]:
    """The text as it stands (under the name ""), and with each feature's marked lines in and out."""
    texts = {"": text}
    for name in sorted(set(re.findall(r"#[+-](\w+)\b", re.sub(r"(?m)^#.*$", "", text)))):
        lines = [line for line in text.splitlines() if not re.search(rf"#-{name}\b", line)]
        texts[name] = "\n".join(re.sub(rf"^(\s*)#\+{name} ", r"\1", line) for line in lines) + "\n"
    return texts


def images(pod: dict) -> list[str]:
    """What is wrong with the images: a registry's host must be nobody's but the user's."""
    containers = pod.get("initContainers", []) + pod["containers"]
    return [f"image {container['image']} names a host" for container in containers
            if re.match(r"[^/]*[.:][^/]*/", container["image"])]


def restricted(pod: dict) -> list[str]:
    """Why a pod is not admitted where the restricted standard is enforced; the controls of the baseline included."""
    whole = pod.get("securityContext", {})
    problems = [f"{key} is set" for key in ("hostPID", "hostIPC", "hostNetwork") if pod.get(key)]
    problems += [f"sysctls are set: {whole['sysctls']}"] if whole.get("sysctls") else []
    for volume in pod.get("volumes", []):
        problems += [f"volume {volume['name']}: {kind} is not among the restricted kinds"
                     for kind in volume.keys() - {"name"} - RESTRICTED_VOLUMES]
    for container in pod.get("initContainers", []) + pod.get("containers", []):
        own = container.get("securityContext", {})
        both = whole | own
        capabilities = own.get("capabilities", {})
        wrong = {
            "privileged": own.get("privileged", False),
            "allowPrivilegeEscalation is not false": own.get("allowPrivilegeEscalation") is not False,
            "runAsNonRoot is not true": both.get("runAsNonRoot") is not True,
            "runAsUser is 0": both.get("runAsUser") == 0,
            "seccompProfile is not RuntimeDefault or Localhost":
                both.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"),
            "capabilities do not drop ALL": "ALL" not in capabilities.get("drop", []),
            "capabilities are added": bool(set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}),
            "procMount is set": own.get("procMount", "Default") != "Default",
            "a host port is taken": any(port.get("hostPort") for port in container.get("ports", [])),
            "appArmorProfile is Unconfined": both.get("appArmorProfile", {}).get("type") == "Unconfined",
            "seLinuxOptions are set": bool(both.get("seLinuxOptions")),
        }
        problems += [f"{container['name']}: {problem}" for problem, is_wrong in wrong.items() if is_wrong]
    return problems


def beyond(pod: dict) -> list[str]:
    """What we ask of every pod beyond the standard."""
    problems = [] if pod.get("automountServiceAccountToken") is False else ["a service account's token is mounted"]
    for container in pod.get("initContainers", []) + pod["containers"]:
        if not container.get("securityContext", {}).get("readOnlyRootFilesystem"):
            problems.append(f"{container['name']}: the root file system may be written to")
        if "memory" not in container.get("resources", {}).get("requests", {}):
            problems.append(f"{container['name']}: no memory is requested")
    return problems


def schema(document: dict) -> list[str]:
    problems = []
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            problems.append(f"{version}: {'.'.join(str(part) for part in error.path)}: {error.message}")
    return problems


def check(name: str, text: str, *, is_restricted: bool) -> bool:
    """Prints what is found of one manifest; whether all is well."""
    documents = list(yaml.load_all(text, Loader))
    problems = []
    findings: list[str] = []
    for document in documents:
        problems += schema(document)
        pod = document.get("spec", {}).get("template", {}).get("spec")
        if not pod:
            continue
        labels = document["spec"]["template"]["metadata"]["labels"]
        selector = document["spec"].get("selector", {}).get("matchLabels", {})
        if not selector.items() <= labels.items():
            problems.append("the selector does not select the pods")
        problems += images(pod) + beyond(pod)
        findings += restricted(pod)
    if is_restricted:
        problems += findings
    kinds = ", ".join(document["kind"] for document in documents)
    level = "restricted" if not findings else "not restricted: " + "; ".join(findings)
    print(f"{name}: {kinds}: {'wrong' if problems else 'valid'} for {' and '.join(VERSIONS)}; {level}")
    for problem in problems:
        print(f"{name}: {problem}")
    return not problems


def main() -> int:
    is_well = True
    for path in map(Path, sys.argv[1:]):
        text = path.read_text()
        claims = '"restricted"' in text
        for feature, variant in variants(text).items():
            name = f"{path.name} with {feature}" if feature else path.name
            if feature and variant == text:
                print(f"{name}: the mark changes nothing")
                is_well = False
            is_well &= check(name, variant, is_restricted=claims and not feature)
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
