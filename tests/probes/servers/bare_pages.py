"""A server that is nothing but some pages, for tests of what servers say about themselves."""

from __future__ import annotations

from aiohttp import web


class Pages:
    """A server that is nothing but these pages; it keeps which were asked for, and with which key."""

    def __init__(self, pages, status=404):
        self.pages = pages
        self.status = status
        self.asked = []
        self.keys = []

    async def __aenter__(self):
        app = web.Application()
        app.router.add_get("/{path:.*}", self.page)
        self.runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_):
        await self.runner.cleanup()

    async def page(self, request):
        self.asked.append(request.path)
        self.keys.append(request.headers.get("Authorization"))
        body = self.pages.get(request.path)
        if body is None:
            return web.Response(status=self.status)
        return web.Response(text=body) if isinstance(body, str) else web.json_response(body)
