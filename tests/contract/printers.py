"""What every printer must do, whatever stands behind it: one suite, run against each of them.

A test class inherits `PrinterContract` and gives it a fixture `rig`: a printer under test, and the
means to do to it what happens to printers.
"""

import asyncio

import pytest

from edge.printing.paper import Cut, Paper, Text
from edge.printing.printers import PrinterFault

TIMEOUT_S = 1.5
"""The timeout the rig must give its printer, so that waiting stays short."""


def job(title: str, rows: int = 1) -> Paper:
    return Paper("kitchen_ticket", title, (*[Text(f"{title} {n}") for n in range(rows)], Cut()))


async def fault_of(work) -> PrinterFault:
    with pytest.raises(PrinterFault) as caught:
        await work
    return caught.value


class PrinterContract:
    """Each test is one thing that happens to a printer during service."""

    async def test_a_job_comes_out_once_and_is_proven(self, rig):
        proof = await rig.printer.print(rig.encoded(job("Nasi goreng")))
        assert proof.evidence == "processed"
        assert proof.status.reason is None
        assert await rig.papers(1) == ["Nasi goreng 0\n"]

    async def test_jobs_sent_at_once_come_out_whole_and_in_turn(self, rig):
        data = [rig.encoded(job(name, rows=20)) for name in ("Sate", "Soto", "Bakso")]
        await asyncio.gather(*(rig.printer.print(d) for d in data))
        papers = await rig.papers(3)
        assert [p.split()[0] for p in papers] == ["Sate", "Soto", "Bakso"]
        assert all(len(set(p.split()) - {str(n) for n in range(20)}) == 1 for p in papers)

    @pytest.mark.parametrize(
        ("condition", "code"),
        [("paper_out", "paper_out"), ("cover_open", "cover_open"), ("offline", "offline")],
    )
    async def test_a_printer_that_cannot_print_takes_no_job(self, rig, condition, code):
        rig.happens(**{condition: True})
        fault = await fault_of(rig.printer.print(rig.encoded(job("Gado-gado"))))
        assert (fault.code, fault.may_have_printed) == (code, False)
        rig.happens(**{condition: False})
        await rig.printer.print(rig.encoded(job("Rawon")))
        assert await rig.papers(1) == ["Rawon 0\n"], "the refused job must not come out later"

    async def test_paper_that_runs_out_inside_a_job_is_no_proof(self, rig):
        rig.happens(paper_lines_left=3)
        fault = await fault_of(rig.printer.print(rig.encoded(job("Rendang", rows=10))))
        assert (fault.code, fault.may_have_printed) == ("paper_out", True)
        rig.happens(paper_out=False)
        assert (await rig.papers(1))[0].count("Rendang") == 10, "the rest was in its buffer"

    async def test_a_job_taken_but_not_yet_printed_is_no_proof(self, rig):
        rig.happens(lines_per_s=50)
        proof = await rig.printer.print(rig.encoded(job("Pecel", rows=10)))
        assert proof.took_ms >= 200, "its bytes were taken at once, the paper took its time"
        rig.happens(paper_lines_left=15)
        fault = await fault_of(rig.printer.print(rig.encoded(job("Tongseng", rows=20))))
        assert (fault.code, fault.may_have_printed) == ("paper_out", True)

    async def test_a_slow_printer_is_waited_for(self, rig):
        data = rig.encoded(job("Es teh", rows=20))
        rig.happens(slow_bytes_per_s=(len(data) + 2000) * 2)
        proof = await rig.printer.print(data)
        assert proof.took_ms >= 100
        assert len(await rig.papers(1)) == 1

    async def test_a_printer_slower_than_the_timeout_may_have_printed(self, rig):
        await rig.printer.print(rig.encoded(job("Es jeruk")))
        rig.happens(slow_bytes_per_s=200)
        fault = await fault_of(rig.printer.print(rig.encoded(job("Es campur", rows=40))))
        assert (fault.code, fault.may_have_printed) == ("timeout", True)
        assert "may have printed" in fault.sentence_en

    async def test_a_long_job_that_goes_on_is_waited_for_beyond_the_timeout(self, rig):
        """Else it is printed again and again, each time whole."""
        data = rig.encoded(job("Rijsttafel " + "dengan segala lauk pauk", rows=60))
        rig.happens(lines_per_s=30)
        proof = await rig.printer.print(data)
        assert proof.took_ms > TIMEOUT_S * 1000
        assert proof.evidence == "processed"

    async def test_a_silent_printer_costs_its_timeout_and_no_more(self, rig):
        rig.happens(silent=True)
        begun = asyncio.get_running_loop().time()
        fault = await fault_of(rig.printer.print(rig.encoded(job("Kopi"))))
        took_s = asyncio.get_running_loop().time() - begun
        assert (fault.code, fault.may_have_printed) == ("timeout", False)
        assert "may have printed" not in fault.sentence_en, "nobody looks for a paper in vain"
        assert TIMEOUT_S * 0.9 <= took_s < TIMEOUT_S + 1.0

    async def test_a_connection_lost_inside_a_job_may_have_printed(self, rig):
        await rig.printer.print(rig.encoded(job("Tahu")))
        rig.happens(closes_after_bytes=120)
        fault = await fault_of(rig.printer.print(rig.encoded(job("Tempe", rows=200))))
        assert (fault.code, fault.may_have_printed) == ("closed", True)

    async def test_after_a_job_broke_off_the_next_one_is_whole(self, rig):
        arabic = Paper("receipt", "x", (Text("شاورما دجاج", size=4), Cut()))
        await rig.printer.print(rig.encoded(job("Tahu")))
        rig.happens(closes_after_bytes=1500)
        await fault_of(rig.printer.print(rig.encoded(arabic)))
        rig.happens(closes_after_bytes=None)
        await rig.printer.print(rig.encoded(job("Pempek")))
        assert (await rig.papers(2))[1].endswith("Pempek 0\n")

    async def test_power_lost_with_a_job_in_the_buffer_is_no_proof(self, rig):
        rig.happens(paper_lines_left=3)
        await fault_of(rig.printer.print(rig.encoded(job("Lontong", rows=10))))
        rig.power_cycle()
        rig.happens(paper_out=False)
        await rig.printer.print(rig.encoded(job("Ketoprak")))
        paper = (await rig.papers(1))[0]
        assert paper.count("Lontong") < 10
        assert paper.endswith("Ketoprak 0\n")

    async def test_nonsense_for_an_answer_is_not_mistaken_for_health(self, rig):
        rig.happens(garbage=True)
        fault = await fault_of(rig.printer.print(rig.encoded(job("Cendol"))))
        assert (fault.code, fault.may_have_printed) == ("garbage", False)
        assert await rig.papers(0) == []

    async def test_a_printer_that_is_gone_is_unreachable(self, rig):
        await rig.unplug()
        fault = await fault_of(rig.printer.print(rig.encoded(job("Martabak"))))
        assert (fault.code, fault.may_have_printed) == ("unreachable", False)
        assert fault.sentence_id != fault.sentence_en

    async def test_it_says_how_it_is(self, rig):
        assert (await rig.printer.status()).reason is None
        rig.happens(paper_low=True)
        assert (await rig.printer.status()).paper == "low"
        rig.happens(cover_open=True)
        assert (await rig.printer.status()).reason == "cover_open"
