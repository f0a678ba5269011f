"""After a deletion, neither address nor name is anywhere: not in a dump of the whole database, not in
a log, not at the broker; in no spelling, not url-encoded, not in hexadecimal, not in base64."""

import uuid

import pytest

from accounts.models import Contact, User
from accounts.simulators.account import configuration
from integrity.models import Saga
from integrity.privacy.needles import needles
from tests.courier.brokers import BROKERS, forget_queue
from tests.courier.office import Office
from tests.farewell import life
from tests.farewell.places import dump, lines_with, written_log
from tests.storm.weather import Bell, drain

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = [life.EMAIL, life.NEXT_EMAIL, life.NAME, "grimmhilde", "adalheidis"]


@pytest.fixture
def office(tmp_path, vendors):
    folder = tmp_path / f"farewell-{uuid.uuid4()}"
    folder.mkdir()
    told = configuration(vendors.url)
    office = Office(folder, *BROKERS["filesystem"][:1], "tests.farewell.settings", told)
    yield office
    office.close()
    forget_queue(office.broker, folder)


def everywhere(office, log):
    """By place, all that there is."""
    broker = [path for path in office.folder.rglob("*") if path.is_file() and path.name != "log"]
    return {
        "database": dump(),
        "log of the site": log.read_text(),
        "log of the worker": (office.folder / "log").read_text(),
        "broker": "\n".join(
            str(path) + path.read_bytes().decode(errors="replace") for path in broker
        ),
    }


def test_of_whoever_has_left_nothing_remains(office, vendors, tmp_path):
    log = tmp_path / "log of the site"
    with written_log(log):
        ada = life.begun()
        partner = life.with_others(ada)
        known = life.at_vendors(ada, vendors)
        life.looked_after(ada)
        life.some_mail_is_given_up(ada)
        wanted = needles([*WORDS, known.customer])
        before = {name: lines_with(text, wanted) for name, text in here(log).items()}
        assert len(before["database"]) > 10

        bell = Bell(office)
        office.start_worker("--concurrency", "1", "--without-mingle", "--without-gossip")
        drain(bell)
        contact = Contact.objects.get(user=ada).contact_id
        life.asks_to_be_deleted()
        drain(bell)
        office.close()

    assert Saga.objects.get().state == "completed"
    assert User.objects.filter(pk=partner.pk).exists()
    wanted = needles([*WORDS, contact])
    left = {name: lines_with(text, wanted) for name, text in everywhere(office, log).items()}
    assert not any(left.values()), left


def here(log):
    """Before there is a worker."""
    return {"database": dump(), "log of the site": log.read_text()}
