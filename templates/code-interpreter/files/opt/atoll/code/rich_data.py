"""Adds the data of matplotlib figures and of pandas tables to what IPython displays of them."""
import json
import re

from IPython.core.formatters import BaseFormatter
from traitlets import ObjectName, Unicode

MAX_CELLS = 100_000
MAX_POINTS = 100_000


class ChartFormatter(BaseFormatter):
    format_type = Unicode("application/vnd.atoll.chart+json")
    print_method = ObjectName("_repr_atoll_chart_")
    _return_type = dict

    def pop(self, typ, default=None):
        """The inline backend takes figures out of every formatter before it puts its own in: not out of this one."""
        return default


class DataFormatter(BaseFormatter):
    format_type = Unicode("application/vnd.atoll.data+json")
    print_method = ObjectName("_repr_atoll_data_")
    _return_type = dict


def install(shell):
    formatters = shell.display_formatter.formatters
    for kind, module, name, show in ((ChartFormatter, "matplotlib.figure", "Figure", chart_of), (DataFormatter, "pandas.core.frame", "DataFrame", data_of)):
        formatter = kind(parent=shell.display_formatter)
        formatter.for_type_by_name(module, name, show)
        formatters[formatter.format_type] = formatter


def data_of(table):
    if table.size > MAX_CELLS:
        return None
    try:
        whole = json.loads(table.to_json(orient="split", date_format="iso", default_handler=str))
    except (TypeError, ValueError, OverflowError):
        return None
    return {str(name): [row[i] for row in whole["data"]] for i, name in enumerate(whole["columns"])}


def chart_of(figure):
    try:
        charts = [chart for chart in map(axes_chart, figure.axes) if chart]
    except Exception:
        # A figure that this does not understand still has its picture.
        return None
    if not charts:
        return None
    if len(charts) == 1:
        return charts[0]
    return {"type": "superchart", "title": figure._suptitle.get_text() if figure._suptitle else "", "elements": charts}


def axes_chart(axes):
    import matplotlib.collections as collections
    import matplotlib.patches as patches
    from matplotlib.container import BarContainer

    wedges = [patch for patch in axes.patches if isinstance(patch, patches.Wedge)]
    bars = [container for container in axes.containers if isinstance(container, BarContainer)]
    boxes = boxes_of(axes)
    dots = [c for c in axes.collections if isinstance(c, collections.PathCollection)]
    if wedges:
        return {"type": "pie", "title": axes.get_title(), "elements": [pie_of(wedge) for wedge in wedges]}
    if boxes:
        kind, elements = "box_and_whisker", boxes
    elif bars:
        kind, elements = "bar", [bar for container in bars for bar in bars_of(axes, container)]
    elif dots:
        kind, elements = "scatter", [{"label": label(c, i), "points": points_of(axes, *c.get_offsets().T.tolist())} for i, c in enumerate(dots)]
    elif axes.lines:
        kind, elements = "line", [
            {"label": label(line, i), "points": points_of(axes, line.get_xdata(orig=True), line.get_ydata(orig=True))} for i, line in enumerate(axes.lines)]
    else:
        return None
    return {"type": kind, "title": axes.get_title(), **labels(axes), **(scales(axes) if kind in ("line", "scatter") else {}), "elements": elements}


def labels(axes):
    return {"x_label": axes.get_xlabel() or None, "y_label": axes.get_ylabel() or None, "x_unit": unit(axes.get_xlabel()), "y_unit": unit(axes.get_ylabel())}


def unit(text):
    found = re.search(r"[(\[]([^()\[\]]+)[)\]]\s*$", text or "")
    return found.group(1) if found else None


