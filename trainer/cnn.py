"""A small convolutional network for images: settings, network, schedule, and the loop that trains it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from lepton.dataset.manifest import ImageFormat
from lepton.model_package.manifest import LearningPoint
from lepton.training.algorithms import CnnParameters
from trainer.checkpoint import Checkpoints, Cursor
from trainer.dataset import Rows, Splits
from trainer.images import INPUT
from trainer.progress import Watch, stopped

SHIFT = 2  # pixels by which augmentation moves an image at most
WEIGHT_DECAY = 0.01
EVALUATE_BATCH = 512


class Cnn(nn.Module):  # type: ignore[misc]  # torch is not followed by mypy
    """Stages of conv, batch norm, ReLU and pool that halve the sides until about 7, then a linear head."""

    def __init__(self, form: ImageFormat, classes: int, parameters: CnnParameters, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean.view(1, -1, 1, 1))
        self.register_buffer("std", std.view(1, -1, 1, 1))
        layers: list[nn.Module] = []
        channels, width = int(form.channels), parameters.width
        for _ in range(stages(form)):
            layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            layers.append(nn.MaxPool2d(2))
            channels, width = width, min(2 * width, 256)
        side = 2 ** stages(form)
        flat = channels * (form.height // side) * (form.width // side)
        self.body = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(parameters.dropout), nn.Linear(flat, classes))

    def forward(self, image: Tensor) -> Tensor:
        """uint8 (B, H, W, C) to scores (B, classes)."""
        x = image.permute(0, 3, 1, 2).float() / 255  # (B, C, H, W)
        x = self.body((x - self.mean) / self.std)  # (B, channels, about 7, about 7)
        scores: Tensor = self.head(x)  # (B, classes)
        return scores


def stages(form: ImageFormat) -> int:
    """How often the shorter side is halved to come near 7 pixels: 1 to 5 times, never to nothing."""
    shorter = min(form.height, form.width)
    return max(1, min(5, round(math.log2(max(shorter, 2) / 7)))) if shorter >= 2 else 0


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Of step 0 ≤ step < steps: linear warm-up over the first tenth, then half a cosine to a hundredth of the peak.

    Loshchilov & Hutter, SGDR (2017), without restarts.
    """
    warm = max(1, steps // 10)
    if step < warm:
        return peak * (step + 1) / warm
    done = (step - warm) / max(1, steps - warm)
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))


@dataclass(frozen=True, slots=True)
class CnnTraining:
    """What the loop is told besides the data. `threads`: sums on the CPU have one order for one number of threads."""

    form: ImageFormat
    parameters: CnnParameters
    seed: int
    threads: int
    device: str


def train_cnn(
    training: CnnTraining, splits: Splits, checkpoints: Checkpoints, watch: Watch
) -> tuple[Cnn, tuple[LearningPoint, ...]]:
    """The trained network on the CPU and its curve. Goes on from a checkpoint. Raises Unavailable when stopped."""
    # --- settings
    hyper, device = training.parameters, settled(training)

    # --- data
    images = torch.from_numpy(splits.train.inputs[INPUT])  # uint8 (N, H, W, C)
    target = torch.from_numpy(splits.train.target)  # int64 (N,)
    per_epoch = math.ceil(len(target) / hyper.batch_size)
    steps = hyper.epochs * per_epoch

    # --- model and optimiser
    net = Cnn(training.form, len(splits.classes), hyper, *pixel_statistics(images)).to(device)
    optimiser = torch.optim.AdamW(net.parameters(), lr=hyper.learning_rate, weight_decay=WEIGHT_DECAY)
    watch.say(f"{weights(net):,} weights, {len(target)} images, {steps} steps of {hyper.batch_size} on {device}")
    cursor = resume(net, optimiser, checkpoints, watch)

    # --- loop
    for step in range(cursor.step, steps):
        epoch, batch = divmod(step, per_epoch)
        chosen = epoch_order(len(target), training.seed, epoch)[batch * hyper.batch_size :][: hyper.batch_size]
        x = shifted(images[chosen]) if hyper.augment else images[chosen]  # (B, H, W, C)
        optimiser.param_groups[0]["lr"] = learning_rate(step, steps, hyper.learning_rate)
        loss = descended(net, optimiser, x.to(device), target[chosen].to(device))
        cursor = advanced(cursor, step + 1, loss, len(chosen))
        if batch == per_epoch - 1:
            cursor = epoch_ended(cursor, net, splits.validation, epoch + 1, device)
            save(net, optimiser, checkpoints, cursor)
            watch.point(cursor.curve[-1], hyper.epochs)
        if watch.stopping() and step + 1 < steps:
            save(net, optimiser, checkpoints, cursor)
            raise stopped(f"after step {step + 1} of {steps}, a checkpoint is saved")
    return net.cpu().eval(), cursor.curve


