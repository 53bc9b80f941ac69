"""The proof's own promises: its page ties out, a violation is said and shown, nothing unseen counts."""

import dataclasses
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import msgspec
import pytest
from simulation.invariants import INVARIANTS
from simulation.mutants import MUTANTS
from simulation.mutation import Suite
from simulation.proof import Asked, Plan, prove
from simulation.proof_figures import Proof
from simulation.proof_page import page_of, report_of, text_of, write

ROOT = Path(__file__).parents[2]
LITTLE = Asked(outlet_days=0.1, images=200, mutants=(), workers=1, days=0.1, outlets=1)
CHEAP = "any_body_is_the_same_command"
pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def little():
    """A proof of one short story, a few images and one mutant."""
    return prove(dataclasses.replace(LITTLE, mutants=(CHEAP,)))


def figures_on(page):
    """Every figure that the page shows, by its place in the JSON."""
    return dict(re.findall(r'data-figure="?([^">]+)"?>([^<]*)', page))


def at(report, path):
    for key in path.split(".", 2):
        report = report[key]
    return report


def test_a_small_proof_holds_and_its_page_ties_out_with_its_figures(little, tmp_path):
    assert (little.status, little.violations, little.unfinished) == (0, 0, []), text_of(little)
    write(little, tmp_path)
    report = msgspec.json.decode((tmp_path / "report.json").read_bytes())
    shown = figures_on((tmp_path / "report.html").read_text())
    assert {"stories.acknowledged", "images.total", "mutants.killed"} <= shown.keys()
    for path, text in shown.items():
        value = at(report, path)
        if path.endswith("_s"):
            assert text == f"{value:.1f} s", path
        else:
            assert float(text.replace(",", "")) == value, path
    assert report["stories"]["acknowledged"] == sum(s["acknowledged"] for s in little.stories) > 20
    assert report["images"]["total"] == sum(report["images"]["by_policy"].values()) >= 200
    assert report["mutants"]["killed"] == report["mutants"]["asked"] == 1
    assert report["stories"]["bound"] == 3 / report["stories"]["acknowledged"]
    assert "http" not in (tmp_path / "report.html").read_text().replace("http-equiv", "")


def test_what_breaks_turns_the_status_and_names_the_command_that_shows_it_again(tmp_path):
    argv = ["--outlet-days", "0.5", "--days", "0.5", "--outlets", "1", "--images", "0"]
    argv += ["--mutants", "none", "--first-seed", "5", "--faults", "network,restore"]
    argv += ["--mutant", "no_backfill", "--workers", "1", "--out", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "simulation.proof", *argv],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    again = "make simulate SEED=5 DAYS=0.5 OUTLETS=1 FAULTS=network,restore"
    assert done.returncode == 1, done.stdout + done.stderr
    assert again in done.stdout
    assert again in (tmp_path / "report.html").read_text()
    report = msgspec.json.decode((tmp_path / "report.json").read_bytes())
    assert report["stories"]["violations"]["10"] > 0
    assert report["stories"]["bound"] is None
    assert report["violations"] >= report["stories"]["violations"]["10"]


def test_what_a_deadline_cuts_off_is_said_and_not_counted():
    proof = prove(dataclasses.replace(LITTLE, outlet_days=1_000, days=50, images=0, minutes=0.15))
    report = report_of(proof)
    assert (proof.status, proof.violations) == (3, 0)
    assert report["stories"]["outlet_days"] == report["stories"]["acknowledged"] == 0
    assert proof.unfinished == ["0 of 1000 outlet-days"]
    assert proof.cut_off == ["story 1"]
    page = page_of(report)
    assert "0 of 1000 outlet-days" in page
    assert "not all that was asked for was seen" in page


def tried(proof, name, noticed=(), sound="passed"):
    """As if the runs of a mutant had come to these ends."""
    killer = MUTANTS[name].killer
    assert isinstance(killer, Suite)
    proof.take("suite", killer.names, dict.fromkeys(killer.names, sound))
    proof.take("mutant", name, {"noticed": list(noticed), "error": ""})
    return proof


def test_a_mutant_counts_as_killed_only_by_a_run_that_passes_without_it():
    asked = dataclasses.replace(LITTLE, outlet_days=0, images=0, mutants=(CHEAP,))
    assert Proof(asked).verdict_on(CHEAP) == "not tried"
    assert Proof(asked).status == 3
    killed = tried(Proof(asked), CHEAP, ["the test: failed"])
    assert (killed.verdict_on(CHEAP), killed.status) == ("killed", 0)
    survived = tried(Proof(asked), CHEAP)
    assert (survived.verdict_on(CHEAP), survived.status) == ("survived", 1)
    assert f"survivors {CHEAP}" in text_of(survived)
    unsound = tried(Proof(asked), CHEAP, ["the test: failed"], sound="failed: for another reason")
    assert unsound.verdict_on(CHEAP).startswith("error: without it")
    assert unsound.status == 1


def test_work_that_breaks_off_is_a_violation_and_counts_for_nothing():
    proof = Proof(dataclasses.replace(LITTLE, outlet_days=1, images=0))
    proof.take("story", 1, {"failed": "ended without an answer"})
    assert (proof.status, proof.violations, proof.stories) == (1, 1, [])
    assert "ended without an answer" in page_of(report_of(proof))


def test_all_parts_of_a_proof_come_to_their_end_together():
    plan = Plan(dataclasses.replace(LITTLE, outlet_days=8, days=2, images=50_000, mutants=(CHEAP,)))
    begun = []
    while (job := plan.next()) is not None:
        begun.append(job.part)
    assert begun.count("story") == 4
    assert {begun.count("suite"), begun.count("mutant")} == {1}
    assert begun.count("images") * 4 * plan.images_of_a_life >= 50_000
    assert begun.index("story") < begun.index("images") < len(begun) - 3


def test_a_run_of_hours_goes_on_when_it_has_seen_what_was_asked():
    plan = Plan(dataclasses.replace(LITTLE, until_deadline=True, minutes=1))
    assert {plan.next().part for _ in range(50)} == {"story", "images"}


@cache
def names_in(file):
    return set(re.findall(r"def (test_\w+)", (ROOT / "tests" / file).read_text()))


def test_every_invariant_has_a_mutant_and_every_mutant_a_killer_that_exists():
    assert {m.invariant for m in MUTANTS.values()} == set(INVARIANTS)
    for mutant in MUTANTS.values():
        assert mutant.rule_off.endswith("."), mutant.name
        for name in mutant.killer.names if isinstance(mutant.killer, Suite) else ():
            file, _, test = name.partition("::")
            assert not test or test in names_in(file), f"{mutant.name} is killed by {name}"


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_can_be_switched_on_and_off_again(name):
    MUTANTS[name].switch_off()()
