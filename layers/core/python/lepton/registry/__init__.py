"""Registry: which versions of a model passed the gate, and which one each alias points to."""

from lepton.registry.records import Alias, Move, Verdict
from lepton.registry.registry import Registry

__all__ = ["Alias", "Move", "Registry", "Verdict"]
