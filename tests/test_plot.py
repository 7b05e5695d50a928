"""The figures: everything given is drawn, nothing else is touched."""

import itertools

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from examples import raises
from matplotlib.colors import same_color

from dlcore import plot
from dlcore.interactive._colours import COLOURS

COUNTS = np.array([[50, 0, 3], [1, 60, 0], [0, 8, 1234]])
BINS = ([0.1, 0.5, 0.9], [0.2, 0.4, 0.95], [1500, 0, 20])
SERIES = {"training": [0.5, 0.3, 0.2], "validation": [0.6, 0.55]}
CORNERS = np.array([[0.0, 0], [1, 0], [0, 1], [1, 1]])
PATHS = {"a": [[0, 0], [1, 1]], "b": [[1, 0], [0, 1], [0, 0.5]]}
ROWS = {"with bias": ([0.90, 0.92, 0.97], 0.91, 0.95), "without": ([0.5], 0.4, 0.6)}


def first(points):
    return points[:, 0]


def bowl(x, y):
    return x**2 + 3 * y**2


# Each picture that takes `ax`, with arguments.
PICTURES = {
    "confusion": lambda **ax: plot.confusion(COUNTS, **ax),
    "reliability": lambda **ax: plot.reliability(*BINS, **ax),
    "curves": lambda **ax: plot.curves(SERIES, xlabel="epoch", ylabel="loss", **ax),
    "intervals": lambda **ax: plot.intervals(ROWS, xlabel="accuracy", **ax),
    "decision_regions": lambda **ax: plot.decision_regions(first, CORNERS, [0, 1, 0, 1], **ax),
    "trajectories": lambda **ax: plot.trajectories(bowl, PATHS, xlim=(-1, 2), ylim=(-3, 4), **ax),
    "gradient_norms": lambda **ax: plot.gradient_norms({"tanh": [1e-3, 1e-2, 1.0]}, **ax),
    "heat_map": lambda **ax: plot.heat_map(np.eye(6), COUNTS, label="counts", **ax),
}
ALL = {
    **PICTURES,
    "images": lambda: plot.images(np.eye(3)[None]),
    "kernels": lambda: plot.kernels(np.eye(3)[..., None, None]),
}


def pictures(seed=0, n=5):
    return np.random.default_rng(seed).random((n, 4, 6))


def texts(ax):
    return [text.get_text() for text in ax.texts]


def labels(ax):
    return ax.get_xlabel(), ax.get_ylabel()


def xy(line):
    return line.get_xydata().tolist()


# The contract of every figure


@pytest.mark.parametrize("name", ALL)
def test_a_new_figure_that_leaves_the_rest_alone(name):
    other, current = plt.subplots()
    before, settings = [*other.findobj(), *current.get_children()], mpl.rcParams.copy()
    result = ALL[name]()
    figure = result if isinstance(result, plt.Figure) else result.figure
    assert figure is not other
    assert plt.get_fignums() == [other.number, figure.number]
    assert [*other.findobj(), *current.get_children()] == before
    assert mpl.rcParams == settings
    figure.canvas.draw()  # a glyph that is missing, for one, would warn


@pytest.mark.parametrize("name", PICTURES)
def test_the_axes_given_are_drawn_on_and_returned(name):
    figure, (given, other) = plt.subplots(1, 2)
    before = other.findobj()
    assert PICTURES[name](ax=given) is given
    assert plt.get_fignums() == [figure.number]
    assert other.findobj() == before
    assert given.has_data()
    assert not other.has_data()


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("confusion", (6, 5.4)),
        ("reliability", (5, 4.6)),
        ("curves", (6, 3.6)),
        ("intervals", (6.4, 2.0)),
        ("decision_regions", (5, 4)),
        ("trajectories", (6, 4.4)),
        ("gradient_norms", (6, 3.6)),
        ("heat_map", (4, 3.2)),
    ],
)
def test_size_of_a_new_figure(name, size):
    np.testing.assert_allclose(PICTURES[name]().figure.get_size_inches(), size)


# Images


