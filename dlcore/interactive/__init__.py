"""Figures that the reader moves, in a page that needs no server."""

from dlcore.interactive.codes import InteractiveCodes
from dlcore.interactive.digit import InteractiveDigit
from dlcore.interactive.figure import Interactive
from dlcore.interactive.kernel import InteractiveKernel
from dlcore.interactive.letters import InteractiveLetters

__all__ = [
    "Interactive",
    "InteractiveCodes",
    "InteractiveDigit",
    "InteractiveKernel",
    "InteractiveLetters",
]
