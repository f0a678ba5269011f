import pytest
from gunicorn.app.wsgiapp import WSGIApplication


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr("sys.argv", ["gunicorn", "--config=python:config.gunicorn", "config.wsgi"])
    return WSGIApplication()


def test_the_server_opens_no_control_socket_and_logs_as_the_site_does(server, settings):
    assert server.cfg.control_socket_disable
    assert server.cfg.logconfig_dict == settings.LOGGING


def test_no_path_gets_into_the_log_by_way_of_an_access_line(settings):
    access = settings.LOGGING["loggers"]["gunicorn.access"]
    handlers = [settings.LOGGING["handlers"][name]["class"] for name in access["handlers"]]
    assert handlers == ["logging.NullHandler"]
    assert not access["propagate"]
