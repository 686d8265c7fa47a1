"""The pages a PowerServer user would see: the worklist and the Document Viewer. Server-rendered."""

from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from accord.sandbox.viewer_shelves import is_hidden, row_at, shelves, worklist
from accord.sandbox.viewer_texts import texts_of

if TYPE_CHECKING:
    from accord.sandbox.powerserver import PowerServerSim

PAGES = jinja2.Environment(
    loader=jinja2.PackageLoader("accord.sandbox", "viewer"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
MOST_ROWS = 200
GUARDS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-src 'self';"
    " object-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def viewer_routes(powerserver: "PowerServerSim") -> list[Route]:
    """
    Give the pages' routes.

    Addresses hold places in the archive, never names or numbers of people, and what is searched
    for travels in the body: even made-up people are not put into addresses.
    """

    async def search(request: Request) -> Response:
        sought = ""
        if request.method == "POST":
            sought = parse_qs((await request.body()).decode()).get("sought", [""])[0]
        rows = worklist(powerserver.archive, sought)
        return _page(
            request, "worklist.html", rows=rows[:MOST_ROWS], found=len(rows), sought=sought
        )

    def viewer(request: Request) -> Response:
        row = row_at(powerserver.archive, request.path_params["place"])
        if row is None:
            return _nothing(request)
        sections = shelves(powerserver.archive, row.study)
        documents = [
            each for shelf in sections for group in shelf.by_type.values() for each in group
        ]
        chosen = next(
            (
                each
                for each in documents
                if str(each.number) == request.query_params.get("document")
            ),
            next((each for each in documents if each.is_current), None),
        )
        now = powerserver.now()
        return _page(
            request,
            "document_viewer.html",
            row=row,
            sections=sections,
            chosen=chosen,
            hidden={each.number for each in documents if is_hidden(each, now)},
        )

    def pdf(request: Request) -> Response:
        filed = powerserver.documents
        number = request.path_params["number"]
        if not 1 <= number <= len(filed):
            return _nothing(request)
        name = f'inline; filename="document-{number}.pdf"'
        return Response(
            filed[number - 1].content,
            media_type="application/pdf",
            headers={"Content-Disposition": name, "X-Content-Type-Options": "nosniff"},
        )

    return [
        Route("/", search, methods=["GET", "POST"]),
        Route("/studies/{place:int}", viewer),
        Route("/documents/{number:int}.pdf", pdf),
        Route("/style.css", _style),
    ]


def _style(_: Request) -> Response:
    sheet = files("accord.sandbox").joinpath("viewer", "style.css").read_text(encoding="utf-8")
    return Response(sheet, media_type="text/css")


def _nothing(request: Request) -> Response:
    return _page(request, "nothing.html", status=404)


def _page(request: Request, template: str, *, status: int = 200, **shown: Any) -> HTMLResponse:
    language = "en" if request.query_params.get("lang") == "en" else "pt"
    text = PAGES.get_template(template).render(
        t=texts_of(language), lang=language, path=request.url.path, **shown
    )
    return HTMLResponse(text, status_code=status, headers=GUARDS)
