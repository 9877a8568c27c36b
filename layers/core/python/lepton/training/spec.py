"""TrainingSpec: what to train on which dataset, how good it must be, and what it may cost. YAML or JSON."""

from __future__ import annotations

import difflib
import json
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lepton.decision.rules import Decisions
from lepton.errors import InvalidSpec
from lepton.http_api import pointer
from lepton.model_package.manifest import Task
from lepton.rollout.plan import Strategy
from lepton.rollout.rule import Rule
from lepton.rollout.steering import SERVED
from lepton.training.algorithms import PARAMETERS, Algorithm, Parameters, resolved_algorithm

MAX_SPEC_BYTES = 65_536
_NAME = r"^[a-z0-9][a-z0-9-]{0,62}$"
_DATASET = r"^[a-z0-9][a-z0-9-]{0,62}(@(latest|[0-9a-f]{12}))?$"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Gate(_Frozen):
    """What a package must hold before an alias points to it. A bound of null is not judged."""

    metric_at_least: float | None = Field(default=None, description="Floor of the primary metric on the test split.")
    metric_at_most: float | None = Field(default=None, description="Ceiling of the primary metric (rmse, log_loss).")
    max_flip_rate: float = Field(
        default=0.001, ge=0, le=1, description="Share of test rows whose decision may differ between graph and model."
    )
    max_score_difference: float | None = Field(
        default=None,
        ge=0,
        description="Bound of the 99.9th percentile of |graph - model| over the test rows' scores. Null: 0.02 for "
        "probabilities; not judged for regression (it is in the target's unit).",
    )
    max_regression: float = Field(
        default=0.01, ge=0, description="How much worse than the live version it may be, in the primary metric's unit."
    )
    max_size_mb: float = Field(default=100, gt=0, description="Size of the graph, megabytes (10^6 bytes).")
    max_latency_ms: float = Field(default=50, gt=0, description="Median time of one row on one core, milliseconds.")


class Resources(_Frozen):
    """What the Batch job gets."""

    gpus: int = Field(default=0, ge=0, le=8, description="GPUs; 0 runs on the CPU queue.")
    vcpus: int = Field(default=2, ge=1, le=96, description="Virtual CPUs.")
    memory_mib: int = Field(default=4096, ge=512, le=786_432, description="Memory, MiB.")
    spot: bool = Field(default=True, description="Try spot capacity first; on demand when there is none.")
    max_hours: float = Field(default=1.0, gt=0, le=72, description="The job is stopped after this time, hours.")


class Rollout(_Frozen):
    """What happens to a version that passed the gate."""

    alias: str = Field(default="live", pattern=_NAME, description="The alias that is moved to it.")
    strategy: Strategy = Field(
        default="direct", description="direct: at once; canary or shadow: beside the live version first."
    )
    percent: float = Field(default=5.0, gt=0, le=100, description="Share of requests of a canary or shadow, percent.")
    rule: Rule = Field(default=Rule(), description="When a canary or shadow is promoted or ended by itself.")

    @model_validator(mode="after")
    def _beside_what_answers(self) -> Rollout:
        if self.strategy != "direct" and self.alias != SERVED:
            raise ValueError(f"a {self.strategy} needs the alias that requests are answered from: {SERVED}")
        return self


class TrainingSpec(_Frozen):
    """The whole of a training, declared. The same spec on the same dataset version is the same run."""

    schema_version: Literal[1] = Field(default=1, description="Version of this schema.")
    model: str = Field(pattern=_NAME, description="Name of the model: 1 to 63 of a-z, 0-9 and '-'.")
    task: Task = Field(description="classification or regression on a table, image_classification on images.")
    dataset: str = Field(pattern=_DATASET, description="name, name@latest (the same) or name@version.")
    target: str | None = Field(
        default=None, min_length=1, max_length=256, description="Column to predict; images: leave out (the folder)."
    )
    exclude: tuple[str, ...] = Field(default=(), max_length=10_000, description="Columns not to learn from.")
    algorithm: Algorithm = Field(
        default="auto", description="Tables: logistic, linear, lightgbm; images: cnn; auto: lightgbm or cnn."
    )
    hyperparameters: dict[str, Any] = Field(
        default_factory=dict, description="For the algorithm; what is left out has its default."
    )
    metric: str | None = Field(
        default=None, description="Primary metric. Null: auc for two classes, accuracy for more or images, rmse."
    )
    seed: int = Field(default=7, ge=0, le=2**31 - 1, description="Seed of everything random.")
    gate: Gate = Field(default_factory=Gate, description="What it must hold before it is served.")
    resources: Resources = Field(default_factory=Resources, description="What the job gets.")
    rollout: Rollout = Field(default_factory=Rollout, description="What happens once it passed.")
    decisions: Decisions | None = Field(
        default=None, description="Business rules that turn an answer into a decision; published with the model."
    )
    explanations: bool = Field(
        default=True,
        description="Publish what exact explanations need: parameters once more, quantiles of the columns.",
    )
    on_new_data: Literal["train", "ignore"] = Field(
        default="train", description="Whether a new version of the dataset starts a run."
    )

    @property
    def dataset_name(self) -> str:
        return self.dataset.partition("@")[0]

    @property
    def dataset_version(self) -> str | None:
        """The pinned version; None: the latest."""
        version = self.dataset.partition("@")[2]
        return None if version in ("", "latest") else version

    @property
    def resolved_algorithm(self) -> str:
        return resolved_algorithm(self.algorithm, self.task)

    def parameters(self) -> Parameters:
        """The hyperparameters, typed and with defaults. Raises InvalidSpec with a pointer."""
        algorithm = self.resolved_algorithm
        try:
            return PARAMETERS[algorithm].model_validate(self.hyperparameters)
        except ValidationError as wrong:
            raise _told(wrong, PARAMETERS[algorithm], ("hyperparameters",)) from wrong

    def canonical(self) -> bytes:
        """What decides a run's identity: the spec with `auto` and every default resolved, as sorted JSON."""
        filled = self.model_copy(
            update={"algorithm": self.resolved_algorithm, "hyperparameters": self.parameters().model_dump()}
        )
        # What does not change what is trained or how it is judged does not change the run either.
        pinned = filled.model_dump(mode="json", exclude={"dataset", "on_new_data", "rollout"})
        pinned |= {"dataset": self.dataset_name, "rollout": {"alias": self.rollout.alias}}
        # Fields of later releases are told only where they say something: older specs keep their runs.
        for name in ("decisions", "explanations"):
            if getattr(self, name) == type(self).model_fields[name].default:
                del pinned[name]
        return _sorted_json(pinned)


