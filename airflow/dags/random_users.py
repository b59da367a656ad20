"""The ingest hop of millrace on Airflow's schedule: one run of `millrace ingest` per interval.

Airflow's run id is the run's name in millrace.ingest_runs, and the logical date its interval, so that a retry goes on
where the last attempt stopped and the same interval never fetches twice, whoever asks. See airflow/README.md.
"""

import os
import shlex
from datetime import timedelta

from airflow.providers.standard.hooks.subprocess import SubprocessHook
from airflow.sdk import DAG, BaseOperator, CronTriggerTimetable, timezone
from airflow.sdk.exceptions import AirflowException, AirflowFailException

# `millrace` says by its exit code whether doing the same again may help.
WRONG_CONFIGURATION = 2
DATA_MISSING = 3


class MillraceIngest(BaseOperator):
    """Runs `millrace ingest --once` with the worker's environment; its lines are the task's log."""

    def __init__(self, *, command: str = "millrace", **kwargs):
        super().__init__(**kwargs)
        self.command = command
        self._process = SubprocessHook()

    def execute(self, context):
        arguments = ["ingest", "--once", "--run-id", context["run_id"]]
        # A run triggered by hand may have none: it is for no interval then.
        logical_date = context.get("logical_date")
        if logical_date is not None:
            arguments += ["--logical-time", logical_date.isoformat()]
        done = self._process.run_command([*shlex.split(self.command), *arguments])
        if done.exit_code in (WRONG_CONFIGURATION, DATA_MISSING):
            raise AirflowFailException(f"no retry can help: {done.output}")
        if done.exit_code != 0:
            raise AirflowException(f"exit code {done.exit_code}: {done.output}")

    def on_kill(self):
        # It ends with the page in hand; the next attempt goes on from there.
        self._process.send_sigterm()


start = os.environ.get("INGEST_START")

with DAG(
    dag_id="random_users",
    description="Random User API → staging.random_users",
    schedule=CronTriggerTimetable(os.environ.get("INGEST_SCHEDULE", "*/5 * * * *"), timezone="UTC"),
    start_date=timezone.parse(start) if start else timezone.datetime(2020, 1, 1),
    # Every interval since INGEST_START is made up for. Without it only the latest one, not all since 2020.
    catchup=bool(start),
    max_active_runs=1,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(seconds=10),
        "retry_exponential_backoff": 2,
        "max_retry_delay": timedelta(minutes=2),
    },
    tags=["millrace"],
):
    MillraceIngest(task_id="ingest", command=os.environ.get("MILLRACE_COMMAND", "millrace"))
