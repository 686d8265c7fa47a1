"""The pages a PowerServer user would see: the worklist and the Document Viewer. Server-rendered."""

from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from accord.sandbox.powerserver_records import FiledDocument
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

    pages = _Pages(powerserver)
    return [
        Route("/", pages.search, methods=["GET", "POST"]),
        Route("/studies/{place:int}", pages.viewer),
        Route("/documents/{number:int}.pdf", pages.pdf),
        Route("/style.css", _style),
    ]


class _Pages:
    def __init__(self, powerserver: "PowerServerSim") -> None:
        self._powerserver, self._archive = powerserver, powerserver.archive

    async def search(self, request: Request) -> Response:
        sought = ""
        if request.method == "POST":
            sought = parse_qs((await request.body()).decode()).get("sought", [""])[0]
        rows = worklist(self._archive, sought)
        return _page(
            request, "worklist.html", rows=rows[:MOST_ROWS], found=len(rows), sought=sought
        )

    def viewer(self, request: Request) -> Response:
        row = row_at(self._archive, request.path_params["place"])
        if row is None:
            return _nothing(request)
        sections, now = shelves(self._archive, row.study), self._powerserver.now()
        documents = [
            each for shelf in sections for group in shelf.by_type.values() for each in group
        ]
        return _page(
            request,
            "document_viewer.html",
            row=row,
            sections=sections,
            chosen=_chosen(documents, request.query_params.get("document")),
            hidden={each.number for each in documents if is_hidden(each, now)},
        )

    def pdf(self, request: Request) -> Response:
        filed, number = self._powerserver.documents, request.path_params["number"]
        if not 1 <= number <= len(filed):
            return _nothing(request)
        return Response(
            filed[number - 1].content,
            media_type="application/pdf",
            headers={
                "Content-Disposition": f'inline; filename="document-{number}.pdf"',
                "X-Content-Type-Options": "nosniff",
            },
        )


def _chosen(documents: list[FiledDocument], wanted: str | None) -> FiledDocument | None:
    """Give the document asked for, else the first that is current."""
    for document in documents:
        if str(document.number) == wanted:
            return document
    return next((each for each in documents if each.is_current), None)


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
