"""What this project takes for granted of AWS, each as one fact; most of them with a probe that asks the service.

A probe is small and stands alone: it gets an `Account`, does its few calls, and says in words what it saw. Whatever it makes
is taken away again when it is over, however it ends.
"""

import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import botocore.config
import botocore.exceptions
import toolchain

MODEL = "the service's model (2015-05-28)"
MINISTACK = "eu-central-1, 5 October 2026, as MiniStack 1.5.33 records"
PREFLIGHT = "us-east-1, 25 September 2026, as cdk-preflight records"
# In place of what was expected, where nothing here depends on the answer.
OPEN = "not known"


@dataclass(frozen=True)
class Fact:
    name: str
    says: str
    source: str
    # What the probe is expected to see; where there is none, why not.
    expected: str
    # Where, when and by whom it was seen on AWS itself; empty if by nobody we know of.
    measured: str = ""
    probe: Callable | None = None
    # Needs a stack, a function and roles.
    in_stacks: bool = False

    def is_as(self, seen):
        return self.expected in (seen, OPEN)


class Account:
    """An account and region of AWS to ask, and what was made there so far."""

    def __init__(self, session, endpoint_url=None):
        self._session = session
        self._endpoint_url = endpoint_url
        self._made = contextlib.ExitStack()
        # Of what is made for one run, in all names: so that it is told from everything else.
        self.prefix = f"facts-{secrets.token_hex(4)}"
        # How long what was sent may be under way. A stand-in has sent all before it says that a stack has settled.
        self.seconds_under_way = 1 if endpoint_url else 10
        self.left_behind = []

    def client(self, service, attempts=8, **credentials):
        # Refusals are what is asked for, so nothing is refused here already.
        config = botocore.config.Config(
            parameter_validation=False,
            retries={"mode": "standard", "total_max_attempts": attempts},
            s3={"addressing_style": "path"} if self._endpoint_url else None,
        )
        return self._session.client(service, endpoint_url=self._endpoint_url, config=config, **credentials)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # A second Ctrl-C does not break off the clean-up of the first.
        with toolchain.undisturbed():
            self._made.close()

    def own(self, fact_name):
        """The same account for one probe alone, whose things are gone when the block ends."""
        account = Account(self._session, self._endpoint_url)
        account.prefix = f"{self.prefix}-{fact_name}"
        account.left_behind = self.left_behind
        return account

    def afterwards(self, what, undo, **arguments):
        """Takes something away in the end. To be said before it is made, in case that is done but not heard of."""

        def undone():
            try:
                undo(**arguments)
            except botocore.exceptions.ClientError as error:
                if not error.response["Error"]["Code"].startswith(("ResourceNotFound", "NoSuch")):
                    self.left_behind.append(f"{what}: {error}")
            except botocore.exceptions.BotoCoreError as error:
                self.left_behind.append(f"{what}: {error}")

        self._made.callback(undone)


def refusal(error, account):
    """A refusal in words that are the same in every run."""
    told = error.response["Error"]
    return f"{told['Code']}: {told.get('Message', '')}".replace(account.prefix, "ID")


def asked(fact, account):
    """What the fact's probe sees."""
    own = account.own(fact.name)
    try:
        with own:
            return fact.probe(own)
    except Exception as error:
        # Whatever one probe meets, the others are asked all the same.
        return f"could not be asked: {type(error).__name__}: {error}".replace(own.prefix, "ID")


def all_facts():
    from facts import cloudformation, iot, refusals, unasked

    return [*refusals.FACTS, *iot.FACTS, *cloudformation.FACTS, *unasked.FACTS]


def page():
    """docs/facts.md's table."""
    rows = ["| fact | from | expected | seen on AWS | name |", "| --- | --- | --- | --- | --- |"]
    for fact in all_facts():
        seen = fact.measured or ("not asked" if fact.probe else "no probe")
        rows.append(row(fact.says, fact.source, fact.expected, seen, f"`{fact.name}`"))
    return "\n".join(rows)


def row(*cells):
    told = (cell.replace("|", r"\|").replace("\n", " ") for cell in cells)
    return f"| {' | '.join(told)} |"
