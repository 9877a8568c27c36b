"""The learning algorithms and what each may be told: one frozen model of hyperparameters for each."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from lepton.model_package.manifest import Task

Algorithm = Literal["auto", "logistic", "linear", "lightgbm", "cnn"]


class Parameters(BaseModel):
    """The root of all hyperparameters: never used itself."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class LogisticParameters(Parameters):
    """Logistic regression with an L2 penalty, on scaled numbers and one-hot categories."""

    C: float = Field(default=1.0, gt=0, le=1e6, description="Inverse strength of the L2 penalty.")
    max_iter: int = Field(default=200, ge=1, le=10_000, description="Most iterations of the solver.")


class LinearParameters(Parameters):
    """Linear regression with an L2 penalty (ridge), on scaled numbers and one-hot categories."""

    alpha: float = Field(default=1.0, ge=0, le=1e9, description="Strength of the L2 penalty.")


class LightgbmParameters(Parameters):
    """Gradient-boosted trees."""

    n_estimators: int = Field(default=300, ge=1, le=10_000, description="Most boosting rounds.")
    learning_rate: float = Field(default=0.05, gt=0, le=1, description="Shrinkage of each round.")
    num_leaves: int = Field(default=31, ge=2, le=4096, description="Most leaves of one tree.")
    min_child_samples: int = Field(default=20, ge=1, le=1_000_000, description="Fewest rows in a leaf.")
    subsample: float = Field(default=0.9, gt=0, le=1, description="Share of the rows for each round.")
    colsample_bytree: float = Field(default=0.9, gt=0, le=1, description="Share of the columns for each tree.")
    early_stopping_rounds: int = Field(
        default=30, ge=0, le=10_000, description="Stop after so many rounds without gain on validation; 0: never."
    )


class CnnParameters(Parameters):
    """A small convolutional network for images."""

    epochs: int = Field(default=4, ge=1, le=1000, description="Passes over the training images.")
    batch_size: int = Field(default=64, ge=1, le=4096, description="Images in one step.")
    learning_rate: float = Field(default=5e-3, gt=0, le=1, description="Peak learning rate.")
    width: int = Field(default=16, ge=4, le=512, description="Channels of the first convolution.")
    dropout: float = Field(default=0.1, ge=0, lt=1, description="Share of activations dropped before the head.")
    augment: bool = Field(default=True, description="Shift the training images at random, by up to 2 pixels.")


PARAMETERS: dict[str, type[Parameters]] = {
    "logistic": LogisticParameters,
    "linear": LinearParameters,
    "lightgbm": LightgbmParameters,
    "cnn": CnnParameters,
}

# What fits each task, the one that `auto` stands for first.
FITTING: dict[Task, tuple[str, ...]] = {
    "classification": ("lightgbm", "logistic"),
    "regression": ("lightgbm", "linear"),
    "image_classification": ("cnn",),
}


def resolved_algorithm(algorithm: str, task: Task) -> str:
    """What `auto` stands for in this task; any other name is itself."""
    return FITTING[task][0] if algorithm == "auto" else algorithm


def defaults(algorithm: str) -> dict[str, Any]:
    """Every hyperparameter of the algorithm with its default."""
    return PARAMETERS[algorithm]().model_dump()
