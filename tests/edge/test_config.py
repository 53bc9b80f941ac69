"""Configuration: one file, decoded once; whatever is wrong is named before anything starts."""

import pytest

from edge.config import Config, ConfigError, load

CAFE = """
data_dir = "/data"
http_port = 8081
tenders = ["cash", "qris"]
[[printers]]
id = "dapur"
name = "Dapur"
host = "192.168.1.50"
profile = "58mm"
stations = ["dapur"]
"""


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "box.toml"
        path.write_text(text)
        return path

    return write


def test_without_a_file_everything_has_a_default():
    assert load(None, {}) == Config()


def test_a_file_says_it_all(file):
    config = load(file(CAFE), {})
    assert (config.data_dir, config.http_port, config.tenders) == ("/data", 8081, ("cash", "qris"))
    assert [(p.id, p.port, p.stations) for p in config.printers] == [("dapur", 9100, ("dapur",))]


def test_the_environment_wins_over_the_file(file):
    environ = {
        "KEDAI_HTTP_PORT": "9000",
        "KEDAI_ANNOUNCE": "no",
        "KEDAI_OUTLET_NAME": "123",
        "KEDAI_TENDERS": '["cash"]',
        "KEDAI_MQTT_EMBEDDED": "true",
        "SOMETHING_ELSE": "x",
    }
    config = load(file(CAFE), environ)
    assert (config.http_port, config.announce, config.mqtt_embedded) == (9000, False, True)
    assert (config.outlet_name, config.tenders) == ("123", ("cash",))


def test_the_file_may_be_named_by_the_environment(file):
    assert load(None, {"KEDAI_EDGE_CONFIG": str(file(CAFE))}).http_port == 8081


PRINTER = '[[printers]]\nid = "a"\nname = "A"\nhost = "h"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("http_prot = 1", "http_prot"),
        ("http_port = 'x'", "http_port"),
        ("http_port = ", "not TOML"),
        (PRINTER + "colour = 1", "colour"),
        (PRINTER + 'profile = "90mm"', "known are 80mm"),
        (PRINTER + 'status = "maybe"', "status"),
        (PRINTER + PRINTER, "twice"),
        (PRINTER.replace("host", "device"), "needs a host"),
        (PRINTER + 'kind = "usb"', "needs a device"),
        (PRINTER + 'mac = "printer"', "00:26:ab"),
        (PRINTER + 'backup = "b"', "'b' for a backup"),
        (PRINTER + 'backup = "a"', "no other printer"),
    ],
)
def test_what_is_wrong_is_named(file, text, told):
    with pytest.raises(ConfigError, match=told):
        load(file(text), {})


def test_a_missing_file_and_a_bad_variable_are_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.toml cannot be read"):
        load(tmp_path / "nowhere.toml", {})
    with pytest.raises(ConfigError, match="KEDAI_HTTP_PORT='abc'"):
        load(None, {"KEDAI_HTTP_PORT": "abc"})
    with pytest.raises(ConfigError, match="announce"):
        load(None, {"KEDAI_ANNOUNCE": "3"})
