"""A strict reader of Prometheus' text format 0.0.4: what it doesn't know is an error.

Source: "Exposition formats" and "Metric and label naming", prometheus.io.
"""

import re
from dataclasses import dataclass, field

HELP = re.compile(r"# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\\n]|\\\\|\\n)+)")
TYPE = re.compile(r"# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|summary)")
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"'
SAMPLE = re.compile(
    r"([a-zA-Z_:][a-zA-Z0-9_:]*)"
    rf"(?:\{{((?:{LABEL})(?:,{LABEL})*)\}})?"
    r" (-?[0-9]+(?:\.[0-9]+)?(?:e[+-][0-9]+)?|\+Inf|-Inf|NaN)"
)
PARTS = {"counter": [""], "gauge": [""], "summary": ["_sum", "_count"]}


@dataclass
class Metric:
    kind: str
    help: str
    samples: dict = field(default_factory=dict)

    @property
    def values(self) -> dict:
        """By the values of the labels, where there is one part only."""
        return {
            tuple(value for _, value in labels): number
            for (_, labels), number in self.samples.items()
        }


def parse(text: str) -> dict[str, Metric]:
    """Every metric by its name. Raises ValueError."""
    if not text.endswith("\n"):
        raise ValueError("the last line doesn't end")
    metrics: dict[str, Metric] = {}
    lines = text[:-1].split("\n")
    while lines:
        name, metric = _head(lines)
        if name in metrics:
            raise ValueError(f"{name} comes twice")
        metrics[name] = metric
        while lines and not lines[0].startswith("#"):
            _sample(name, metric, lines.pop(0))
        _judge(name, metric)
    return metrics


def _head(lines: list[str]) -> tuple[str, Metric]:
    help, kind = (HELP.fullmatch(lines.pop(0)), TYPE.fullmatch(lines.pop(0)) if lines else None)
    if not help or not kind or help[1] != kind[1]:
        raise ValueError("a metric begins with its help and its type")
    return kind[1], Metric(kind[2], help[2])


def _sample(name: str, metric: Metric, line: str) -> None:
    found = SAMPLE.fullmatch(line)
    if not found:
        raise ValueError(f"not a sample: {line!r}")
    part = found[1].removeprefix(name)
    if not found[1].startswith(name) or part not in PARTS[metric.kind]:
        raise ValueError(f"{found[1]} is none of {name}")
    labels = tuple(sorted(re.findall(LABEL, found[2] or "")))
    if len(dict(labels)) < len(labels) or any(each.startswith("__") for each, _ in labels):
        raise ValueError(f"labels: {line!r}")
    if (part, labels) in metric.samples:
        raise ValueError(f"twice: {line!r}")
    metric.samples[part, labels] = float(found[found.lastindex or 0])


def _judge(name: str, metric: Metric) -> None:
    if (metric.kind == "counter") != name.endswith("_total"):
        raise ValueError(f"a counter, and nothing else, ends with _total: {name}")
    if metric.kind == "counter" and not all(
        0 <= each < float("inf") for each in metric.samples.values()
    ):
        raise ValueError(f"{name} doesn't count")
    places = [
        {labels for each, labels in metric.samples if each == part} for part in PARTS["summary"]
    ]
    if metric.kind == "summary" and places[0] != places[1]:
        raise ValueError(f"{name} has a sum without its count")
