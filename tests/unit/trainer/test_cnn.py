"""The training loop of the network: its schedule, and that it can be cut anywhere."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lepton.dataset.manifest import ImageFormat
from lepton.errors import Unavailable
from lepton.memory import MemoryObjectStore
from lepton.model_package.manifest import LearningPoint
from lepton.training.algorithms import CnnParameters
from trainer.checkpoint import Checkpoints, Cursor
from trainer.cnn import CnnTraining, learning_rate, shifted, stages, train_cnn
from trainer.dataset import Rows, Splits
from trainer.graph import class_nodes, graph_bytes
from trainer.images import image_signature
from trainer.pictorial import network_graph
from trainer.session import Session

FORM = ImageFormat(height=12, width=10, channels=3)
TRAINING = CnnTraining(FORM, CnnParameters(epochs=3, batch_size=8, width=4), seed=1, threads=1, device="cpu")
STEPS = 3 * 4  # 30 images, 8 at a time


class Patience:
    """A watch that asks to stop once it was asked so often; None: never."""

    def __init__(self, steps: int | None = None) -> None:
        self.left = steps
        self.points: list[LearningPoint] = []
        self.said: list[str] = []

    def say(self, message: str) -> None:
        self.said.append(message)

    def point(self, point: LearningPoint, steps: int) -> None:
        self.points.append(point)

    def stopping(self) -> bool:
        if self.left is not None:
            self.left -= 1
        return self.left is not None and self.left <= 0


def images(rows: int, seed: int) -> Rows:
    rng = np.random.default_rng(seed)
    target = rng.integers(0, 3, rows)
    noise = rng.integers(0, 60, (rows, 12, 10, 3))
    noise[np.arange(rows), :, :, target] += 120
    return Rows({"image": noise.astype(np.uint8)}, target)


SPLITS = Splits(images(30, 1), images(10, 2), images(10, 3), ("blue", "green", "red"))


def trained(store: MemoryObjectStore, watch: Patience, identity: str = "same") -> dict[str, torch.Tensor]:
    net, _ = train_cnn(TRAINING, SPLITS, Checkpoints(store, "m-0123456789ab", identity), watch)
    weights: dict[str, torch.Tensor] = net.state_dict()
    return weights


def test_the_learning_rate_warms_up_and_falls_along_a_cosine() -> None:
    rates = [learning_rate(step, 100, peak=1.0) for step in range(100)]
    assert rates[:10] == pytest.approx([0.1 * step for step in range(1, 11)])
    assert rates[10] == 1.0
    assert rates[55] == pytest.approx(0.01 + 0.99 / 2, abs=0.01)
    assert sorted(rates[10:], reverse=True) == rates[10:]
    assert rates[99] == pytest.approx(0.01, abs=0.001)


@pytest.mark.parametrize(("side", "expected"), [(8, 1), (28, 2), (32, 2), (64, 3), (224, 5), (1024, 5), (2, 1)])
def test_sides_are_halved_until_about_seven(side: int, expected: int) -> None:
    assert stages(ImageFormat(height=side, width=2 * side, channels=1)) == expected


@pytest.mark.parametrize("cut", [1, 3, 4, 7, STEPS - 1])
def test_a_run_that_is_stopped_after_any_step_ends_with_the_same_bits(cut: int) -> None:
    whole = trained(MemoryObjectStore(), Patience())
    store = MemoryObjectStore()
    with pytest.raises(Unavailable, match=f"after step {cut} of {STEPS}, a checkpoint is saved") as error:
        trained(store, Patience(cut))
    assert error.value.exit_code == 75
    resumed = trained(store, watch := Patience())
    assert watch.said[-1].startswith(f"goes on from the checkpoint after step {cut},")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_a_checkpoint_of_another_training_is_not_continued() -> None:
    store = MemoryObjectStore()
    trained(store, Patience())
    assert Checkpoints(store, "m-0123456789ab", "same").latest() is not None
    assert Checkpoints(store, "m-0123456789ab", "other").latest() is None


def test_a_checkpoint_that_was_changed_is_not_loaded() -> None:
    store = MemoryObjectStore()
    checkpoints = Checkpoints(store, "m-0123456789ab", "same")
    checkpoints.save({"net": torch.zeros(2)}, Cursor(step=5))
    assert checkpoints.latest() is not None
    store.put("runs/m/0123456789ab/checkpoints/b.pt", b"\x80\x04something pickled")
    assert checkpoints.latest() is None


def test_two_slots_are_written_in_turn() -> None:
    store = MemoryObjectStore()
    for step in range(3):
        Checkpoints(store, "m-0123456789ab", "same").latest()
        checkpoints = Checkpoints(store, "m-0123456789ab", "same")
        checkpoints.latest()
        checkpoints.save({"net": torch.full((2,), float(step))}, Cursor(step=step))
    found = checkpoints.latest()
    assert found is not None
    assert found[1].step == 2
    assert [entry.key.rsplit("/", 1)[-1] for entry in store.list("runs/")] == ["a.pt", "b.pt", "latest.json"]


def test_shifted_images_move_by_two_pixels_at_most() -> None:
    torch.manual_seed(0)
    image = torch.zeros((50, 9, 9, 1), dtype=torch.uint8)
    image[:, 4, 4] = 255
    places = shifted(image).nonzero()
    assert len(places) == 50
    assert places[:, 1:3].min() == 2
    assert places[:, 1:3].max() == 6


def test_the_exported_network_gives_the_same_probabilities_for_any_number_of_images() -> None:
    net, _ = train_cnn(TRAINING, SPLITS, Checkpoints(MemoryObjectStore(), "m-0123456789ab", "same"), Patience())
    graph = network_graph(net, FORM)
    nodes = [*graph.node, *class_nodes(SPLITS.classes)]
    session = Session(graph_bytes(nodes, image_signature(FORM, SPLITS.classes), graph.initializer))
    for rows in (1, 7):
        given = images(rows, 9).inputs
        with torch.no_grad():
            expected = torch.softmax(net(torch.from_numpy(given["image"])), dim=1).numpy()
        np.testing.assert_allclose(session.run(given)["probabilities"], expected, atol=1e-5)
    assert not any(node.doc_string or node.metadata_props for node in graph.node)
