"""Figures that stand still, as drawings in the page: sharp, and their words are the edition's.

Matplotlib's words stay words (``svg.fonttype``). They take the page's type, and in a translated
edition the clauses of ``sphinx.po``, as those of figures that move. What is black is drawn in the
colour of the page's text, so that the dark theme needs no other figure; colours stay themselves.
"""

import base64
import hashlib
import io
import re
from functools import cache
from html import escape
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

import numpy as np
from figure_words import say
from matplotlib import get_data_path
from matplotlib.path import Path as Shape
from PIL import Image, ImageFont

IMAGE = re.compile(r'<img(?P<said>[^>]*) src="[^"]*_images/(?P<name>[^"]+\.svg)"[^>]*>')
NAMESPACE = re.compile(r"\{[^}]*\}")
SPACE = "{http://www.w3.org/2000/svg}"
SVG = "image/svg+xml"
HEAVY = 200_000  # characters of an SVG, from which on a figure is shown in its pixels
PIXELS = re.compile(r"data:image/png;base64,[^\"]*")
SMALL = 3_000  # characters of an image in a drawing, up to which a file of its own does not pay
LONG = 2_000  # characters of a path, from which on a tenth of a point is small enough
SCALE = 2  # pixels a point, as the PNG of the same figure has
REFERENCE = re.compile(r"#([\w-]+)")
BLACK = "#000000"  # as Matplotlib writes it
FILLED = re.compile(r"fill: #(?!.*opacity)")  # of a path that lets nothing of the page through


def drop_heavy(outputs):
    """Of figures with too many points to draw, leave what the run kept in pixels."""
    for output in outputs:
        data = output.get("data", {})
        if SVG in data and len(PIXELS.sub("", data[SVG])) > HEAVY:
            del data[SVG]


def inline(app, pagename, templatename, context, doctree):
    """Put each drawing itself where the page refers to its file."""
    folder = Path(app.env.mystnb_config.output_folder)  # of what the runs drew

    def drawn(image):
        source = (folder / PurePosixPath(image["name"]).name).read_text("utf-8")
        words = re.search(r'alt="([^"]*)"', image["said"])
        return drawing(
            source,
            label=words[1] if words else "",
            translate=app.config.language != "en",
            store=lambda pixels: apart(app, context["pathto"], pixels),
        )

    if "body" in context:
        context["body"] = IMAGE.sub(drawn, context["body"])


def apart(app, pathto, pixels):
    """The address of a file with these pixels."""
    name = f"_images/{hashlib.sha256(pixels).hexdigest()[:16]}.png"
    file = Path(app.outdir, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(pixels)
    return pathto(name, 1)


def drawing(source, label, translate, store):
    """An SVG of Matplotlib's as a part of a page.

    Args:
        source: the SVG.
        label: its alternative text, escaped.
        translate: whether its words are looked up in the catalog.
        store: takes the bytes of a PNG, and returns the address under which they can be had.
    """
    tree = ElementTree.fromstring(source)
    mark = "d" + hashlib.sha256(source.encode()).hexdigest()[:8]
    used = set(REFERENCE.findall(source))
    width, height = map(float, tree.get("viewBox").split()[2:])
    keep_black_on_paint(tree)
    for group in tree.iter():
        place_lines(group)
    body = "".join(written(part, mark, used, translate, store) for part in tree)
    return (
        f'<svg class="drawing" role="img" aria-label="{label}" viewBox="0 0 {number(width)} '
        f'{number(height)}" width="{SCALE * width:.0f}" height="{SCALE * height:.0f}" '
        f'fill="currentColor" stroke-linejoin="round">{body}</svg>'
    )


def written(node, mark, used, translate, store):
    """The element as HTML: styles are attributes, and no name is another drawing's."""
    tag = NAMESPACE.sub("", node.tag)
    if tag in ("metadata", "style"):
        return ""
    attributes = {NAMESPACE.sub("", name): value for name, value in node.attrib.items()}
    for rule in attributes.pop("style", "").split(";"):
        name, _colon, value = rule.partition(":")
        if name.strip() == "font-family":
            if "Mono" in value.partition(",")[0]:
                attributes["font-family"] = "monospace"
        elif name.strip() not in ("", "stroke-linejoin"):
            attributes[name.strip()] = value.strip().replace(BLACK, "currentColor")
    name = attributes.pop("id", None)
    if name in used:
        attributes["id"] = name
    if tag == "image":
        pixels = attributes["href"].partition(",")[2]
        if len(pixels) > SMALL:
            attributes["href"] = store(base64.b64decode(pixels))
    if attributes.get("fill") == "none" and "stroke" not in attributes:
        return ""
    attributes = {name: shortened(name, value, mark) for name, value in attributes.items()}
    said = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items() if value)
    inside = "".join(written(part, mark, used, translate, store) for part in node)
    words = node.text or ""
    if tag == "text" and not inside:
        inside = escape(say(words.strip()) if translate else words.strip(), quote=False)
    elif tag == "tspan":
        inside = escape(words, quote=False)
    if not said and (tag == "g" or (tag == "defs" and not inside)):
        return inside  # of Matplotlib's names of parts nothing is left
    return f"<{tag}{said}>{inside}</{tag}>" if inside else f"<{tag}{said}/>"


