"""Let figures move in JupyterLab as they do on the site; kernels of `make lab` begin with this."""


def _move(shell):
    from pathlib import Path

    static = Path(__file__).resolve().parents[1] / "_static"
    style, *scripts = (
        static.joinpath(name).read_text("utf-8")
        for name in ("interactive.css", "codes.js", "digit.js", "letters.js", "interactive.js")
    )
    # JupyterLab would take the arrow keys for its own.
    keys = (
        "document.querySelectorAll('.interactive-live input')"
        ".forEach((input) => (input.dataset.lmSuppressShortcuts = true));"
    )
    still = shell.display_formatter.format

    def moving(obj, include=None, exclude=None):
        data, metadata = still(obj, include, exclude)
        if data.get("text/html", "").startswith('<div class="interactive">'):
            data["text/html"] += f"<style>{style}</style><script>{''.join(scripts)}{keys}</script>"
        return data, metadata

    shell.display_formatter.format = moving


_move(get_ipython())  # noqa: F821
