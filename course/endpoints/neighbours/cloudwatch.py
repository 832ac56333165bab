"""How CloudWatch is read: the learner's own metrics, which moto keeps, and those of our services.

Moto is replaced here where it mixes metrics up (5.2.5). To AWS a metric is a namespace, a name and
exactly its dimensions; moto's GetMetricStatistics adds up all metrics that have at least the
dimensions asked for (a stream and each of its shards), and its GetMetricData forgets the namespace
as soon as there are dimensions. The rest of CloudWatch is moto's: alarms stay in the state that
they are put in, and an expression can be no more than the id of another query.

Importing this module imports moto, so only `repairs` does it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from moto.cloudwatch import urls
from moto.cloudwatch.exceptions import InvalidParameterValue, ValidationError
from moto.cloudwatch.metric_data_expression_parser import parse_expression
from moto.cloudwatch.models import (
    CloudWatchBackend,
    MetricAggregatedDatum,
    MetricDatumBase,
    Statistics,
)
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

from course.endpoints.neighbours import state
from course.simulator.clock import MINUTE, SECOND, from_datetime, to_datetime
from course.simulator.metrics import Dimensions, Metrics

_Named = list[dict[str, str]]  # dimensions as a request has them


class CloudWatch(CloudWatchBackend):
    """Moto's CloudWatch of one Region, read as AWS's is."""

    # Moto would look for the service's addresses beside the module of this class.
    _url_module = urls

    def get_metric_statistics(
        self,
        namespace: str,
        metric_name: str,
        start_time: datetime,
        end_time: datetime,
        period: int,
        stats: list[str],
        dimensions: _Named,
        unit: str | None = None,
    ) -> list[Statistics]:
        """The statistics of one metric, oldest period first."""
        if start_time >= end_time:
            raise InvalidParameterValue(
                "The parameter StartTime must be less than the parameter EndTime."
            )
        data = self._data(namespace, metric_name, dimensions)
        return _by_period(data, start_time, end_time, period, stats, unit)

    def get_metric_data(
        self,
        queries: list[dict[str, Any]],
        start_time: datetime,
        end_time: datetime,
        scan_by: str = "TimestampAscending",
    ) -> list[dict[str, Any]]:
        """The results of several queries: of metrics first, then of expressions upon them."""
        if start_time > end_time:
            raise ValidationError("The parameter EndTime must be greater than StartTime.")
        if start_time == end_time:
            raise ValidationError("The parameter StartTime must not equal parameter EndTime.")
        _check(queries)
        found = [
            self._query(query, start_time, end_time) for query in queries if "MetricStat" in query
        ]
        expressions = [query for query in queries if "Expression" in query]
        for query in expressions:
            if not query["Expression"].startswith("SELECT"):
                values, timestamps = parse_expression(query["Expression"], found)
                found.append(_result(query, query["Id"], values, timestamps))
        hidden = {query["Id"] for query in queries if not query.get("ReturnData", True)}
        results = [result for result in found if result["id"] not in hidden]
        if scan_by == "TimestampDescending":
            for result in results:
                result["values"].reverse()
                result["timestamps"].reverse()
        insights = [query for query in expressions if query["Expression"].startswith("SELECT")]
        if insights:
            results += super().get_metric_data(insights, start_time, end_time, scan_by)
        return results

    def get_filtered_metrics(
        self, metric_name: str, namespace: str, dimensions: _Named
    ) -> list[MetricDatumBase]:
        """The metrics that have data, one entry each."""
        ours = (
            MetricDatumBase(metrics.namespace, name, _named(own), None)
            for metrics in state.metrics(self.region_name)
            for name, own in metrics.names()
        )
        return [
            *super().get_filtered_metrics(metric_name, namespace, dimensions),
            *(metric for metric in ours if metric.filter(namespace, metric_name, dimensions)),
        ]

    def _query(
        self, query: dict[str, Any], start_time: datetime, end_time: datetime
    ) -> dict[str, Any]:
        asked = query["MetricStat"]
        metric, stat = asked["Metric"], asked["Stat"]
        name = metric["MetricName"]
        data = self._data(metric["Namespace"], name, metric.get("Dimensions", []))
        periods = _by_period(
            data, start_time, end_time, int(asked["Period"]), [stat], asked.get("Unit")
        )
        # No percentiles: moto does not work them out, and from sums and extremes AWS cannot.
        known = [
            (value, period.timestamp)
            for period in periods
            if (value := period.get_statistics_for_type(stat)) is not None
        ]
        return _result(
            query, f"{name} {stat}", [value for value, _ in known], [time for _, time in known]
        )

    def _data(self, namespace: str, name: str, dimensions: _Named) -> Iterator[MetricDatumBase]:
        """All data of the metric with exactly these dimensions, in whatever order they come."""
        wanted = tuple(sorted((each["Name"], each["Value"]) for each in dimensions))
        for datum in self.get_all_metrics():
            own = sorted((each.name, each.value) for each in datum.dimensions)
            if (datum.namespace, datum.name, *own) == (namespace, name, *wanted):
                yield datum
        for metrics in state.metrics(self.region_name):
            if metrics.namespace == namespace:
                yield from _of_ours(metrics, name, wanted)


_put_metric_data = CloudWatchResponse.put_metric_data


def put_metric_data(call: CloudWatchResponse) -> ActionResult:
    """PutMetricData, but not into the namespaces of AWS's services.

    This is what clients call; moto's own services go past it.
    """
    namespace = call._get_param("Namespace")
    if namespace.startswith("AWS/"):
        # AWS's words: boto/boto3, issue 1847.
        raise InvalidParameterValue(f"The value {namespace} for parameter Namespace is invalid.")
    return _put_metric_data(call)


def _check(queries: list[dict[str, Any]]) -> None:
    """To botocore's model a metric needs neither, to AWS both (worded as moto has its like)."""
    for number, query in enumerate(queries, 1):
        for member in ("Namespace", "MetricName"):
            if "MetricStat" in query and member not in query["MetricStat"]["Metric"]:
                where = f"MetricDataQueries.member.{number}.MetricStat.Metric.{member}"
                raise ValidationError(f"The parameter {where} is required.\n")


