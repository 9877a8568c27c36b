"""What the documents tell people to type exists, and nothing in the repository belongs to one machine."""

import re
import tomllib

import pytest
import typer
import yaml

import lepton
from cli.main import app
from lepton.events import KINDS
from tests.house.repository import ROOT, documents, text, tracked

CODE = re.compile(r"```[a-z]*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
# Hosts of package registries, and folders of the machines that this was written on; split so as not to find itself.
FOREIGN = [
    "".join(parts)
    for parts in [
        ("pypi", ".org"), ("python", "hosted.org"), ("npm", "js.org"), ("download.py", "torch.org"),
        ("/wor", "k/"), ("/roo", "t/"), ("/opt/", "pypi"), ("/tmp/", "w/"), ("../sha", "red"),
    ]
]  # fmt: skip


def _typed() -> list[str]:
    """Every line that a document shows as code."""
    shown = [block or inline for page in documents().values() for block, inline in CODE.findall(page)]
    return [line.strip().removeprefix("$ ") for code in shown for line in code.splitlines()]


def _commands() -> set[str]:
    def below(command: object, path: str) -> set[str]:
        children = getattr(command, "commands", {})
        return {path}.union(*(below(child, f"{path} {name}") for name, child in children.items()))

    return below(typer.main.get_command(app), "lepton")


def test_every_make_word_of_the_documents_is_in_the_makefile() -> None:
    told = {word for line in _typed() for word in re.findall(r"^make ([a-z-]+)", line)}
    assert {"demo", "test"} <= told
    assert told - set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE)) == set()


def test_every_command_of_the_documents_is_a_command() -> None:
    known = _commands()
    told = {match[0] for line in _typed() if (match := re.match(r"lepton( [a-z]+)+", line))}
    assert told
    assert {
        line for line in told if not any(line == it or line.startswith(it + " ") for it in known - {"lepton"})
    } == set()


def test_every_word_of_make_says_what_it_does() -> None:
    words = re.search(r"^\.PHONY: (.*)$", text("Makefile"), re.MULTILINE)
    assert words
    assert [word for word in words[1].split() if not re.search(rf"^{word}:.*## ", text("Makefile"), re.MULTILINE)] == []


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads(text("pyproject.toml"))["project"]["version"]
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", text("CHANGELOG.md"), re.MULTILINE)
    assert newest
    assert project == lepton.__version__ == newest[1]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_event_is_told(kind: type) -> None:
    assert kind.detail_type in text("docs/events.md")


@pytest.mark.parametrize("foreign", FOREIGN)
def test_nothing_belongs_to_one_machine(foreign: str) -> None:
    data = (".csv", ".zip", ".png", ".parquet", ".onnx")
    assert [path for path in tracked() if not path.endswith(data) and foreign in text(path)] == []


def test_every_link_between_documents_leads_somewhere() -> None:
    links = [(page, link) for page, it in documents().items() for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", it)]
    assert [(page, link) for page, link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


def test_what_github_runs_is_pinned_and_may_only_read() -> None:
    workflow = yaml.safe_load(text(".github/workflows/ci.yml"))
    used = [step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step]
    assert used
    assert [action for action in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action)] == []
    assert workflow["permissions"] == {"contents": "read"}


def test_the_server_runs_every_check() -> None:
    checked = set(re.findall(r"^check ([a-z-]+)", text(".ci/run"), re.MULTILINE))
    assert checked == {"setup", "lint", "types", "test", "test-template"}
    assert (ROOT / ".ci/run").stat().st_mode & 0o111
