"""A few short stories of outlets, HQ and everything that goes wrong; longer ones: `make simulate`."""

import pytest
from simulation.loop import run_simulated
from simulation.postgres import Postgres
from simulation.run import explanation, replay, story
from simulation.world import Plan, made

pytestmark = pytest.mark.postgres

EVERYTHING = ("all",)


@pytest.fixture
def tell(postgres_server):
    """Tells a story to its end and returns its world; fails with what it broke."""

    def told(**plan):
        plan = Plan(**plan)
        postgres = Postgres(postgres_server)
        try:
            with made(plan, postgres) as world:
                broken = run_simulated(world.loop, story(world))
                words = "\n".join(explanation(world, one) for one in broken[:5])
                assert not broken, f"{words}\n{replay(plan)}"
                assert not world.loop.complaints
                return world
        finally:
            postgres.close()

    return told


def test_on_a_good_day_everything_is_everywhere_at_once(tell):
    world = tell(seed=1, days=0.4)
    assert len(world.book.acked) > 200
    assert world.converged_s < 30
    assert world.looks > 20, "somebody looked whether the kitchen has what was fired"
    assert [day.state for day in world.days["outlet-0"]] == ["certified"]
    asked = {type(s.envelope.command).__name__ for s in world.book.acked}
    assert {"OpenShift", "CloseShift", "MoveCash", "CloseDay"} <= asked
    approved = [getattr(s.envelope.command, "approval_id", None) for s in world.book.acked]
    assert any(approved), "a manager allowed what a cashier may not"


@pytest.mark.parametrize("seed", [101, 102])
def test_on_bad_days_nothing_is_lost_and_nothing_doubled(tell, seed):
    world = tell(seed=seed, days=0.5, outlets=2, tenants=2, faults=EVERYTHING)
    assert sum(world.counts.values()) > 5


def test_hq_put_back_twice_a_day_gets_everything_again(tell):
    world = tell(seed=2, days=0.6, faults=("network", "backup", "hq_restore"))
    assert world.counts["HQ restored"] >= 1


@pytest.mark.parametrize("kind", ["restore", "blank", "offline_clone", "live_clone", "retired"])
def test_boxes_put_back_replaced_and_copied_lose_nothing(tell, kind):
    world = tell(seed=5, days=0.5, faults=("network", kind))
    assert sum(world.counts.values()) >= 1


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(13, id="13: orders offered to a box that did not know yet what is counted"),
        pytest.param(8, id="8: two boxes that numbered alike told each other so without end"),
        pytest.param(17, id="17: what a copied disk sold reached the primary with its next hello"),
    ],
)
def test_stories_that_once_ended_badly(tell, seed):
    tell(seed=seed, days=2, outlets=2, tenants=2, faults=EVERYTHING)
