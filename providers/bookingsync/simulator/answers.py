"""Answers in BookingSync's form (documentation, Responses): media type, entity tags, refusals."""

from collections.abc import Mapping
from hashlib import md5
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from providers.bookingsync.simulator.readings import BookingsyncReadings, ErrorStyle
from providers.bookingsync.simulator.refusals import Refused, Unauthorized

JSON_API = "application/vnd.api+json; charset=utf-8"
JSON = "application/json; charset=utf-8"
CACHE_CONTROL = "max-age=0, private, must-revalidate"


def answer(request: Request, body: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    """The body, or 304 where the caller holds it already."""
    content = orjson.dumps(body)
    tag = f'W/"{md5(content, usedforsecurity=False).hexdigest()}"'
    all_headers = {**headers, "etag": tag, "cache-control": CACHE_CONTROL}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=all_headers)
    return Response(content, headers={**all_headers, "content-type": JSON_API})


def unauthorized(refusal: Unauthorized, readings: BookingsyncReadings) -> Response:
    """401, as it was recorded."""
    headers = {"content-type": JSON}
    if readings.reason_in_www_authenticate:
        headers["www-authenticate"] = (
            f'Bearer realm="Doorkeeper", error="invalid_token", error_description="{refusal.reason}"'
        )
    return Response(orjson.dumps({"error": "Not authorized"}), status_code=401, headers=headers)


def refused(refusal: Refused, readings: BookingsyncReadings) -> Response:
    """Any other refusal, in the form that the readings choose; a field at fault is always named where it can be."""
    if readings.errors is ErrorStyle.EMPTY:
        return Response(status_code=refusal.status)
    if readings.errors is ErrorStyle.HTML:
        page = f"<!DOCTYPE html><html><body><h1>{refusal.status}</h1></body></html>"
        return Response(page, status_code=refusal.status, media_type="text/html")
    content = orjson.dumps(_error_body(refusal, readings.errors))
    return Response(content, status_code=refusal.status, headers={"content-type": JSON_API})


def _error_body(refusal: Refused, style: ErrorStyle) -> dict[str, Any]:
    match style:
        case ErrorStyle.OBJECTS:
            error = {"code": str(refusal.status), "title": refusal.text, "field": refusal.field}
            return {"errors": [error]}
        case ErrorStyle.TEXTS:
            return {"errors": [refusal.text]}
        case ErrorStyle.FIELDS:
            return {"errors": {refusal.field or "base": [refusal.text]}}
        case _ if refusal.field is not None:
            return {"errors": {refusal.field: [refusal.text]}}
        case _:
            return {"error": refusal.text}
