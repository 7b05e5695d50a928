"""Whoever searches for an error message lands on its answer.

Sphinx's search takes a query that is at least half of an index entry to the place of that entry.
So each answer of page 6 has its messages as index entries.
"""

import re
from pathlib import Path

import nbformat
import pytest

PAGE = Path(__file__).resolve().parents[1] / "chapters" / "6_faq.ipynb"

# What a reader copies from the screen, and the address of the answer.
ERRORS = {
    "ModuleNotFoundError: No module named 'tensorflow'": "faq-backend",
    "cannot import name 'np_utils' from 'keras.utils'": "faq-old-import",
    "No module named 'keras.preprocessing.text'": "faq-old-import",
    "AttributeError: 'Sequential' object has no attribute 'predict_classes'": "faq-old-name",
    "Argument(s) not recognized: {'lr': 0.1}": "faq-old-name",
    "module 'numpy' has no attribute 'float'.": "faq-old-name",
    "Do not pass an `input_shape`/`input_dim` argument to a layer. When using Sequential models, "
    "prefer using an `Input(shape)` object as the first layer in the model instead.": (
        "faq-input-shape"
    ),
    "URL fetch failure on": "faq-download",
    "expected min_ndim=4, found ndim=3. Full shape received: (64, 28, 28)": "faq-channel",
    "expected axis -1 of input shape to have value 784, but received input with shape (28, 28)": (
        "faq-one-image"
    ),
    "Expected shape (None, 28, 28, 1), but input has incompatible shape (28, 28)": "faq-one-image",
    "Cannot take the length of shape with unknown rank.": "faq-one-image",
    "Computed output size would be negative: -1 [input_size: 1, effective_filter_size: 3, "
    "stride: 1]": "faq-one-image",
    "Expected shape (None, 784), but input has incompatible shape (64, 28, 28)": "faq-flatten",
    "Data cardinality is ambiguous. Make sure all arrays contain the same number of samples.": (
        "faq-cardinality"
    ),
    "operands could not be broadcast together with shapes (32,10) (32,)": "faq-broadcast",
    "matmul: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature "
    "(n?,k),(k,m?)->(n?,m?) (size 10 is different from 784)": "faq-matmul",
    "cannot reshape array of size 50176 into shape (60,28,28,1)": "faq-reshape",
    "setting an array element with a sequence. The requested array has an inhomogeneous shape "
    "after 1 dimensions.": "faq-ragged",
    "Computed output size would be zero or negative.": "faq-too-small",
    "ValueError: Invalid dtype: object": "faq-list",
    "A KerasTensor cannot be used as input to a TensorFlow function.": "faq-kerastensor",
    "The truth value of an array with more than one element is ambiguous.": "faq-truth",
    "ValueError: Arguments `target` and `output` must have the same rank (ndim). "
    "Received: target.shape=(32,), output.shape=(32, 10)": "faq-labels",
    "Creating variables on a non-first call to a function decorated with tf.function.": (
        "faq-recompile"
    ),
    "'OptionalFromValue' Op passed list of length 0 less than minimum 1.": "faq-recompile",
    "Argument `output` must have rank (ndim) `target.ndim - 1`.": "faq-sparse",
    "Received a label value of 10 which is outside the valid range of [0, 10).": "faq-range",
    "received `from_logits=True`, but the `output` argument was produced by a Softmax activation "
    "and thus does not represent logits. Was this intended?": "faq-logits",
    "RuntimeWarning: invalid value encountered in divide": "faq-nan",
    "You must call `compile()` before using the model.": "faq-compile",
    "This optimizer can only be called for the variables it was originally built with.": (
        "faq-optimizer"
    ),
    "OOM when allocating tensor with shape": "faq-memory",
    "Unable to allocate": "faq-memory",
    "The filename must end in `.weights.h5`.": "faq-save",
    "Please ensure the file is an accessible `.keras` zip file.": "faq-not-found",
    "[Errno 2] Unable to synchronously open file (unable to open file: name = 'reader.h5'": (
        "faq-not-found"
    ),
    "File format not supported: filepath=": "faq-savedmodel",
    "Could not deserialize 'keras.metrics.mse' because it is not a KerasSaveable subclass": (
        "faq-h5"
    ),
    "Could not locate class 'Double'.": "faq-custom",
}


def answers():
    """For each address its index entries, and what the cells below it print."""
    found, address = {}, None
    for cell in nbformat.read(PAGE, as_version=4).cells:
        if cell.cell_type == "markdown":
            labels = re.findall(r"^\((faq-[\w-]+)\)=$", cell.source, re.MULTILINE)
            assert len(labels) < 2, "one question a cell"
            address = labels[0] if labels else None
            if address:
                entries = re.findall(r"^:::\{index\} ! single: (.+)$", cell.source, re.MULTILINE)
                found[address] = entries, ""
        elif address:
            entries, printed = found[address]
            lines = " ".join(output.text for output in cell.outputs if "text" in output)
            found[address] = entries, " ".join(f"{printed} {lines}".split())
    return found


def test_each_message_in_the_index_is_one_that_its_cells_print():
    wrong = [
        (address, entry)
        for address, (entries, printed) in answers().items()
        for entry in entries
        if entry not in printed
    ]
    assert wrong == []


@pytest.mark.parametrize("message", ERRORS)
def test_a_message_leads_to_its_answer(message):
    entries, _ = answers()[ERRORS[message]]
    assert [entry for entry in entries if message in entry and 2 * len(message) >= len(entry)]


def test_the_page_answers_at_least_twenty_messages_and_fifteen_questions():
    assert len(ERRORS) >= 20
    assert len(answers()) >= 15
