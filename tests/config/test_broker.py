from config import broker


def test_the_filesystem_broker_finds_its_folders(tmp_path):
    options = broker.transport_options("filesystem://", folder=tmp_path / "broker")
    assert options["data_folder_in"] == options["data_folder_out"]
    assert sorted(path.name for path in (tmp_path / "broker").iterdir()) == ["control", "queue"]


def test_redis_gives_a_killed_workers_messages_back_soon(tmp_path):
    options = broker.transport_options("rediss://broker/0", folder=tmp_path / "broker")
    assert options["unacked_restore_interval"] * options["unacked_restore_throttle"] <= 10
    assert not (tmp_path / "broker").exists()


def test_rabbitmq_needs_nothing(tmp_path):
    assert broker.transport_options("amqp://broker", folder=tmp_path) == {}