def scales(axes):
    found = {}
    for name, axis, limits in (("x", axes.xaxis, sorted(axes.get_xlim())), ("y", axes.yaxis, sorted(axes.get_ylim()))):
        dates = is_date(axis)
        ticks = {tick: text for tick, text in ticks_of(axis).items() if limits[0] <= tick <= limits[1]}
        found[f"{name}_ticks"] = [plain_date(tick) for tick in ticks] if dates else list(ticks)
        found[f"{name}_tick_labels"] = list(ticks.values())
        found[f"{name}_scale"] = "datetime" if dates else "categorical" if is_category(axis) else axis.get_scale()
    return found


def ticks_of(axis):
    """The label by its place."""
    texts = [text.get_text() for text in axis.get_ticklabels()]
    return dict(zip(map(float, axis.get_ticklocs()), texts))


def is_date(axis):
    return type(axis.converter).__name__ in ("DateConverter", "_SwitchableDateConverter", "ConciseDateConverter", "DatetimeConverter", "PeriodConverter")


def is_category(axis):
    return type(axis.converter).__name__ == "StrCategoryConverter"


def plain_date(number):
    from matplotlib.dates import num2date
    return num2date(number).isoformat()


def points_of(axes, xs, ys):
    return [[plain(axes.xaxis, x), plain(axes.yaxis, y)] for x, y in zip(list(xs)[:MAX_POINTS], list(ys)[:MAX_POINTS])]


def plain(axis, value):
    if hasattr(value, "item"):
        value = value.item() if not str(getattr(value, "dtype", "")).startswith("datetime64") else value.astype("datetime64[us]").item()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if value != value or value in (float("inf"), float("-inf")):
            return None
        return plain_date(value) if is_date(axis) else value
    return str(value)


def label(artist, index):
    text = str(artist.get_label())
    return f"Series {index + 1}" if text.startswith("_") else text


def bars_of(axes, container):
    horizontal = container.orientation == "horizontal"
    axis = axes.yaxis if horizontal else axes.xaxis
    names = ticks_of(axis)
    group = str(container.get_label())
    for bar in container.patches:
        middle = bar.get_y() + bar.get_height() / 2 if horizontal else bar.get_x() + bar.get_width() / 2
        near = min(names, key=lambda tick: abs(tick - middle), default=None)
        known = near is not None and abs(near - middle) < 0.5 and names[near]
        yield {"label": names[near] if known else f"{middle:g}", "group": "" if group.startswith("_") else group,
               "value": float(bar.get_width() if horizontal else bar.get_height())}


def pie_of(wedge):
    return {"label": "" if str(wedge.get_label()).startswith("_") else str(wedge.get_label()),
            "angle": abs(float(wedge.theta2 - wedge.theta1)), "radius": float(wedge.r)}


def boxes_of(axes):
    """Of one box, boxplot draws in this order: (the box), two whiskers, two caps, the median, (the outliers)."""
    lines = [(line, list(map(float, line.get_xdata())), list(map(float, line.get_ydata()))) for line in axes.lines if numeric(line)]
    found, at = [], 0
    names = [text.get_text() for text in axes.get_xticklabels()]
    while at + 4 < len(lines):
        (_, low_x, low), (_, high_x, high), (_, _, cap), (_, _, top), (_, _, median) = lines[at:at + 5]
        whiskers = len(low) == len(high) == len(cap) == len(top) == len(median) == 2 and low_x[0] == low_x[1] == high_x[0] == high_x[1]
        if not (whiskers and cap[0] == cap[1] == low[1] and top[0] == top[1] == high[1]):
            at += 1
            continue
        at += 5
        outliers = []
        if at < len(lines) and lines[at][0].get_linestyle() == "None":
            outliers = lines[at][2]
            at += 1
        name = names[len(found)] if len(found) < len(names) else ""
        found.append({"label": name, "min": low[1], "first_quartile": low[0], "median": median[0], "third_quartile": high[0], "max": high[1], "outliers": outliers})
    return found


def numeric(line):
    try:
        list(map(float, line.get_xdata()))
        list(map(float, line.get_ydata()))
        return True
    except (TypeError, ValueError):
        return False
