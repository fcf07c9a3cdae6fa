"""Prove backups: restore the newest ones apart from everything, see whether they're good, and stamp those that are."""

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.alarms import alarm
from flows.artifacts import show_operation, this_run
from flows.carry_out import RUNNER, settle, submit, submit_removals
from flows.forms import Blueprint
from tasks.backups.proof_parts import end_of
from tasks.backups.proof_plan import plan_proofs
from tasks.backups.proving import Proof
from tasks.backups.record import PROVEN
from tasks.backups.restoration import within
from tasks.backups.stores import store_of
from tasks.decide import Plan
from tasks.errors import CastraError, Failed, Halted, LeaseLost, explain
from tasks.lease import lease
from tasks.operation import Deed, Operation
from tasks.progress import Event, announce, step
from tasks.reading import plan_beside, plan_to_strike, scope_of
from tasks.scope import Scope

STOPS = (Halted, LeaseLost)
AMISS = (CastraError, ClientError, BotoCoreError)


@flow(name="prove-backups", flow_run_name="prove backups of {blueprint.name}", task_runner=RUNNER)
def prove_backups(
    blueprint: Blueprint, policies: tuple[str, ...] = (), anyway: bool = False, approved: str = ""
) -> Operation:
    """Restore the newest backups whose last proof is too old, check them, stamp those that are good, strike all again.

    Fails, and emits the event `castra.backup.unproven`, where one isn't. Run it again after any failure: what a killed
    run has left standing is struck first.

    Args:
        blueprint: The document with the policies: YAML, or the path of its file, such as examples/backups.yaml.
        policies: Some of them by name; all that have `prove`, if none is named.
        anyway: Also what was proven recently.
        approved: The fingerprint of a plan that was agreed to; refused if the world has moved since.
    """
    started, scope = time.monotonic(), scope_of(blueprint)
    with lease(scope, this_run(), of="proofs"):
        planned, proofs = plan_proofs(blueprint, scope, policies, anyway)
        planned.refuse_unless(approved)
        show_operation(planned)
        shown = _prove_all(scope, proofs.due)
    deeds = tuple(_told(deed, shown) for deed in planned.changes)
    unproven = {deed.what: shown[deed.what][1] for deed in planned.changes if not shown[deed.what][0]}
    figures = {"proven": len(deeds) - len(unproven), "unproven": len(unproven)}
    done = planned.done(deeds, time.monotonic() - started, scope.calls.summary(), **figures)
    show_operation(done)
    for proof in proofs.due:
        if why := unproven.get(proof.deed.what):
            alarm("castra.backup.unproven", blueprint.name, proof.policy, why, series=proof.series)
    if unproven:
        raise Failed(f"Proving backups of {blueprint.name}", unproven, (), figures["proven"])
    return done


Shown = dict[str, tuple[bool, str, float]]
"""By the name of a proof: whether it's good, what it has shown or why not, and after how many seconds."""


def _prove_all(scope: Scope, proofs: Sequence[Proof]) -> Shown:
    """Each in an environment of its own, all at once; whatever happens, they're struck at the end."""
    shown: Shown = {proof.deed.what: (False, "there's no complete backup of it", 0.0) for proof in proofs}
    scopes = {proof.deed.what: _scope(scope, proof) for proof in proofs if proof.backup}
    _strike_all(scopes.values())  # what a run that was killed has left
    try:
        raised = _raise_all(scopes, proofs, shown)
        checks = {what: _check.submit(there, proof, ids) for what, (there, proof, ids) in raised.items()}
        for what, future in checks.items():
            shown[what] = future.result()
    finally:
        _strike_all(scopes.values())
    for proof in proofs:  # last: a run that is killed before proves again, and so strikes what is left
        if shown[proof.deed.what][0]:
            _stamp(scope, proof)
    return shown


def _scope(scope: Scope, proof: Proof) -> Scope:
    return within(scope, proof.environment, end_of(proof, datetime.now(UTC)))


def _raise_all(
    scopes: dict[str, Scope], proofs: Sequence[Proof], shown: Shown
) -> dict[str, tuple[Scope, Proof, dict[str, str]]]:
    """Raise them side by side; of each that stands, its scope and the ids of its parts."""
    plans: dict[str, tuple[Proof, Plan, Any]] = {}
    for proof in proofs:
        what = proof.deed.what
        if proof.backup is None:
            continue
        try:
            there = scopes[what]
            parts = store_of(proof.backup.id).proof_parts(there, proof)
            plan = plan_beside(parts, there)
            plans[what] = (proof, plan, submit(plan, there))
        except AMISS as error:
            shown[what] = (False, f"it can't be restored: {explain(error, what)}", 0.0)
    raised: dict[str, tuple[Scope, Proof, dict[str, str]]] = {}
    stopped: CastraError | None = None
    for what, (proof, plan, submitted) in plans.items():
        try:
            outcomes = settle(submitted, f"Restoring {what}")
            raised[what] = (scopes[what], proof, {outcome.part: outcome.id for outcome in outcomes} | plan.ids)
        except STOPS as error:
            stopped = error
        except AMISS as error:
            shown[what] = (False, f"it can't be restored: {explain(error, what).why.strip()}", 0.0)
    if stopped:
        raise stopped
    return raised


@task(name="check", task_run_name="check {proof.deed.what}", cache_policy=NO_CACHE)
def _check(scope: Scope, proof: Proof, ids: dict[str, str]) -> tuple[bool, str, float]:
    """Whether a restored backup is good, and what it has shown or why it isn't."""
    assert proof.backup is not None
    started, what = time.monotonic(), f"prove {proof.deed.what}"
    with step(what):
        try:
            good, told = True, store_of(proof.backup.id).check(scope, proof, ids)
        except STOPS:
            raise
        except AMISS as error:
            explained = explain(error, what)
            good, told = False, f"{explained.what}: {explained.why}"
    seconds = round(time.monotonic() - started, 3)
    announce(Event("done", what, told, seconds))
    return good, told, seconds


def _stamp(scope: Scope, proof: Proof) -> None:
    """Note the proof on the backup and all its snapshots, unless it was pruned meanwhile."""
    assert proof.backup is not None
    scope.go_ahead.check()
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    store_of(proof.backup.id).note(scope, proof.backup, {PROVEN: now})


def _strike_all(scopes: Iterable[Scope]) -> None:
    """Remove all that stands for proofs, side by side; one that fails holds up no other. Raises Failed."""
    submitted = {str(there.environment): submit_removals(plan_to_strike(there), there) for there in scopes}
    failures: dict[str, str] = {}
    done = 0
    for name, removals in submitted.items():
        try:
            done += len(settle(removals, f"Striking {name}"))
        except Failed as error:
            failures |= {f"{name} {part}": why for part, why in error.failures.items()}
            done += error.done
    if failures:
        raise Failed("Striking proofs", failures, (), done)


def _told(deed: Deed, shown: Shown) -> Deed:
    good, told, seconds = shown[deed.what]
    return deed.model_copy(update={"because": told if good else f"UNPROVEN: {told}", "seconds": seconds})
