"""Figures for Prometheus: read when asked, named as the exposition format wants."""

from edge.metrics import CONTENT_TYPE, Metrics


def test_figures_are_read_when_they_are_asked_for():
    readings = [("counter", "orders", "Orders.", 1.0), ("gauge", "lag", "Lag.", 7)]
    metrics = Metrics(lambda: readings)
    text = metrics.text().decode()
    assert "# TYPE kedai_orders_total counter" in text
    assert "kedai_orders_total 1.0" in text
    assert "# TYPE kedai_lag gauge" in text
    readings[0] = ("counter", "orders", "Orders.", 5.0)
    assert "kedai_orders_total 5.0" in metrics.text().decode()


def test_two_boxes_in_one_process_keep_their_figures_apart():
    one = Metrics(lambda: [("gauge", "lag", "Lag.", 1)])
    other = Metrics(lambda: [("gauge", "lag", "Lag.", 2)])
    assert "kedai_lag 1.0" in one.text().decode()
    assert "kedai_lag 2.0" in other.text().decode()


def test_the_content_type_is_the_text_formats():
    assert CONTENT_TYPE.startswith("text/plain; version=0.0.4")