@pytest.mark.parametrize("channels", [(), (1,)])
def test_images_are_all_drawn_on_one_scale(channels):
    images = pictures()
    figure = plot.images(images.reshape(*images.shape, *channels), columns=3)
    assert isinstance(figure, plt.Figure)
    assert figure.axes[0].get_gridspec().get_geometry() == (2, 3)
    assert not any(ax.axison for ax in figure.axes)
    drawn = [ax.images for ax in figure.axes]
    assert [len(artists) for artists in drawn] == [1, 1, 1, 1, 1, 0]
    for (artist,), image in zip(drawn[:5], images, strict=True):
        np.testing.assert_array_equal(artist.get_array(), image)
        assert artist.get_clim() == (images.min(), images.max())
        assert artist.get_cmap().name == "gray_r"


@pytest.mark.parametrize(
    ("n", "options", "grid", "size"),
    [
        (3, {}, (1, 3), (3, 1)),
        (8, {}, (1, 8), (8, 1)),
        (9, {}, (2, 8), (8, 2)),
        (4, {"columns": 2}, (2, 2), (2, 2)),
        (5, {"columns": 2, "scale": 0.5}, (3, 2), (1, 1.5)),
        (3, {"columns": 2, "titles": "abc"}, (2, 2), (2, 2.7)),
    ],
)
def test_images_grid(n, options, grid, size):
    figure = plot.images(pictures(n=n), **options)
    assert figure.axes[0].get_gridspec().get_geometry() == grid
    np.testing.assert_allclose(figure.get_size_inches(), size)


def test_images_titles():
    figure = plot.images(pictures(), titles=np.arange(5), columns=3)
    assert [ax.get_title() for ax in figure.axes] == ["0", "1", "2", "3", "4", ""]


@pytest.mark.parametrize("shape", [(4, 6), (2, 4, 6, 3), (0, 4, 6), (0, 4, 6, 1)])
def test_images_of_another_shape(shape):
    # The axis of one channel is already dropped when the number is looked at.
    named = shape[:3] if shape[3:] == (1,) else shape
    with raises(f"images must be (N, H, W) or (N, H, W, 1) with N > 0; got {named}"):
        plot.images(np.zeros(shape))


@pytest.mark.parametrize("n", [0, 4, 6])
def test_images_with_another_number_of_titles(n):
    with raises(f"{n} titles for 5 images"):
        plot.images(pictures(), titles=["a"] * n)


# Kernels


def test_kernels_are_all_drawn_on_one_scale_with_zero_in_its_middle():
    kernel = np.random.default_rng(0).uniform(-0.5, 0.1, (2, 3, 1, 5))
    figure = plot.kernels(kernel, columns=3)
    assert isinstance(figure, plt.Figure)
    *grid, colorbar = figure.axes
    assert grid[0].get_gridspec().get_geometry() == (2, 3)
    assert not any(ax.axison for ax in grid)
    assert [len(ax.images) for ax in grid] == [1, 1, 1, 1, 1, 0]
    bound = -kernel.min()
    for f, ax in enumerate(grid[:5]):
        (artist,) = ax.images
        np.testing.assert_array_equal(artist.get_array(), kernel[:, :, 0, f])
        assert artist.get_clim() == (-bound, bound)
        assert artist.get_cmap() == plot.SIGNED
    assert colorbar.get_ylabel() == "weight"
    assert colorbar.get_ylim() == (-bound, bound)


def test_kernels_of_zeros_have_the_colour_of_zero():
    figure = plot.kernels(np.zeros((3, 3, 1, 2)))
    assert figure.axes[0].images[0].get_clim() == (-1, 1)


def test_kernels_grid_and_titles():
    figure = plot.kernels(np.ones((3, 3, 1, 3)), titles="abc", columns=2, scale=0.5)
    assert [ax.get_title() for ax in figure.axes[:4]] == ["a", "b", "c", ""]
    np.testing.assert_allclose(figure.get_size_inches(), (1, 1.35))
    with raises("2 titles for 3 images"):
        plot.kernels(np.ones((3, 3, 1, 3)), titles="ab")


@pytest.mark.parametrize("shape", [(3, 3), (3, 3, 5), (3, 3, 2, 5), (3, 3, 1, 0), (0, 3, 1, 5)])
def test_kernels_of_another_shape(shape):
    with raises(f"kernel must be (k_h, k_w, 1, F) and not empty; got {shape}"):
        plot.kernels(np.ones(shape))


