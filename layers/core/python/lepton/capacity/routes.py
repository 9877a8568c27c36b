"""The advisor over HTTP."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from lepton.capacity.advisor import ScaleAdvisor
from lepton.capacity.plan import CapacityPlan
from lepton.capacity.request import AdviceRequest
from lepton.http_api import JSON, json_body, parsed, resolver
from lepton.operation import told


def capacity_api(advisor: ScaleAdvisor) -> APIGatewayRestResolver:
    """GET /capacity/{resource}, GET /capacity/{resource}/chart, POST /capacity/advise."""
    app = resolver()

    @app.post("/capacity/advise")
    @told("A capacity plan from a load history", takes=AdviceRequest, gives=CapacityPlan)
    def advise() -> Response[str]:
        return _answer(advisor.advise(parsed(AdviceRequest, json_body(app))))

    @app.get("/capacity/<resource>")
    @told("The latest plan", gives=CapacityPlan)
    def latest(resource: str) -> Response[str]:
        return _answer(advisor.latest(resource))

    @app.get("/capacity/<resource>/chart")
    @told("The latest plan, drawn", gives={200: {"image/svg+xml": {"type": "string"}}})
    def chart(resource: str) -> Response[str]:
        return Response(200, "image/svg+xml", advisor.chart(resource))

    return app


def _answer(plan: CapacityPlan) -> Response[str]:
    return Response(200, JSON, plan.model_dump_json())