def parse_spec(text: str) -> TrainingSpec:
    """A spec from YAML or JSON text. Raises InvalidSpec with a JSON pointer into it and a hint."""
    if len(text.encode()) > MAX_SPEC_BYTES:
        raise InvalidSpec(f"the spec has more than {MAX_SPEC_BYTES} bytes", pointer="")
    try:
        value = yaml.load(text, Loader=_PlainLoader)  # noqa: S506  # a SafeLoader, made stricter
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"
        raise InvalidSpec(
            f"the spec is neither YAML nor JSON: {where}: {error.problem}", pointer="", hint="see docs/training-spec.md"
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidSpec(f"the spec is neither YAML nor JSON: {error}", pointer="") from error
    return spec_from(value)


def spec_from(value: Any) -> TrainingSpec:
    """A spec from parsed YAML or JSON. Raises InvalidSpec with a JSON pointer into it and a hint."""
    if not isinstance(value, dict):
        raise InvalidSpec("a spec is a mapping of fields", pointer="", hint="begin with model:, task:, dataset:")
    try:
        spec = TrainingSpec.model_validate(value)
    except ValidationError as wrong:
        raise _told(wrong, TrainingSpec) from wrong
    spec.parameters()
    return spec


def spec_schema() -> dict[str, Any]:
    """The JSON schema of a spec, with the hyperparameters of every algorithm (the published one)."""
    schema = TrainingSpec.model_json_schema()
    known = [{"type": "object", "maxProperties": 0}, *(model.model_json_schema() for model in PARAMETERS.values())]
    schema["properties"]["hyperparameters"] |= {"anyOf": known}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def did_you_mean(given: str, known: list[str]) -> str:
    """A hint for a name that does not exist: the nearest ones, or all of them when none is near."""
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(given.casefold(), folded, n=3, cutoff=0.7)
    if near:
        return f"did you mean {' or '.join(repr(folded[name]) for name in near)}?"
    shown = ", ".join(known[:40]) + (f" and {len(known) - 40} more" if len(known) > 40 else "")
    return f"known are: {shown}"


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases (which can grow without bound) and without a key given twice."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="aliases are not allowed", problem_mark=self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value!r} is given twice", problem_mark=key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def _told(wrong: ValidationError, root: type[BaseModel], at: tuple[str, ...] = ()) -> InvalidSpec:
    problems = wrong.errors(include_url=False, include_context=False)
    # A misspelt field is both unknown and missing: the first is the one to mend.
    problems.sort(key=lambda problem: problem["type"] != "extra_forbidden")
    told = "; ".join(f"{pointer((*at, *p['loc'])) or 'spec'}: {_message(p)}" for p in problems[:10])
    first = problems[0]
    return InvalidSpec(told, pointer=pointer((*at, *first["loc"])), hint=_hint(first, root))


def _message(problem: Any) -> str:
    if problem["type"] == "extra_forbidden":
        return "unknown field"
    if problem["type"] == "missing":
        return "is missing"
    return f"{problem['msg']}, not {problem['input']!r:.60}"


def _hint(problem: Any, root: type[BaseModel]) -> str | None:
    *path, last = problem["loc"]
    model = _model_at(root, tuple(path))
    if problem["type"] == "extra_forbidden" and model is not None:
        return did_you_mean(str(last), list(model.model_fields))
    field = model.model_fields.get(str(last)) if model is not None else None
    return field.description if field else None


def _model_at(root: type[BaseModel], path: tuple[int | str, ...]) -> type[BaseModel] | None:
    model: Any = root
    for step in path:
        field = model.model_fields.get(str(step)) if hasattr(model, "model_fields") else None
        model = field.annotation if field else None
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def _sorted_json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
