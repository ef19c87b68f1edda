"""The page that shows the life of an order is drawn from the table that decides it."""

from pathlib import Path

from engine.domain.diagram import page

PAGE = Path(__file__).parents[2] / "docs" / "orders.md"


def test_page_of_orders_is_what_the_table_says() -> None:
    how = "python -c 'from engine.domain.diagram import page; print(page(), end=\"\")' > docs/orders.md"

    assert PAGE.read_text(encoding="utf-8") == page(), f"draw it again:  {how}"
