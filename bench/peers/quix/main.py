"""Quix Streams with its defaults, but for orjson. Ends once RECORDS records of INPUT have come to the last step."""

import os
import time

import orjson
from quixstreams import Application
from quixstreams.models.serializers import Serializer

from cleanse import cleansed, is_complete

MINUTE = 60_000
# So long that none is late: bench/peers/kafka-streams/src/bench/W2.java says why.
GRACE = 24 * 60 * MINUTE

seen = 0
done = 0


def note_seen():
    global seen
    seen += 1
    if seen == 1 and "BENCH_FIRST_SEEN" in os.environ:
        with open(os.environ["BENCH_FIRST_SEEN"], "x") as file:
            file.write(str(int(time.time() * 1000)))


def note_done():
    global done
    done += 1
    if done == int(os.environ["RECORDS"]):
        app.stop()


def w1(users, output):
    """Users are cleansed and made flat: bench/w1/topology.ts."""

    def parsed(value):
        note_seen()
        user = orjson.loads(value)
        note_done()
        return user

    users.apply(parsed).filter(is_complete).apply(lambda user: orjson.dumps(cleansed(user))).to_topic(output)


def w2(users, output):
    """Users by country and minute: bench/w2/topology.ts. A record for every update: it has no cache."""

    def country(value):
        note_seen()
        return orjson.loads(value)["nat"].upper()

    def counted(country):
        note_done()
        return country

    # As millrace writes windowed keys: the key, then end and start.
    def row(window, key, timestamp, headers):
        times = window["end"].to_bytes(8, "big") + window["start"].to_bytes(8, "big")
        return {"key": key.encode() + times, "count": window["value"]}

    (
        users.apply(country)
        .group_by(lambda country: country, name="country", key_serializer="str", key_deserializer="str")
        .apply(counted)
        .tumbling_window(MINUTE, grace_ms=GRACE)
        .count()
        .current()
        .apply(row, metadata=True)
        .to_topic(output, key=lambda row: row["key"])
    )


class Count(Serializer):
    def __call__(self, row, ctx):
        return str(row["count"]).encode()


app = Application(
    broker_address=os.environ["BROKERS"],
    consumer_group=os.environ["APPLICATION"],
    auto_offset_reset="earliest",
    state_dir=os.environ["FOLDER"],
    loglevel="WARNING",
)
workload = os.environ["WORKLOAD"]
users = app.dataframe(app.topic(os.environ["INPUT"], key_deserializer="str", value_deserializer="bytes"))
if workload == "w1":
    w1(users, app.topic(os.environ["OUTPUT"], key_serializer="str", value_serializer="bytes"))
else:
    w2(users, app.topic(os.environ["OUTPUT"], key_serializer="bytes", value_serializer=Count()))
app.run()
