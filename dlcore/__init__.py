"""What the chapters of *Deep Learning in Python, Checked* share.

`ops` holds the formulas in NumPy, `grads` their derivatives, `optimizers` the update rules,
`models` the Keras builders, `training` what `fit` shows while it runs, `data` the data sets,
`plot` the figures, `interactive` those that the reader moves, `check` what a chapter asserts with.
Importing `dlcore` itself imports none of them.
"""

# The first cell of a page asks for it: raise it with any change that a page needs.
__version__ = "0.5.0"
