"""Prometheus' text format: families of samples, as text.

Source: "Exposition formats", text format 0.0.4, and "Metric and label naming", prometheus.io.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Sample:
    """A number under its labels; `part` is `_sum` or `_count` in a summary."""

    labels: Mapping[str, str]
    value: float
    part: str = ""


@dataclass(frozen=True)
class Family:
    """One metric. `kind` is counter, gauge or summary."""

    name: str
    kind: str
    help: str
    samples: list[Sample]

    def __str__(self) -> str:
        lines = [
            f"# HELP {self.name} {_escaped(self.help)}",
            f"# TYPE {self.name} {self.kind}",
            *(f"{self.name}{each.part}{_labels(each)} {_number(each)}" for each in self.samples),
        ]
        return "\n".join(lines) + "\n"


def counter(name: str, help: str, samples: list[Sample]) -> Family:
    return Family(name, "counter", help, samples)


def gauge(name: str, help: str, samples: list[Sample]) -> Family:
    return Family(name, "gauge", help, samples)


def summary(name: str, help: str, samples: list[Sample]) -> Family:
    return Family(name, "summary", help, samples)


def _labels(sample: Sample) -> str:
    pairs = (f'{name}="{_quoted(value)}"' for name, value in sample.labels.items())
    return f"{{{','.join(pairs)}}}" if sample.labels else ""


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', '\\"')


def _number(sample: Sample) -> str:
    value = float(sample.value)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value.is_integer() else repr(value)
