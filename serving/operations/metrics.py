"""Counts for Prometheus, by TensorFlow Serving's names where it has them."""

from __future__ import annotations

import bisect
import threading
from collections.abc import Callable

DEFAULT_PATH = "/monitoring/prometheus/metrics"

_REQUESTS = ":tensorflow:serving:request_count"
_LATENCY = ":tensorflow:serving:request_latency"
_RUNTIME = ":tensorflow:serving:runtime_latency"
_BATCH_SIZE = ":tensorflow:serving:batching_session:processed_batch_size"

# TensorFlow Serving's: microseconds from 10, each 1.8 times the one before.
_MICROSECONDS = tuple(10 * 1.8**power for power in range(33))
_SIZES = tuple(float(2**power) for power in range(11))

Labels = tuple[tuple[str, str], ...]


class _Histogram:
    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        self.counts[bisect.bisect_left(self.bounds, value)] += 1
        self.sum += value


class Metrics:
    """Counters and histograms. Added to from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counters: dict[tuple[str, Labels], float] = {}
        self._histograms: dict[tuple[str, Labels], _Histogram] = {}
        self._gauges: dict[str, Callable[[], float]] = {}

    def gauge(self, name: str, value: Callable[[], float]) -> None:
        """Shows a number that is asked for when the metrics are."""
        self._gauges[name] = value

    def request(
        self, model_name: str, api: str, entrypoint: str, status: str, seconds: float
    ) -> None:
        """Counts an answered request.

        Args:
            model_name: str, a model that is served, or "": clients must not choose labels.
            api: str, such as "predict".
            entrypoint: str, "REST" or "GRPC".
            status: str, TensorFlow's name of the outcome, such as "OK".
            seconds: float, that it took.
        """
        model = ("model_name", model_name)
        self._count(_REQUESTS, (model, ("status", status)))
        labels = (model, ("API", api), ("entrypoint", entrypoint))
        self._observe(_LATENCY, labels, seconds * 1e6, _MICROSECONDS)

    def batch(self, model_name: str, rows: int, seconds: float) -> None:
        """Counts a prediction that was run: its rows, and how long the model took."""
        model = (("model_name", model_name),)
        self._observe(_BATCH_SIZE, model, rows, _SIZES)
        self._observe(_RUNTIME, model, seconds * 1e6, _MICROSECONDS)

    def text(self) -> str:
        """All of them in Prometheus's text format."""
        lines = []
        with self._lock:
            for name in sorted({name for name, _ in self._counters}):
                lines.append(f"# TYPE {name} counter")
                lines += [
                    f"{name}{_labels(labels)} {_number(value)}"
                    for (counter, labels), value in self._counters.items()
                    if counter == name
                ]
            for name in sorted({name for name, _ in self._histograms}):
                lines.append(f"# TYPE {name} histogram")
                for (histogram, labels), values in self._histograms.items():
                    if histogram == name:
                        lines += _histogram_lines(name, labels, values)
        for name, value in self._gauges.items():
            lines += [f"# TYPE {name} gauge", f"{name} {_number(value())}"]
        return "\n".join(lines) + "\n"

    def _count(self, name: str, labels: Labels) -> None:
        with self._lock:
            self._counters[name, labels] = self._counters.get((name, labels), 0) + 1

    def _observe(self, name: str, labels: Labels, value: float, bounds: tuple[float, ...]) -> None:
        with self._lock:
            self._histograms.setdefault((name, labels), _Histogram(bounds)).add(value)


def _histogram_lines(name: str, labels: Labels, histogram: _Histogram) -> list[str]:
    lines, total = [], 0
    for bound, count in zip((*histogram.bounds, float("inf")), histogram.counts, strict=True):
        total += count
        le = "+Inf" if bound == float("inf") else _number(bound)
        lines.append(f"{name}_bucket{_labels((*labels, ('le', le)))} {total}")
    lines.append(f"{name}_sum{_labels(labels)} {_number(histogram.sum)}")
    lines.append(f"{name}_count{_labels(labels)} {total}")
    return lines


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return f"{value:.10g}"