def keep_black_on_paint(tree):
    """Name black what is drawn on an image or a shape that hides the page: it stays dark there."""
    images = {node for node in tree.iter(f"{SPACE}image") if hides(node)}
    clips = {
        node.get("clip-path")
        for node in tree.iter()
        if node.get("clip-path") and images.intersection(node.iter())
    }
    markers = {part for defs in tree.iter(f"{SPACE}defs") for part in defs.iter()}
    paint = [
        *(
            box(part[0])
            for part in tree.iter(f"{SPACE}clipPath")
            if f"url(#{part.get('id')})" in clips
        ),
        *(box(image) for image in images if image.get("y")),
        *(
            Shape(numbers(node.get("d")).reshape(-1, 2))
            for node in tree.iter(f"{SPACE}path")
            if node not in markers and FILLED.match(node.get("style", ""))
        ),
    ]
    for node in tree.iter():
        if node.get("clip-path") in clips:
            for part in node.iter():
                part.set("style", part.get("style", "").replace(BLACK, "black"))
        elif node.tag == f"{SPACE}text" and "fill:" not in node.get("style", ""):
            given = f"{node.get('x', '')} {node.get('y', '')} {node.get('transform', '')}"
            place = numbers(given)[:2]
            if place.size and any(shape.contains_point(place) for shape in paint):
                node.set("style", f"{node.get('style', '')}; fill: black")


def numbers(text):
    return np.array(re.findall(r"-?\d+\.?\d*", text), float)


def box(node):
    x, y, width, height = (float(node.get(side)) for side in ("x", "y", "width", "height"))
    if node.tag == f"{SPACE}image":
        y = -y  # Matplotlib turns it over
    return Shape([(x, y), (x + width, y), (x + width, y + height), (x, y + height)])


def hides(image):
    """Whether most of an SVG's image lets nothing of the page through."""
    if "opacity" in image.attrib:
        return False
    href = next(value for name, value in image.attrib.items() if name.endswith("href"))
    with Image.open(io.BytesIO(base64.b64decode(href.partition(",")[2]))) as pixels:
        opaque = pixels.convert("RGBA").getchannel("A").histogram()[255]
        return opaque > pixels.width * pixels.height / 2


def shortened(name, value, mark):
    """The value without digits that nobody sees; a reference to the drawing's own names."""
    if name == "id":
        return f"{mark}-{value}"
    if name == "href" and not value.startswith("#"):
        return value
    value = REFERENCE.sub(rf"#{mark}-\1", value) if name in ("href", "clip-path") else value
    digits = 1 if len(value) > LONG else 2
    value = re.sub(r"-?\d+\.\d+(?:e-?\d+)?", lambda found: number(float(found[0]), digits), value)
    if name == "d":  # a letter holds until another one comes
        value = re.sub(r"\s*([A-Za-z])\s*", r"\1", value)
        value = re.sub(r"(?<=L)([-\d. ]+)((?:L[-\d. ]+)+)", lambda m: m[0].replace("L", " "), value)
    value = re.sub(r"rotate\(-?0(?: [^)]*)?\)", "", value)
    return re.sub(r"\s+", " ", value).strip()


def number(value, digits=2):
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")


def place_lines(group):
    """Anchor the lines of a text where they agree: at the left, the right or the middle.

    Matplotlib places each of several lines by the width that it has in its own type.
    """
    lines = [node for node in group if node.tag.endswith("}text")]
    places = [re.match(r"translate\((\S+) (\S+)\)", line.get("transform", "")) for line in lines]
    if len(lines) < 2 or not all(places):
        return
    left = [float(place[1]) for place in places]
    widths = [width(line) for line in lines]
    ways = {"start": 0, "middle": 0.5, "end": 1}
    spread = {
        way: max(points) - min(points)
        for way, share in ways.items()
        if (points := [x + share * w for x, w in zip(left, widths, strict=True)])
    }
    way = min(spread, key=spread.get)
    for line, place, x, w in zip(lines, places, left, widths, strict=True):
        line.set("style", f"{line.get('style')}; text-anchor: {way}")
        line.set("transform", f"translate({x + ways[way] * w} {place[2]})")


def width(line):
    """The width of a line in points, in Matplotlib's type."""
    size = float(re.search(r"font-size: ([\d.]+)px", line.get("style"))[1])
    return size / 100 * type_of_matplotlib().getlength(line.text or "")


@cache
def type_of_matplotlib():
    return ImageFont.truetype(Path(get_data_path(), "fonts/ttf/DejaVuSans.ttf"), 100)


def setup(app):
    app.connect("html-page-context", inline)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
