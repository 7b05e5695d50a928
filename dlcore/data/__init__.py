"""Data sets as NumPy arrays or lists of words, verified whatever their source.

`load_mnist` finds the digits on the machine or downloads them, `load_fashion_mnist` the clothes.
The two small sets for sequences, `load_sunspots` and `load_names`, come with dlcore: ``SOURCES.md``
beside them says from where.
"""

from dlcore.data._published import Dataset
from dlcore.data.fashion_mnist import load_fashion_mnist
from dlcore.data.mnist import load_mnist
from dlcore.data.sequences import load_names, load_sunspots

__all__ = ["Dataset", "load_fashion_mnist", "load_mnist", "load_names", "load_sunspots"]
