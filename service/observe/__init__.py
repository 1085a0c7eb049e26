"""What an operator sees of a process: its figures (Prometheus), its traces (OpenTelemetry), whether it lives."""