def _of_ours(metrics: Metrics, name: str, dimensions: Dimensions) -> Iterator[MetricDatumBase]:
    """The datapoints of one of our metrics, as moto has those of the learner."""
    for point in metrics.datapoints(name, dimensions):
        yield MetricAggregatedDatum(
            metrics.namespace,
            name,
            point.minimum,
            point.maximum,
            point.sample_count,
            point.sum,
            _named(dimensions),
            to_datetime(point.time),
            metrics.units[name],
        )


def _named(dimensions: Dimensions) -> _Named:
    return [{"Name": name, "Value": value} for name, value in dimensions]


def _result(
    query: dict[str, Any], label: str, values: list[Any], timestamps: list[datetime]
) -> dict[str, Any]:
    return {
        "id": query["Id"],
        "label": query.get("Label") or label,
        "values": values,
        "timestamps": timestamps,
        "status_code": "Complete",
    }


def _by_period(
    data: Iterator[MetricDatumBase],
    start_time: datetime,
    end_time: datetime,
    period: int,
    stats: list[str],
    unit: str | None,
) -> list[Statistics]:
    """The data from start (rounded down to the minute, as AWS does) to end, by `period` seconds."""
    length = period * SECOND
    start, end = from_datetime(start_time), from_datetime(end_time)
    start -= start % min(length, MINUTE)
    periods: dict[int, Statistics] = {}
    for datum in data:
        moment = from_datetime(datum.timestamp)
        if not start <= moment < end or (unit and datum.unit != unit):
            continue
        begin = moment - (moment - start) % length
        if begin not in periods:
            periods[begin] = Statistics(stats, to_datetime(begin), datum.unit)
        periods[begin].metric_data.append(datum)
    return [periods[begin] for begin in sorted(periods)]
