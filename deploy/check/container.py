#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the bundle of a container for runc, as a container engine or a kubelet would make it of an image.

    container.py BUNDLE --rootfs DIR --image FILE [--manifest FILE] [--set NAME=VALUE]… [-- ARGUMENT…]

The image's configuration (`buildah inspect`) gives user, environment, working directory and command. A manifest's
container `exert` overrides arguments, environment, user, limits and mounts; its volumes are folders of BUNDLE/volumes.
The filter of system calls is the engines' default one, less what Docker and containerd refuse beyond it. The root file
system is read-only, no capability is left, and no new privilege can be had, whatever is given.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import subprocess
import sys
from pathlib import Path

import yaml

ENGINE_FILTER = Path("/usr/share/containers/seccomp.json")
# Docker from 25 and containerd from 2 refuse the first three, and the others without CAP_SYS_NICE.
REFUSED = {"io_uring_setup", "io_uring_enter", "io_uring_register", "mbind", "set_mempolicy", "get_mempolicy"}
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def engine_filter() -> dict:
    """The default filter of the container engines, for a process without capabilities."""
    profile = json.loads(ENGINE_FILTER.read_text())
    here = ARCHITECTURES[platform.machine()]
    rules = []
    for rule in profile["syscalls"]:
        includes = rule.get("includes") or {}
        if includes.get("caps") or here not in includes.get("arches", [here]):
            continue
        kept = {key: rule[key] for key in ("action", "errnoRet", "args") if rule.get(key)}
        names = [name for name in rule["names"] if name not in REFUSED]
        rules.append(kept | {"names": names})
    return {"defaultAction": profile["defaultAction"], "defaultErrnoRet": 1, "syscalls": rules}


def amount(text: str | int) -> int:
    """Bytes of Kubernetes' notation, such as 512Mi."""
    found = re.fullmatch(r"(\d+)(Ki|Mi|Gi)?", str(text))
    if not found:
        raise ValueError(f"{text!r} is no amount of bytes")
    return int(found[1]) << {None: 0, "Ki": 10, "Mi": 20, "Gi": 30}[found[2]]


def cores(text: str | int) -> float:
    text = str(text)
    return int(text[:-1]) / 1000 if text.endswith("m") else float(text)


def pod_of(path: Path) -> tuple[dict, dict[str, dict]]:
    """The pod's specification in a manifest, and the data of its ConfigMaps."""
    documents = [document for document in yaml.safe_load_all(path.read_text()) if document]
    pod = next(d["spec"]["template"]["spec"] for d in documents if "template" in d.get("spec", {}))
    return pod, {d["metadata"]["name"]: d["data"] for d in documents if d["kind"] == "ConfigMap"}


def bind(source: Path, destination: str, *, writable: bool) -> dict:
    options = ["bind", "nosuid", "nodev", "rw" if writable else "ro"]
    return {"destination": destination, "type": "bind", "source": str(source.resolve()), "options": options}


def volume(definition: dict, folder: Path, maps: dict[str, dict]) -> Path:
    """A folder for a volume, filled as a kubelet would; a Secret has one key, `token`."""
    folder.mkdir(parents=True, exist_ok=True)
    if "configMap" in definition:
        for name, text in maps[definition["configMap"]["name"]].items():
            (folder / name).write_text(text)
    elif "secret" in definition:
        (folder / "token").write_text("a-token-of-the-check\n")
    else:
        folder.chmod(0o777)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--rootfs", type=Path, required=True)
    parser.add_argument("--image", type=Path, required=True)
    parser.add_argument("--manifest", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    words = sys.argv[1:]
    split = words.index("--") if "--" in words else len(words)
    options = parser.parse_args(words[:split])

    image = json.loads(options.image.read_text())["OCIv1"]["config"]
    variables = dict(line.split("=", 1) for line in image["Env"])
    user = int(image["User"].split(":")[0])
    arguments = image["Cmd"]
    volumes = options.bundle / "volumes"
    resources: dict = {"pids": {"limit": 512}}
    mounts = []

    if options.manifest:
        pod, maps = pod_of(options.manifest)
        containers = pod.get("initContainers", []) + pod["containers"]
        container = next(container for container in containers if container["name"] == "exert")
        user = (pod["securityContext"] | container["securityContext"]).get("runAsUser", user)
        arguments = container["args"]
        variables |= {entry["name"]: entry.get("value", "") for entry in container.get("env", [])}
        limits = container["resources"].get("limits", {})
        if "memory" in limits:
            resources["memory"] = {"limit": amount(limits["memory"])}
        if "cpu" in limits:
            resources["cpu"] = {"quota": int(cores(limits["cpu"]) * 100_000), "period": 100_000}
        definitions = {definition["name"]: definition for definition in pod["volumes"]}
        for mount in container["volumeMounts"]:
            folder = volume(definitions[mount["name"]], volumes / mount["name"], maps)
            mounts.append(bind(folder, mount["mountPath"], writable=not mount.get("readOnly")))
    if not any(mount["destination"] == "/scratch" for mount in mounts):
        mounts.append(bind(volume({}, volumes / "scratch", {}), "/scratch", writable=True))

    variables |= dict(line.split("=", 1) for line in options.set)
    arguments = words[split + 1:] or arguments
    arguments = [re.sub(r"\$\((\w+)\)", lambda found: variables[found[1]], word) for word in arguments]

    subprocess.run(["runc", "spec", "--bundle", options.bundle], check=True)
    path = options.bundle / "config.json"
    config = json.loads(path.read_text())
    config["hostname"] = "exert"
    config["root"] = {"path": str(options.rootfs.resolve()), "readonly": True}
    config["mounts"] += mounts
    config["process"] |= {
        "terminal": False, "cwd": image["WorkingDir"], "user": {"uid": user, "gid": user},
        "args": image["Entrypoint"] + arguments, "env": [f"{name}={value}" for name, value in variables.items()],
        "capabilities": {}, "noNewPrivileges": True,
        "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 16384, "soft": 16384}],
    }
    config["linux"]["resources"] |= resources
    config["linux"]["seccomp"] = engine_filter()
    path.write_text(json.dumps(config, indent=1))


if __name__ == "__main__":
    sys.exit(main())
