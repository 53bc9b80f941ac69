"""Thin HTTP handlers: read the request, ask a stage, write the answer."""
