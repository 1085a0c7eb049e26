"""W3C traces: off by default, in the trace of the caller, and with nothing in them of what was asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from service.observe import tracing
from service.settings import Settings
from tests.service.running import loket

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Collector:
    """What an OpenTelemetry collector would get, over HTTP."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    import gzip

                    body = gzip.decompress(body)
                sent = ExportTraceServiceRequest.FromString(body)
                outer.spans += [
                    span for whole in sent.resource_spans for scope in whole.scope_spans for span in scope.spans
                ]
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/traces"


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


async def test_without_an_address_nothing_of_opentelemetry_is_loaded() -> None:
    """It costs memory and time at each start."""
    program = (
        "import asyncio, sys; from service.observe import tracing; from service.settings import Settings\n"
        "async def main():\n"
        "    async with tracing.traced(Settings(), 'x'):\n"
        "        with tracing.server_span(None) as span: assert span is None\n"
        "asyncio.run(main()); sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    process = await asyncio.create_subprocess_exec(loket()[0], "-c", program)

    assert await process.wait() == 0


async def test_a_span_goes_on_in_the_trace_of_the_caller(collector: Collector) -> None:
    async with tracing.traced(Settings(otlp_url=collector.url), "loket-web"):
        with tracing.server_span(CALLER) as span:
            assert span is not None
            header = tracing.traceparent(span)

    (sent,) = collector.spans
    assert sent.trace_id.hex() == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert sent.parent_span_id.hex() == "00f067aa0ba902b7"
    assert header == f"00-{sent.trace_id.hex()}-{sent.span_id.hex()}-01"


async def test_an_error_is_not_in_the_span(collector: Collector) -> None:
    """It repeats what it stumbled on."""
    async with tracing.traced(Settings(otlp_url=collector.url), "loket-worker"):
        with pytest.raises(ValueError, match="Jan"), tracing.work_span("melding"):
            raise ValueError("Jan de Vries")

    (sent,) = collector.spans
    assert (sent.name, list(sent.events), sent.status.message) == ("melding", [], "")
    assert b"Jan" not in sent.SerializeToString()
