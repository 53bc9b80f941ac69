"""Built screens, and nothing else of the machine; the API page works without internet."""

import re
from urllib.parse import quote

import pytest

from edge.routes import screens


@pytest.fixture
def built(tmp_path, monkeypatch):
    """A folder as packing leaves it, with a secret beside it."""
    static = tmp_path / "static"
    for name in ("counter", "docs"):
        (static / name / "assets").mkdir(parents=True)
        (static / name / "index.html").write_text(f"<title>{name}</title>")
        (static / name / "assets" / "app-1a2b.js").write_text("let a")
    (static / "secret.txt").write_text("secret")
    (tmp_path / "counterfeit").mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (static / "counter-old").mkdir()
    (static / "counter-old" / "secret.txt").write_text("secret")
    (static / "counter" / "way-out").symlink_to(tmp_path)
    monkeypatch.setattr(screens, "STATIC", static)
    return static


@pytest.mark.usefixtures("built")
async def test_a_screen_and_its_assets(client):
    page = await client.get("/counter/")
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-cache")
    assert page.headers["content-type"].startswith("text/html")
    asset = await client.get("/counter/assets/app-1a2b.js")
    assert asset.text == "let a"
    assert "immutable" in asset.headers["cache-control"]
    assert (await client.get("/")).headers["location"] == "/counter/"


@pytest.mark.usefixtures("built")
async def test_a_screen_that_is_not_built_says_how(client):
    page = await client.get("/kiosk/")
    assert page.status_code == 503
    assert "make screens" in page.text


WAYS_OUT = [
    "../secret.txt",
    "../../secret.txt",
    "..\\secret.txt",
    "assets/../../secret.txt",
    "./../secret.txt",
    "../counter-old/secret.txt",
    "/etc/passwd",
    "//etc/passwd",
    "way-out/secret.txt",
    "way-out/",
    "secret.txt\0.html",
    "\0",
    "x" * 300,
    "x/" * 3000,
    "assets",
]


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("path", WAYS_OUT, ids=range(len(WAYS_OUT)))
@pytest.mark.parametrize("spelling", [quote, lambda p: quote(p, safe=""), str])
@pytest.mark.parametrize("screen", ["counter", "docs"])
async def test_no_way_out_of_the_folder(client, path, spelling, screen):
    # httpx tidies dots away before it asks, as browsers do: ask with the path as an attacker would.
    request = client.build_request("GET", "/")
    spelt = spelling(path) if spelling is not str else quote(path, safe="/.\\")
    request.url = request.url.copy_with(raw_path=f"/{screen}/{spelt}".encode())
    answer = await client.send(request)
    assert answer.status_code == 404, answer.text
    assert "secret" not in answer.text.replace("secret.txt", "")


async def test_the_api_page_asks_nobody_but_the_box(client):
    page = await client.get("/api/schema")
    assert page.status_code == 200
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//[^"']+""", page.text) == []
    own = re.findall(r"""(?:src|href)=["'](/[^"']+)""", page.text)
    assert len(own) >= 3


async def test_the_api_page_has_its_parts_when_the_screens_are_built(client):
    if not (screens.STATIC / "docs").is_dir():
        pytest.skip("the screens are not built")
    page = await client.get("/api/schema")
    for path in re.findall(r"""(?:src|href)=["'](/docs/[^"']+)""", page.text):
        assert (await client.get(path)).status_code == 200, path
