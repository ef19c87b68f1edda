"""The report as one file: whole, small, and without a way to anything outside of it."""

import json
import re
from pathlib import Path

import pytest

from tests.faces.conftest import Spreads, spreads
from tests.research import given
from tests.research.test_paper import CALM

__all__ = ["spreads"]

vl_convert = pytest.importorskip("vl_convert", reason="needs the extra `research`")

SVG_NAMES = ("http://www.w3.org/", "https://vega.github.io/", "https://github.com/vega/")
"""Names of formats and words of the runtime's own messages; none of them is fetched."""


def test_report_is_one_file_that_loads_nothing_and_whose_charts_can_be_drawn(spreads: Spreads, tmp_path: Path) -> None:
    folder = given.files(tmp_path / "mine", {"account.yaml": given.LIMITS, "puts.yaml": given.PUTS})
    chain = given.recording(tmp_path / "chain.parquet", CALM)

    # when
    ran = spreads("backtest", folder / "puts.yaml", "--chain", chain, "--lines", "all", "--html", "out/report.html")

    # then
    assert ran.code == 0, ran.err
    page = (tmp_path / "out" / "report.html").read_text()
    assert len(page.encode()) < 2_000_000
    assert "default-src 'none'" in page
    assert all(address.startswith(SVG_NAMES) for address in re.findall(r"https?://[\w./-]+", page))
    assert not re.search(r"<(?:script|link|img)[^>]*(?:src|href)=", page.split("<script>")[0])
    assert page.count("</script>") == 3
    assert "best of puts: rank 1" in page
    assert "prefers-color-scheme: dark" in page
    found = re.search(r'id="specs">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    specs = json.loads(found[1])
    assert len(specs) >= 8
    for spec in specs:
        assert vl_convert.vegalite_to_svg(json.dumps({**spec, "width": 300})).startswith("<svg")