# Heat maps


@pytest.mark.parametrize("channels", [(), (1,)])
def test_heat_map_enlarges_values_over_the_whole_image(channels):
    image, values = pictures(n=1)[0], np.array([[0.0, -2, 1], [5, 3, 4]])
    ax = plot.heat_map(image.reshape(*image.shape, *channels), values, label="drop")
    below, above = ax.images
    np.testing.assert_array_equal(below.get_array(), image)
    np.testing.assert_array_equal(above.get_array(), values)
    assert (below.get_cmap().name, above.get_cmap().name) == ("gray_r", "YlOrRd")
    assert above.get_extent() == below.get_extent() == [-0.5, 5.5, 3.5, -0.5]
    assert above.get_zorder() == below.get_zorder()  # the later one is on top
    assert (below.get_alpha(), above.get_alpha()) == (None, 0.6)
    assert above.get_clim() == (-2, 5)
    assert (ax.get_xticks().size, ax.get_yticks().size) == (0, 0)
    assert not any(spine.get_visible() for spine in ax.spines.values())
    (colorbar,) = [other for other in ax.figure.axes if other is not ax]
    assert colorbar.get_ylabel() == "drop"


def test_heat_maps_share_a_scale_and_need_no_bar():
    ax = plot.heat_map(np.eye(6), COUNTS, limits=(-1, 2000))
    assert ax.images[1].get_clim() == (-1, 2000)
    assert ax.figure.axes == [ax]


