"""What `fit` shows while it runs."""

import re

import keras
import numpy as np
import pytest

from dlcore import training

X = np.linspace(-1, 1, 64, dtype=np.float32).reshape(32, 2)
Y = (X.sum(axis=1) > 0).astype(np.float32)


def fit(progress, **options):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    return model.fit(X, Y, verbose=0, callbacks=[progress], **options).history


def record(history, epochs):
    """The lines that stand for finished epochs."""
    return [
        f"epoch {epoch + 1:>2}/{epochs}  "
        + "  ".join(f"{name} {values[epoch]:.4f}" for name, values in history.items())
        for epoch in range(epochs)
    ]


@pytest.fixture
def shown(monkeypatch):
    """What stands on the page, state after state."""
    states = []

    class Handle:
        def update(self, text):
            states.append(repr(text).split("\n"))

    def display(text, *, display_id):
        assert display_id is True
        Handle().update(text)
        return Handle()

    monkeypatch.setattr(training, "display", display)
    return states


def bars(states):
    return [re.search(r"  \[(#*)(\.*)\]$", state[-1]) for state in states]


def test_the_record_is_one_line_an_epoch(shown, capfd):
    history = fit(training.Progress(), epochs=3, batch_size=8)
    assert list(history) == ["accuracy", "loss"]
    assert shown[0] == ["starting"]
    assert shown[-1] == record(history, 3)
    assert capfd.readouterr() == ("", "")


def test_validation_is_recorded(shown):
    history = fit(training.Progress(), epochs=1, batch_size=8, validation_split=0.5)
    assert "val_loss" in shown[-1][0]
    assert shown[-1] == record(history, 1)


@pytest.mark.parametrize(
    ("batch_size", "hashes"),
    # 32 steps on a bar of 30: one changes nothing and is not shown.
    [(1, [*range(31)]), (8, [7, 15, 22, 30]), (32, [30])],
)
def test_the_bar_fills_in_every_epoch(shown, batch_size, hashes):
    history = fit(training.Progress(), epochs=2, batch_size=batch_size)
    running = [match for match in bars(shown) if match]
    assert [len(match[1]) for match in running] == hashes * 2
    assert {len(match[1] + match[2]) for match in running} == {training.Progress.WIDTH}
    # Start, then each epoch's bars below the epochs before it and, last, its own line.
    finished = record(history, 2)
    lengths = [1, *[1] * len(hashes), 1, *[2] * len(hashes), 2]
    assert [len(state) for state in shown] == lengths
    assert all(state[:-1] == finished[: len(state) - 1] for state in shown[1:])
    assert shown[-2][-1].startswith("epoch  2/2  accuracy ")


def test_training_goes_on_where_it_stopped(shown):
    fit(training.Progress(), epochs=3, initial_epoch=2, batch_size=16)
    assert [state[-1][:10] for state in shown[1:]] == ["epoch  3/3"] * 3
    assert [len(state) for state in shown] == [1] * 4


def test_a_callback_can_be_used_again(shown):
    progress = training.Progress()
    fit(progress, epochs=1, batch_size=32)
    first = list(shown)
    shown.clear()
    fit(progress, epochs=1, batch_size=32)
    assert shown == first


def test_unknown_number_of_steps(shown):
    progress = training.Progress()
    progress.set_params({"epochs": 1, "steps": None})
    progress.on_train_begin()
    progress.on_epoch_begin(0)
    progress.on_train_batch_end(0, {"loss": 0.25})
    progress.on_epoch_end(0)
    assert shown[1:] == [[f"epoch  1/1  loss 0.2500  [{'#' * 30}]"], ["epoch  1/1  "]]


def test_plain_python_prints_the_record(capsys):
    history = fit(training.Progress(), epochs=2, batch_size=8)
    assert capsys.readouterr().out.splitlines() == ["starting", *record(history, 2)]