def settled(training: CnnTraining) -> torch.device:
    """torch made repeatable; the device."""
    torch.set_num_threads(training.threads)
    torch.manual_seed(training.seed)
    torch.use_deterministic_algorithms(training.device == "cpu")
    return torch.device(training.device)


def descended(net: Cnn, optimiser: torch.optim.Optimizer, x: Tensor, y: Tensor) -> float:
    """One step down the gradient of the mean cross-entropy of x (B, H, W, C) and y (B,); the loss before it."""
    net.train()
    loss = functional.cross_entropy(net(x), y)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    return float(loss.detach())


def weights(net: Cnn) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def pixel_statistics(images: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel, of pixels scaled to 0..1: float32 (C,) each."""
    flat = images.reshape(-1, images.shape[-1]).double() / 255
    return flat.mean(0).float(), flat.std(0, correction=0).clamp_min(1e-3).float()


def epoch_order(rows: int, seed: int, epoch: int) -> Tensor:
    """The order of the rows in an epoch: of its number alone, so that a resumed run draws it again."""
    return torch.randperm(rows, generator=torch.Generator().manual_seed(seed * 1_000_003 + epoch))


def shifted(images: Tensor) -> Tensor:
    """Each image moved by up to SHIFT pixels each way, edges repeated. uint8 (B, H, W, C) to the same."""
    rows, height, width, _ = images.shape
    down, right = torch.randint(-SHIFT, SHIFT + 1, (2, rows, 1))  # (B, 1) each
    y = (torch.arange(height) + down).clamp(0, height - 1)  # (B, H)
    x = (torch.arange(width) + right).clamp(0, width - 1)  # (B, W)
    return images[torch.arange(rows)[:, None, None], y[:, :, None], x[:, None, :]]


def advanced(cursor: Cursor, step: int, loss: float, rows: int) -> Cursor:
    """The cursor after one more batch, whose mean loss is `loss`."""
    return cursor.model_copy(
        update={"step": step, "loss_sum": cursor.loss_sum + loss * rows, "rows": cursor.rows + rows}
    )


def epoch_ended(cursor: Cursor, net: Cnn, validation: Rows, epoch: int, device: torch.device) -> Cursor:
    """The cursor with one more point of the curve: loss and accuracy on the validation split."""
    loss, accuracy = evaluated(net, validation, device)
    point = LearningPoint(step=epoch, train_loss=cursor.loss_sum / cursor.rows, validation_loss=loss, metric=accuracy)
    return Cursor(step=cursor.step, curve=(*cursor.curve, point))


def evaluated(net: Cnn, rows: Rows, device: torch.device) -> tuple[float, float]:
    """Mean cross-entropy and accuracy."""
    net.eval()
    images, target = torch.from_numpy(rows.inputs[INPUT]), torch.from_numpy(rows.target)
    with torch.no_grad():
        scores = torch.cat([net(part.to(device)).cpu() for part in images.split(EVALUATE_BATCH)])  # (N, classes)
    hits = scores.argmax(1) == target
    return float(functional.cross_entropy(scores, target)), float(hits.double().mean())


def save(net: Cnn, optimiser: torch.optim.Optimizer, checkpoints: Checkpoints, cursor: Cursor) -> None:
    """Everything that the next step depends on."""
    tensors = {"net": net.state_dict(), "optimiser": optimiser.state_dict(), "rng": torch.get_rng_state()}
    if next(net.parameters()).is_cuda:
        tensors["cuda_rng"] = torch.cuda.get_rng_state()
    checkpoints.save(tensors, cursor)


def resume(net: Cnn, optimiser: torch.optim.Optimizer, checkpoints: Checkpoints, watch: Watch) -> Cursor:
    """Put everything back to the last checkpoint; the beginning when there is none."""
    found = checkpoints.latest()
    if found is None:
        return Cursor()
    tensors, cursor = found
    net.load_state_dict(tensors["net"])
    optimiser.load_state_dict(tensors["optimiser"])
    torch.set_rng_state(tensors["rng"])
    if "cuda_rng" in tensors and next(net.parameters()).is_cuda:
        torch.cuda.set_rng_state(tensors["cuda_rng"])
    watch.say(f"goes on from the checkpoint after step {cursor.step}, {len(cursor.curve)} epochs done")
    return cursor
