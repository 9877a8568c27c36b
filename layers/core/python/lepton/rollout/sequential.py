"""A confidence sequence for the mean of observations in [0, 1]: valid at every look, however many looks there are.

For a mean p, total S and count n, the mixture over q ~ Beta(1/2, 1/2)

    M(p) = B(1/2 + S, 1/2 + n - S) / B(1/2, 1/2) / (p^S (1 - p)^(n - S))

is a non-negative martingale that starts at 1 when the observations are Bernoulli(p), and a supermartingale when they
are anything else in [0, 1] with mean p, because x -> (q/p)^x ((1-q)/(1-p))^(1-x) is convex. Ville's inequality then
says that M(p) ever reaches 1/alpha with probability at most alpha, so that {p: M(p) < 1/alpha} holds the mean at all
times at once with probability 1 - alpha: an always-valid interval, which is what a test that is looked at every minute
needs. A fixed-time interval looked at often is wrong far more often than it says.

Sources: Ville (1939); Robbins, "Statistical methods related to the law of the iterated logarithm" (1970), for the
mixture; Krichevsky and Trofimov (1981), for the weights; Howard, Ramdas, McAuliffe and Sekhon, "Time-uniform,
nonparametric, nonasymptotic confidence sequences" (2021), for bounded observations. Two means are compared by an
interval for each at alpha/2 (a union bound): right even where the two are measured on the same requests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_HALVINGS = 44


@dataclass(frozen=True, slots=True)
class Sample:
    """`total` of `count` observations, each in [0, 1]."""

    total: float
    count: int

    @property
    def mean(self) -> float:
        return self.total / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


def interval(sample: Sample, alpha: float) -> Interval:
    """Holds the mean at every look with probability 1 - alpha."""
    n = sample.count
    if n == 0:
        return Interval(0.0, 1.0)
    hits = min(max(sample.total, 0.0), float(n))
    mixture = _log_beta(0.5 + hits, 0.5 + n - hits) - math.log(math.pi)
    bound = mixture + math.log(alpha)  # inside: hits log p + misses log(1 - p) > bound
    mean = hits / n
    low = 0.0 if hits == 0 else _edge(hits, n - hits, bound, outside=0.0, inside=mean)
    high = 1.0 if hits == n else _edge(hits, n - hits, bound, outside=1.0, inside=mean)
    return Interval(low, high)


def difference(live: Sample, candidate: Sample, alpha: float) -> Interval:
    """Holds the candidate's mean minus the live one's at every look with probability 1 - alpha."""
    one, other = interval(live, alpha / 2), interval(candidate, alpha / 2)
    return Interval(other.low - one.high, other.high - one.low)


def _edge(hits: float, misses: float, bound: float, *, outside: float, inside: float) -> float:
    """Where the likelihood crosses the bound between a mean outside of the interval and one inside; errs outwards."""
    for _ in range(_HALVINGS):
        middle = (outside + inside) / 2
        if _log_likelihood(hits, misses, middle) > bound:
            inside = middle
        else:
            outside = middle
    return outside


def _log_likelihood(hits: float, misses: float, mean: float) -> float:
    if (mean <= 0.0 and hits) or (mean >= 1.0 and misses):
        return -math.inf
    return (hits * math.log(mean) if hits else 0.0) + (misses * math.log1p(-mean) if misses else 0.0)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
