"""HQ's settings: one file, the environment on top, and a sentence for what cannot be."""

import pytest

from cloud.config import BadConfig, Config, load


def test_the_environment_wins_over_the_file(tmp_path):
    file = tmp_path / "hq.toml"
    file.write_text('port = 9000\nhost = "::1"\ncookie_secure = true\n')
    settings = load(file, {"KEDAI_CLOUD_PORT": "9001", "HOME": "/x"})
    assert (settings.port, settings.host, settings.cookie_secure) == (9001, "::1", True)
    assert load(None, {}) == Config()


@pytest.mark.parametrize(
    ("text", "environment", "said"),
    [
        ("prot = 1", {}, "unknown key prot"),
        ("", {"KEDAI_CLOUD_PROT": "1"}, "unknown key KEDAI_CLOUD_PROT"),
        ("port = ", {}, "not valid TOML"),
        ('port = "high"', {}, "port"),
        ("port = 99999", {}, "port"),
        ("", {"KEDAI_CLOUD_LOG_FORMAT": "xml"}, "log_format"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(tmp_path, text, environment, said):
    file = tmp_path / "hq.toml"
    file.write_text(text)
    with pytest.raises(BadConfig, match=said):
        load(file, environment)


def test_a_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(BadConfig, match="cannot be read"):
        load(tmp_path / "none.toml", {})
