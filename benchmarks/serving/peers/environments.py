"""One virtual environment for each server under build/peers, made with pip when it is not there yet."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HOME = Path("build/peers").resolve()
_TOOLS = ("pip", "setuptools", "wheel", "pkg_resources", "_distutils_hack")
INSTALL_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Environment:
    """`python` runs in it; `why` is what pip said when it could not be made."""

    name: str
    why: str = ""

    @property
    def folder(self) -> Path:
        return HOME / self.name

    @property
    def python(self) -> Path:
        return self.folder / "bin/python"

    def script(self, name: str) -> str:
        return str(self.folder / "bin" / name)

    def versions(self, *packages: str) -> str:
        """`name version` of packages that are installed in it."""
        found = subprocess.run([self.script("pip"), "list"], capture_output=True, text=True, check=False).stdout
        installed = {line.split()[0].lower(): line.split()[1] for line in found.splitlines() if len(line.split()) > 1}
        return ", ".join(f"{name} {installed[name]}" for name in packages if name in installed)

    def megabytes(self) -> float:
        """What is installed, without pip itself and without bytecode."""
        total = 0
        for path in self.folder.glob("lib/python*/site-packages/**/*"):
            top = path.relative_to(next(self.folder.glob("lib/python*/site-packages"))).parts[0]
            if path.is_file() and not path.is_symlink() and not top.startswith(_TOOLS) and path.suffix != ".pyc":
                total += path.stat().st_size
        return total / 1e6


def made(name: str, requirements: tuple[str, ...]) -> Environment:
    """The environment; with `why` where it cannot be made."""
    environment = Environment(name)
    done = environment.folder / ".made"
    wanted = "\n".join(requirements)
    if done.exists() and done.read_text() == wanted:
        return environment
    HOME.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", environment.folder], check=True)
    command = [environment.script("pip"), "install", "-q", "--disable-pip-version-check", *requirements]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired:
        return Environment(name, f"pip was not done after {INSTALL_SECONDS} s")
    if ran.returncode != 0:
        return Environment(name, ran.stderr.strip().splitlines()[-1] if ran.stderr.strip() else "pip failed")
    done.write_text(wanted)
    return environment
