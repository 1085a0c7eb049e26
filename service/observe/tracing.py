"""W3C traces by OpenTelemetry, to LOKET_OTLP_URL; without it nothing of OpenTelemetry is loaded.

A span says which operation or taak, how long and how it ended. Never an address, a query or a value: those can be about
a child. It stands between the caller's span and those in the log of who saw what (service/log), which then have the
same trace. Sampling and more: the variables OTEL_… of OpenTelemetry itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from service.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

_tracer: Tracer | None = None
"""Of this process, while `traced` runs."""


@asynccontextmanager
async def traced(settings: Settings, service: str) -> AsyncIterator[None]:
    """Spans go out while the block runs, in batches, from a thread; at its end those that wait."""
    global _tracer  # noqa: PLW0603  # one per process, as it is for OpenTelemetry
    if settings.otlp_url is None:
        yield
        return
    import asyncio  # noqa: PLC0415

    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.otlp_url, timeout=2)))
    _tracer = provider.get_tracer("loket")
    try:
        yield
    finally:
        _tracer = None
        await asyncio.to_thread(provider.force_flush, 1000)
        await asyncio.to_thread(provider.shutdown)


@contextmanager
def server_span(traceparent: str | None) -> Iterator[Span | None]:
    """Around a request, in the trace of whoever sent it; None when nothing is traced."""
    if _tracer is None:
        yield None
        return
    from opentelemetry.trace import SpanKind  # noqa: PLC0415
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    parent = TraceContextTextMapPropagator().extract({"traceparent": traceparent} if traceparent else {})
    # An exception says what it stumbled on: its type is told by who ends the span.
    with _tracer.start_as_current_span(
        "request", parent, SpanKind.SERVER, record_exception=False, set_status_on_exception=False
    ) as span:
        yield span


@contextmanager
def work_span(name: str, **attributes: Any) -> Iterator[Span | None]:
    """Around something that a worker does."""
    if _tracer is None:
        yield None
        return
    with _tracer.start_as_current_span(
        name, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        yield span


def traceparent(span: Span) -> str:
    """The header with which others go on in this span."""
    context = span.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"
