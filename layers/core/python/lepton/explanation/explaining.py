"""One request explained: the method chosen, its rows worked off within the budget, the result as JSON has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lepton.errors import InvalidRequest, TooLarge
from lepton.explanation import exact, heatmap, patches
from lepton.explanation.attribution import Attribution, Run, aim
from lepton.explanation.columns import Array, reference_columns
from lepton.explanation.exact import ExactScores
from lepton.explanation.explainer import Explainer
from lepton.explanation.occlusion import occluded
from lepton.explanation.options import MAX_ROWS, Options
from lepton.explanation.players import Asked, PatchPlayers, TensorPlayers
from lepton.explanation.sampling import sampled
from lepton.explanation.shapley import spread
from lepton.model_package.manifest import Signature

_AT = "/parameters/explain"


@dataclass(frozen=True, slots=True)
class Explanations:
    """One version's. `explainer` and `exact`, made of it, may be kept; `run` is the model's, `clock` gives seconds."""

    signature: Signature
    explainer: Explainer | None
    exact: ExactScores | None
    run: Run
    clock: Callable[[], float]

    @classmethod
    def of(
        cls, signature: Signature, explainer: Explainer | None, run: Run, clock: Callable[[], float]
    ) -> Explanations:
        prepared = ExactScores.of(explainer, signature) if explainer is not None else None
        return cls(signature, explainer, prepared, run, clock)

    def explain(self, inputs: Mapping[str, Array], options: Options) -> dict[str, Any]:
        """`inputs`: decoded, rows first. Raises InvalidRequest, TooLarge, CorruptArtifact."""
        rows = len(next(iter(inputs.values())))
        if rows > MAX_ROWS:
            raise TooLarge(f"{rows} rows: at most {MAX_ROWS} are explained in one request", pointer=_AT)
        asked = Asked(self.run, aim(self.signature, options), self.clock)
        began = self.clock()
        deadline = began + options.budget_ms / 1000
        told, limited = self._by_method(self._method(options, asked), inputs, asked, options, deadline)
        spent = {"budget_ms": options.budget_ms, "spent_ms": round((self.clock() - began) * 1000, 3)}
        cost = {"runs": asked.runs, "evaluations": asked.evaluations, "limited": limited}
        return told | {"output": asked.aim.output} | spent | cost

    def _method(self, options: Options, asked: Asked) -> str:
        """Raises InvalidRequest when the model cannot be explained in the way asked for."""
        parametric = self.exact is not None and asked.aim.output in exact.OUTPUTS
        image = self.signature.image is not None
        if options.method == "auto":
            return "exact" if parametric else "occlusion" if image else "sampled"
        trees = parametric and self.exact is not None and self.exact.trees is not None
        possible = {"exact": parametric, "path": trees, "occlusion": image, "sampled": True}
        if not possible[options.method]:
            raise InvalidRequest(
                f"this model cannot be explained by {options.method!r}",
                pointer=f"{_AT}/method",
                hint="one of " + ", ".join(method for method, can in possible.items() if can),
            )
        return options.method

    def _by_method(
        self, method: str, inputs: Mapping[str, Array], asked: Asked, options: Options, deadline: float
    ) -> tuple[dict[str, Any], bool]:
        if method == "exact":
            return self._exact(inputs, asked, deadline)
        if method == "path":
            return self._paths(inputs, options.tree)
        if self.signature.image is not None:
            return self._image(method, inputs, asked, options, deadline)
        return self._sampled(inputs, asked, options, deadline)

    def _exact(self, inputs: Mapping[str, Array], asked: Asked, deadline: float) -> tuple[dict[str, Any], bool]:
        assert self.exact is not None  # noqa: S101  # _method has seen to it
        answers = asked.answers(inputs)
        features = self.exact.features(inputs)
        found: list[Attribution | None] = []
        for row, answer in zip(features, answers, strict=True):
            late = bool(found) and self.clock() > deadline
            found.append(None if late else self.exact.attribution(row, answer, asked.aim))
        kind = "trees" if self.exact.trees is not None else "linear"
        told = {"method": kind, "exact": True, "reference": self._reference()}
        return told | {"rows": [self._row(one, self.exact.columns) for one in found]}, None in found

    def _paths(self, inputs: Mapping[str, Array], tree: int) -> tuple[dict[str, Any], bool]:
        assert self.exact is not None  # noqa: S101  # _method has seen to it
        rows = [self.exact.path(row, tree) for row in self.exact.features(inputs)]
        if None in rows:
            raise InvalidRequest(f"there is no tree {tree}", pointer=f"{_AT}/tree")
        return {"method": "path", "exact": True, "rows": rows}, False

    def _sampled(
        self, inputs: Mapping[str, Array], asked: Asked, options: Options, deadline: float
    ) -> tuple[dict[str, Any], bool]:
        players = TensorPlayers(inputs, reference_columns(self.explainer, self.signature))
        found, limited = sampled(players, len(next(iter(inputs.values()))), asked, options, deadline)
        known = all(one is not None and one.error is None for one in found)
        told = {"method": "sampled", "exact": known, "reference": self._reference(), "seed": options.seed}
        return told | {"rows": [self._row(one, players.names) for one in found]}, limited

    def _image(
        self, method: str, inputs: Mapping[str, Array], asked: Asked, options: Options, deadline: float
    ) -> tuple[dict[str, Any], bool]:
        assert self.signature.image is not None  # noqa: S101  # the caller has seen to it
        name = self.signature.image.input
        rows: list[dict[str, Any] | None] = []
        limited = False
        for image in inputs[name]:
            if rows and self.clock() > deadline:
                rows, limited = [*rows, None], True
                continue
            if method == "occlusion":
                players, one, cut = occluded(name, image, asked, deadline)
            else:
                players = PatchPlayers(name, image, patches.grid(image.shape[0], image.shape[1], patches.COARSE))
                (one,), cut = sampled(players, 1, asked, options, deadline)
            limited = limited or cut
            rows.append(None if one is None else _pictured(one, players))
        told = {"method": method, "exact": False, "reference": {"kind": "mean colour of the image", "rows": 1}}
        return told | {"rows": rows}, limited

    def _reference(self) -> dict[str, Any]:
        rows = len(next(iter(reference_columns(self.explainer, self.signature).values())))
        return {"kind": "blank" if self.explainer is None else "representatives", "rows": rows}

    def _row(self, found: Attribution | None, names: tuple[str, ...]) -> dict[str, Any] | None:
        if found is None:
            return None
        error = {} if found.error is None else {"standard_error": spread(names, found.error)}
        return _figures(found) | {"contributions": spread(names, found.contributions)} | error


def _pictured(found: Attribution, players: PatchPlayers) -> dict[str, Any]:
    error = {} if found.error is None else {"standard_error": float(found.error.max())}
    return _figures(found) | error | {"heatmap": heatmap.told(players.image, players.parts, found.contributions)}


def _figures(found: Attribution) -> dict[str, Any]:
    named = {} if found.of_class is None else {"class": found.of_class}
    figures = {"base": found.base, "value": found.value, "residual": found.residual}
    return named | {"scale": found.scale} | figures
