"""What a layer holds, as a folder to import from: our code as it lies, third-party code as links into site-packages.

A layer is built for deployment by pip from its requirements.txt. Here nothing is installed: a folder
build/layers/<layer>/<digest>/python gets a symbolic link for every top-level entry of the distributions that the file
names and of what they require, found in the interpreter that runs the cloud. So a function imports what its own layers
bring, and nothing else.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from lepton.errors import Misconfigured

RUNTIME = ("awslambdaric", "boto3")


def layer_folder(content: Path, build: Path) -> Path:
    """The folder that a layer adds to sys.path, from the ContentUri in the template. Raises Misconfigured."""
    root = content.parent if content.name == "python" else content
    if (root / "requirements.txt").is_file():
        return view(root.name, _pins(root / "requirements.txt"), build)
    folder = content / "python" if (content / "python").is_dir() else content
    if not folder.is_dir():
        raise Misconfigured("the layer's folder does not exist", pointer=str(content))
    return folder


def runtime_folder(build: Path) -> Path:
    """What Lambda itself brings: AWS's runtime client and boto3, and what they need."""
    return view("lambda-runtime", [Requirement(name) for name in RUNTIME], build)


def view(name: str, wanted: Iterable[Requirement], build: Path) -> Path:
    """A folder of links to the wanted distributions and all that they require; made once for each content."""
    chosen = _closure(list(wanted))
    entries = dict(entry for one in chosen for entry in _entries(one))
    text = "\n".join(f"{link} {target}" for link, target in sorted(entries.items()))
    folder = build / name / hashlib.sha256(text.encode()).hexdigest()[:12] / "python"
    if folder.is_dir():
        return folder
    folder.parent.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent.parent, prefix=".unfinished-"))
    for link, target in entries.items():
        place = unfinished / "python" / link
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)
    try:
        unfinished.replace(folder.parent)
    except OSError:  # another cloud was faster, with the same content
        shutil.rmtree(unfinished)
    return folder


def _pins(file: Path) -> list[Requirement]:
    text = file.read_text().replace("\\\n", " ")
    lines = (line.split(" --hash", 1)[0].split(" #", 1)[0].strip() for line in text.splitlines())
    try:
        return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]
    except InvalidRequirement as error:
        raise Misconfigured(f"not a requirements file: {error}", pointer=str(file)) from error


def _closure(wanted: list[Requirement]) -> list[Distribution]:
    found: dict[str, Distribution] = {}
    pending = [one for one in wanted if one.marker is None or one.marker.evaluate()]
    for pinned in pending:
        _checked(pinned)
    while pending:
        requirement = pending.pop()
        name = canonicalize_name(requirement.name)
        if name in found:
            continue
        found[name] = _checked(requirement)
        for text in found[name].requires or []:
            needed = Requirement(text)
            if needed.marker is None or any(
                needed.marker.evaluate({"extra": extra}) for extra in requirement.extras or {""}
            ):
                pending.append(needed)
    return list(found.values())


def _checked(requirement: Requirement) -> Distribution:
    try:
        found = distribution(requirement.name)
    except PackageNotFoundError as error:
        raise _differs(requirement, "is not installed") from error
    if not requirement.specifier.contains(found.version, prereleases=True):
        raise _differs(requirement, f"is installed as {found.version}")
    return found


def _differs(requirement: Requirement, what: str) -> Misconfigured:
    return Misconfigured(
        f"a layer wants {requirement.name}{requirement.specifier}, which {what} in the environment of the local cloud",
        pointer="layers/*/requirements.txt",
        hint="bring the environment up to the lock: pip install --require-hashes -r requirements/dev.lock",
    )


def _entries(one: Distribution) -> Iterator[tuple[str, str]]:
    """Pairs of a path below the view and what it links to; folders shared by several distributions are opened up."""
    seen = set()
    for file in one.files or []:
        parts = file.parts
        if parts[0] in ("..", "__pycache__") or parts[0].endswith(".pth"):
            continue
        depth = 1
        while depth < len(parts) and _owners()["/".join(parts[:depth])] > 1:
            depth += 1
        path = "/".join(parts[:depth])
        if path not in seen and "__pycache__" not in parts[:depth]:
            seen.add(path)
            yield path, os.fspath(Path(str(one.locate_file(path))).absolute())


@cache
def _owners() -> Counter[str]:
    """How many distributions have files below each folder, one and two levels deep."""
    owners: Counter[str] = Counter()
    for one in distributions():
        folders = {
            "/".join(file.parts[:depth]) for file in one.files or [] for depth in (1, 2) if len(file.parts) > depth
        }
        owners.update(folders)
    return owners