@pytest.mark.parametrize(
    ("image", "values"),
    [((6,), (2, 2)), ((6, 6, 3), (2, 2)), ((1, 6, 6, 1), (2, 2)), ((6, 6), (2, 2, 1))],
)
def test_heat_map_of_other_shapes(image, values):
    with raises(
        f"image must be (H, W) or (H, W, 1) and values (h, w); got image {image}, values {values}"
    ):
        plot.heat_map(np.ones(image), np.ones(values))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize(
    ("name", "draw", "size"),
    [
        ("images", lambda bad: plot.images([[[0, 1], [1, bad]]]), 4),
        ("kernel", lambda bad: plot.kernels(np.reshape([1, bad], (1, 1, 1, 2))), 2),
        ("image", lambda bad: plot.heat_map([[1, bad]], [[1]]), 2),
        ("values", lambda bad: plot.heat_map([[1]], [[1, bad]]), 2),
        ("counts", lambda bad: plot.confusion([[1, bad], [0, 1]]), 4),
        ("confidence and accuracy", lambda bad: plot.reliability([0.5], [bad], [1]), 2),
        ("row 'a'", lambda bad: plot.intervals({"a": ([1, bad], 0, 2)}, xlabel=""), 4),
        ("points x", lambda bad: plot.decision_regions(first, [[0, 1], [1, bad]], [0, 1]), 4),
        (
            "scores",
            lambda bad: plot.decision_regions(lambda p: [bad, *p[1:, 0]], CORNERS, np.ones(4)),
            14_400,
        ),
        (
            "heights",
            lambda bad: plot.trajectories(
                lambda x, y: np.where(x == x.min(), bad, y), PATHS, xlim=(-1, 2), ylim=(-3, 4)
            ),
            40_000,
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(name, draw, size, bad):
    lost = 200 if name == "heights" else 1
    before = plt.get_fignums()
    with raises(f"{name} must be finite; got {lost} of {size} NaN or infinite"):
        draw(bad)
    assert plt.get_fignums() == before  # no empty figure is left behind


def test_an_empty_bin_need_not_be_finite():
    assert plot.reliability([0.5, np.nan], [0.5, np.nan], [1, 0]).lines


@pytest.mark.parametrize("columns", [0, -1])
def test_a_grid_without_columns(columns):
    with raises(f"columns must be at least 1; got {columns}"):
        plot.images(pictures(), columns=columns)


def test_signs_have_the_colours_of_the_interactive_figures():
    assert same_color(plot.SIGNED(0.0)[:3], COLOURS[0])
    assert same_color(plot.SIGNED(1.0)[:3], COLOURS[1])
    assert (plot.SIGNED(0.0)[3], plot.SIGNED(0.5)[3], plot.SIGNED(1.0)[3]) == (1, 0, 1)
    ax = plot.decision_regions(first, CORNERS, [0, 1, 0, 1])
    assert [line.get_color() for line in ax.lines] == list(COLOURS[:2])
    shades = ax.collections[0].get_facecolor()
    assert same_color(shades[0][:3], COLOURS[0])
    assert same_color(shades[-1][:3], COLOURS[1])
    np.testing.assert_allclose(shades[[0, -1], 3], 0.54, atol=0.01)


# Confusion


def test_confusion_writes_every_count_and_shades_the_mistakes():
    ax = plot.confusion(COUNTS.tolist())
    written = {text.get_position(): text for text in ax.texts}
    assert {place: text.get_text() for place, text in written.items()} == {
        (0, 0): "50", (1, 0): "·", (2, 0): "3",
        (0, 1): "1", (1, 1): "60", (2, 1): "·",
        (0, 2): "·", (1, 2): "8", (2, 2): "1234",
    }  # fmt: skip
    assert [place for place, text in written.items() if text.get_color() == "white"] == [(1, 2)]
    bold = [place for place, text in written.items() if text.get_weight() == "bold"]
    assert bold == [(0, 0), (1, 1), (2, 2)]
    (shading,) = ax.images
    np.testing.assert_array_equal(shading.get_array(), [[0, 0, 3], [1, 0, 0], [0, 8, 0]])
    assert shading.get_cmap().name == "Blues"


def test_confusion_is_white_above_half_of_the_most_mistakes():
    ax = plot.confusion([[0, 4, 5], [8, 0, 3], [1, 2, 0]])
    assert [text.get_text() for text in ax.texts if text.get_color() == "white"] == ["5", "8"]


def test_confusion_labels():
    ax = plot.confusion(COUNTS)
    assert labels(ax) == ("predicted class", "true class")
    assert ax.get_xticks().tolist() == ax.get_yticks().tolist() == [0, 1, 2]
    assert not any(spine.get_visible() for spine in ax.spines.values())
    (colorbar,) = [other for other in ax.figure.axes if other is not ax]
    assert colorbar.get_ylabel() == "images"


@pytest.mark.parametrize("shape", [(2, 3), (4,), (2, 2, 2)])
def test_confusion_of_another_shape(shape):
    with raises(f"counts must be square, (C, C); got {shape}"):
        plot.confusion(np.zeros(shape))


# Reliability


def test_reliability_draws_the_bins_that_hold_something():
    ax = plot.reliability(*BINS)
    diagonal, bins = ax.lines
    assert xy(diagonal) == [[0, 0], [1, 1]]
    assert xy(bins) == [[0.1, 0.2], [0.9, 0.95]]
    assert bins.get_marker() == "o"
    assert texts(ax) == ["says what it gets", "1,500", "20"]
    assert [text.xy for text in ax.texts[1:]] == [(0.1, 0.2), (0.9, 0.95)]
    assert labels(ax) == ("stated probability", "share right")
    assert (ax.get_xlim(), ax.get_ylim()) == ((0, 1.08), (0, 1.05))


@pytest.mark.parametrize("short", [0, 1, 2])
def test_reliability_of_shapes_that_differ(short):
    arrays = [values[:2] if i == short else values for i, values in enumerate(BINS)]
    a, b, c = (np.shape(values) for values in arrays)
    with raises(f"shapes differ: confidence {a}, accuracy {b}, counts {c}"):
        plot.reliability(*arrays)


# Curves


def test_curves_draws_each_series_with_its_name_at_its_end():
    ax = plot.curves(SERIES, xlabel="epoch", ylabel="loss")
    assert [xy(line) for line in ax.lines] == [
        [[1, 0.5], [2, 0.3], [3, 0.2]],
        [[1, 0.6], [2, 0.55]],
    ]
    assert texts(ax) == ["training", "validation"]
    assert [text.xy for text in ax.texts] == [(3, 0.2), (2, 0.55)]
    assert [line.get_color() for line in ax.lines] == [text.get_color() for text in ax.texts]
    assert not same_color(*[line.get_color() for line in ax.lines])
    assert labels(ax) == ("epoch", "loss")
    ax.figure.canvas.draw()
    assert all(tick == round(tick) for tick in ax.get_xticks())


def test_curves_that_end_together_have_names_that_do_not_cover_one_another():
    ends = {"a": [1, 1e-9], "b": [1, 2e-3], "c": [1, 2e-3], "d": [1, 3e-3], "e": [1, 1]}
    ax = plot.curves(ends, xlabel="layer", ylabel="norm", yscale="log")
    ax.figure.canvas.draw()
    boxes = {text.get_text(): text.get_window_extent() for text in ax.texts}
    assert list(boxes) == ["a", "b", "c", "d", "e"]
    for (name, below), (other, above) in itertools.pairwise(boxes.items()):
        assert below.y1 <= above.y0, (name, other)
    assert [ax.texts[i].xyann for i in (0, 1, 4)] == 3 * [(6, 0)]  # nothing moves without need


def test_a_run_that_diverges_keeps_its_name_and_lets_the_others_keep_their_places():
    lost = {"step 2": [0.5, 1e5, np.nan], "step 1": [0.5, 0.3, np.inf], "step 0.1": [0.5, 0.4, 0.3]}
    ax = plot.curves(lost, xlabel="step", ylabel="loss", yscale="log")
    ax.figure.canvas.draw()
    assert {text.get_text(): text.xy for text in ax.texts} == {
        "step 2": (2, 1e5), "step 1": (2, 0.3), "step 0.1": (3, 0.3)
    }  # fmt: skip
    boxes = sorted((text.get_window_extent() for text in ax.texts), key=lambda box: box.y0)
    for below, above in itertools.pairwise(boxes):
        assert below.y1 <= above.y0
    ax = plot.curves({"a": [1, 2, 0]}, xlabel="", ylabel="", yscale="log")
    assert ax.texts[0].xy == (2, 2)
    assert plot.curves({"a": [1, 2, 0]}, xlabel="", ylabel="").texts[0].xy == (3, 0)


@pytest.mark.parametrize(
    ("values", "yscale"), [([], "linear"), ([np.nan], "linear"), ([0, -1], "log")]
)
def test_a_series_without_anything_to_draw(values, yscale):
    before = plt.get_fignums()
    message = f"series 'a' has no value that a {yscale} axis can show: {np.array(values, float)}"
    with raises(message):
        plot.curves({"a": values}, xlabel="", ylabel="", yscale=yscale)
    assert plt.get_fignums() == before


# Intervals


def test_intervals_draws_every_measurement_and_its_interval():
    ax = plot.intervals(ROWS, xlabel="accuracy")
    assert [xy(line) for line in ax.lines] == [
        [[0.91, 0], [0.95, 0]],
        [[0.90, 0], [0.92, 0], [0.97, 0]],
        [[0.4, 1], [0.6, 1]],
        [[0.5, 1]],
    ]
    assert [line.get_linestyle() for line in ax.lines] == ["-", "None"] * 2
    assert [line.get_marker() for line in ax.lines] == ["None", "o"] * 2
    assert [line.get_alpha() for line in ax.lines] == [0.5, None] * 2  # dots show on their bar
    assert ax.get_yticks().tolist() == [0, 1]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list(ROWS)
    assert ax.get_ylim() == (1.5, -0.5)  # the first row is at the top
    assert labels(ax) == ("accuracy", "")


# Decision regions


def test_decision_regions_show_scores_points_and_border():
    ax = plot.decision_regions(first, CORNERS, [0, 1, 0, 1])
    circles, triangles = ax.lines
    assert xy(circles) == CORNERS[[0, 2]].tolist()
    assert xy(triangles) == CORNERS[[1, 3]].tolist()
    assert (circles.get_marker(), triangles.get_marker()) == ("o", "^")
    scores, border = ax.collections
    assert [same_color(color, "black") for color in border.get_edgecolor()] == [True]
    np.testing.assert_allclose(scores.levels, np.linspace(0, 1, 11))
    (path,) = border.get_paths()
    np.testing.assert_allclose(path.vertices[:, 0], 0.5)
    np.testing.assert_allclose(np.sort(path.vertices[:, 1])[[0, -1]], [-0.1, 1.1])
    assert labels(ax) == ("$x_1$", "$x_2$")


@pytest.mark.parametrize("score", [0, 0.2, 0.5, 1])
def test_decision_regions_of_a_classifier_that_always_says_the_same(score):
    ax = plot.decision_regions(lambda points: np.full((len(points), 1), score), CORNERS, np.ones(4))
    assert len(ax.collections) == 1
    assert [len(line.get_xdata()) for line in ax.lines] == [0, 4]


@pytest.mark.parametrize(("x", "y"), [((4, 3), (4,)), ((4, 2), (3,)), ((4,), (4,))])
def test_decision_regions_of_other_shapes(x, y):
    with raises(f"points x must be (N, 2) and classes y (N,); got x {x}, y {y}"):
        plot.decision_regions(first, np.ones(x), np.ones(y))


def test_decision_regions_of_more_than_two_classes():
    with raises("classes y must be 0 or 1; got [0 1 2]"):
        plot.decision_regions(first, CORNERS, [2, 1, 0, 1])


# Trajectories


def test_trajectories_draw_every_path_with_its_name():
    ax = plot.trajectories(bowl, PATHS, xlim=(-1, 2), ylim=(-3, 4))
    assert [xy(line) for line in ax.lines] == list(PATHS.values())
    assert texts(ax) == ["a", "b"]
    assert [tuple(text.xy) for text in ax.texts] == [(1, 1), (0, 0.5)]
    assert [line.get_color() for line in ax.lines] == [text.get_color() for text in ax.texts]
    assert (ax.get_xlim(), ax.get_ylim()) == ((-1, 2), (-3, 4))
    (contours,) = ax.collections
    assert contours.levels.size > 10
    for level, path in zip(contours.levels, contours.get_paths(), strict=True):
        np.testing.assert_allclose(bowl(*path.vertices.T), level, atol=0.01)
    assert labels(ax) == (r"$\theta_1$", r"$\theta_2$")


def test_trajectories_that_diverge_are_named_where_they_were_last_seen():
    path = [[0, 0], [1, 1], [1, 9], [-99, 1], [np.inf, np.nan]]
    ax = plot.trajectories(bowl, {"lost": path}, xlim=(-1, 2), ylim=(-3, 4))
    assert tuple(ax.texts[0].xy) == (1, 1)
    ax.figure.canvas.draw()
    with raises("path 'gone' has no point with x in (-1, 2) and y in (-3, 4)"):
        plot.trajectories(bowl, {"gone": path[2:]}, xlim=(-1, 2), ylim=(-3, 4))


def test_the_names_of_trajectories_stand_beside_their_points():
    ax = plot.trajectories(bowl, PATHS, xlim=(-1, 2), ylim=(-3, 4))
    assert {(text.xyann, text.anncoords) for text in ax.texts} == {((5, 5), "offset points")}


def test_trajectories_of_a_function_of_another_shape():
    with raises("function must return the shape it is given; got ()"):
        plot.trajectories(lambda x, y: 1.0, PATHS, xlim=(-1, 2), ylim=(-3, 4))


def test_the_contours_are_denser_near_the_lowest_point():
    ax = plot.trajectories(bowl, PATHS, xlim=(-1, 2), ylim=(-3, 4))
    below = [np.mean(bowl(*np.meshgrid(np.linspace(-1, 2, 99), np.linspace(-3, 4, 99))) < level)
             for level in ax.collections[0].levels]  # fmt: skip
    np.testing.assert_allclose(below, np.linspace(0, 1, 18) ** 2, atol=0.02)


# Gradient norms


def test_gradient_norms_are_lines_on_a_logarithmic_axis():
    ax = plot.gradient_norms({"tanh": [1e-3, 1e-2, 1.0]})
    assert [xy(line) for line in ax.lines] == [[[1, 1e-3], [2, 1e-2], [3, 1]]]
    assert texts(ax) == ["tanh"]
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")
    assert labels(ax) == ("layer", "norm of the gradient")
