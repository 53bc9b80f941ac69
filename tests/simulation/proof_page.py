"""The report of a proof: figures as JSON, a page for people made from the same figures, and words."""

import os
import platform
import sqlite3
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

import apsw
import msgspec
from simulation.invariants import INVARIANTS
from simulation.mutants import MUTANTS
from simulation.proof_figures import Proof

from edge.product import PRODUCT

HYPOTHESIS = (
    "At any one time at most one of screen, box disk and HQ's backup window loses data; no device "
    "lies on purpose. Within that, anything may fail at any moment."
)


def write(proof: Proof, folder: Path) -> None:
    """Both files of the report."""
    folder.mkdir(parents=True, exist_ok=True)
    report = report_of(proof)
    pretty = msgspec.json.format(msgspec.json.encode(report), indent=2)
    (folder / "report.json").write_bytes(pretty + b"\n")
    (folder / "report.html").write_text(page_of(report), "utf-8")


def report_of(proof: Proof) -> dict[str, Any]:
    """Everything the page says."""
    stories = proof.stories
    acknowledged = proof.total("acknowledged")
    return {
        "verdict": _verdict(proof),
        "status": proof.status,
        "violations": proof.violations,
        "unfinished": proof.unfinished,
        "cut_off": proof.cut_off,
        "about": _about(proof),
        "stories": {
            "outlet_days": proof.total("outlet_days"),
            "seeds": sorted(s["seed"] for s in stories),
            "orders": proof.total("orders"),
            "submitted": proof.total("submitted"),
            "acknowledged": acknowledged,
            "too_late": proof.total("too_late"),
            "lost": proof.total("lost"),
            "doubled": proof.total("doubled"),
            "phantom": proof.total("phantom"),
            "violations": proof.counted("violations"),
            "converged_p50_s": proof.converged(50),
            "converged_p99_s": proof.converged(99),
            "never_converged": sum(s["converged_s"] is None for s in stories),
            "faults": proof.counted("faults"),
            "network": proof.counted("network"),
            "bound": 3 / acknowledged if acknowledged and not proof.failing_stories else None,
            "failing": [
                {k: s[k] for k in ("seed", "replay", "sentences", "violations")}
                for s in sorted(proof.failing_stories, key=lambda s: s["seed"])
            ],
            "digests": {
                str(s["seed"]): s["digest"] for s in sorted(stories, key=lambda s: s["seed"])
            },
        },
        "images": {
            "total": proof.image_count,
            "by_policy": proof.of_images("images"),
            "lives": sum(len(one["seeds"]) for one in proof.images),
            "acknowledged": sum(one["acknowledged"] for one in proof.images),
            "recovered": sum(one["recovered"] for one in proof.images),
            "failing_disks": sum(one["failing_disks"] for one in proof.images),
            "found": proof.of_images("found"),
            "lost_to_lies": sum(one["lost_to_lies"] for one in proof.images),
            "replay": [line for one in proof.images for line in one["replay"]],
        },
        "mutants": {
            "asked": len(proof.asked.mutants),
            "killed": len(proof.with_verdict("killed")),
            "survivors": proof.with_verdict("survived"),
            "errors": {n: proof.verdict_on(n) for n in proof.with_verdict("error")},
            "not_tried": proof.with_verdict("not tried"),
            "invariants_without": proof.bare if proof.asked.mutants else [],
            "each": [_mutant(proof, name) for name in proof.asked.mutants],
        },
        "broken_off": proof.broken_off,
    }


def _verdict(proof: Proof) -> str:
    if proof.status == 1:
        return "Something did not hold."
    if proof.status:
        return "Nothing was found wrong, and not all that was asked for was seen."
    return "All of it held."


def _about(proof: Proof) -> dict[str, Any]:
    return {
        "commit": proof.commit,
        "changed_since": proof.changed,
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "product": PRODUCT,
        "python": platform.python_version(),
        "sqlite": f"{apsw.sqlite_lib_version()} in the simulation, {sqlite3.sqlite_version} elsewhere",
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "minutes": round(proof.seconds / 60, 1),
        "processor_s": {kind: round(s) for kind, s in sorted(proof.processor_s.items())},
        "replay": f"make simulate SEED=n DAYS={proof.asked.days:g} OUTLETS={proof.asked.outlets} FAULTS={proof.asked.faults}",
    }


def _mutant(proof: Proof, name: str) -> dict[str, Any]:
    mutant, tried = MUTANTS[name], proof.tried.get(name, {})
    return {
        "name": name,
        "invariant": mutant.invariant,
        "rule_off": mutant.rule_off,
        "killer": str(mutant.killer),
        "verdict": proof.verdict_on(name),
        "noticed": list(tried.get("noticed", ())),
    }


# ---------------------------------------------------------------- words


def text_of(proof: Proof) -> str:
    """A page in words, for a terminal."""
    report = report_of(proof)
    about, s, i, m = (report[k] for k in ("about", "stories", "images", "mutants"))
    changed = " with changes" if about["changed_since"] else ""
    lines = [
        "",
        f"{report['verdict']}  (commit {about['commit']}{changed}, {about['minutes']} minutes)",
        (
            f"  stories   {s['outlet_days']:g} outlet-days, seeds {_span(s['seeds'])}: {s['orders']:,} orders,"
            f" {s['acknowledged']:,} commands acknowledged"
        ),
        (
            f"            {s['lost']} lost, {s['doubled']} doubled, {s['phantom']} phantom;"
            f" {s['too_late']} came back too late and were told as that;"
            f" all violations {s['violations'] or 'none'}"
        ),
        f"            converged after {_s(s['converged_p50_s'])} (p50), {_s(s['converged_p99_s'])} (p99)",
        f"            faults {sum(s['faults'].values()):,}; requests harmed {sum(s['network'].values()):,}",
        f"  images    {i['total']:,} {i['by_policy']}: {i['found'] or 'nothing found'}",
        f"  mutants   {m['killed']}/{m['asked']} killed"
        + (f"; survivors {', '.join(m['survivors'])}" if m["survivors"] else ""),
    ]
    lines += [f"            {name}: {why}" for name, why in m["errors"].items()]
    if m["asked"] and m["invariants_without"]:
        lines.append(f"            no killed mutant for invariants {m['invariants_without']}")
    lines += [f"  NOT SEEN  {what}" for what in report["unfinished"]]
    lines += [f"  BROKE OFF {what}" for what in report["broken_off"]]
    for story in s["failing"]:
        lines += [f"  seed {story['seed']}: {story['replay']}"]
        lines += [f"      {line}" for text in story["sentences"] for line in text.splitlines()]
    lines += [f"  {line}" for line in i["replay"]]
    return "\n".join(lines)


def _span(seeds: list[int]) -> str:
    return f"{seeds[0]} to {seeds[-1]}" if seeds else "none"


def _s(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.1f} s"


# ---------------------------------------------------------------- the page


def page_of(report: dict[str, Any]) -> str:
    """One page that needs nothing else; each figure carries its place in the JSON."""
    about, s = report["about"], report["stories"]
    changed = " (with uncommitted changes)" if about["changed_since"] else ""
    mood = {0: "held", 1: "broken"}.get(report["status"], "unfinished")
    parts = [
        f"<header class={mood}><h1>Kedai: is anything lost?</h1>",
        f"<p class=verdict>{escape(report['verdict'])}</p>",
        (
            f"<p>{escape(about['product'])}, commit {escape(about['commit'])}{changed}, {about['date']},"
            f" {about['minutes']} minutes on {escape(about['machine'])};"
            f" Python {about['python']}, SQLite {escape(about['sqlite'])}.</p></header>"
        ),
        _missing(report),
        _stories(report),
        _failures(report),
        _tables(report),
        _images(report["images"]),
        _mutants(report["mutants"]),
        "<section><h2>What is assumed, and what this can say</h2>",
        f"<p>{HYPOTHESIS}</p><p>{_bound(s)}</p>",
        (
            f"<p>Any story can be told again: <code>{escape(about['replay'])}</code>. The same seed is"
            " the same story to the last step.</p></section>"
        ),
    ]
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Kedai: the proof</title>"
        f"<style>{STYLE}</style><main>{''.join(parts)}</main></html>\n"
    )


def _bound(s: dict[str, Any]) -> str:
    if s["bound"] is None:
        return "No bound follows from this run."
    return (
        f"Nothing lost, doubled or invented in {s['acknowledged']:,} acknowledged commands: at this"
        f" rate of faults, fewer than {s['bound']:.2g} of all commands are (3/n, 95 % confidence)."
    )


def _figure(report: dict[str, Any], path: str, label: str) -> str:
    value: Any = report
    for key in path.split("."):
        value = value[key]
    if isinstance(value, float) and path.endswith("_s"):
        shown = f"{value:.1f} s"
    else:
        shown = (
            "–" if value is None else f"{value:,g}" if isinstance(value, float) else f"{value:,}"
        )
    bad = label in ("lost", "doubled", "phantom", "violations") and value
    return (
        f"<div{' class=bad' if bad else ''}><b data-figure={path}>{shown}</b>{escape(label)}</div>"
    )


def _stories(report: dict[str, Any]) -> str:
    figures = [
        ("stories.outlet_days", "outlet-days"),
        ("stories.orders", "orders"),
        ("stories.acknowledged", "commands acknowledged"),
        ("stories.lost", "lost"),
        ("stories.doubled", "doubled"),
        ("stories.phantom", "phantom"),
        ("stories.too_late", "came back too late (cards)"),
        ("images.total", "crash images"),
        ("mutants.killed", f"of {report['mutants']['asked']} mutants killed"),
        ("stories.converged_p50_s", "to converge (p50)"),
        ("stories.converged_p99_s", "to converge (p99)"),
        ("violations", "violations"),
    ]
    shown = "".join(_figure(report, path, label) for path, label in figures)
    seeds = _span(report["stories"]["seeds"])
    return f"<section class=figures>{shown}</section><p>Stories of seeds {seeds}.</p>"


def _missing(report: dict[str, Any]) -> str:
    left = [*report["unfinished"], *(f"broke off: {x}" for x in report["broken_off"])]
    if not left:
        return ""
    items = "".join(f"<li>{escape(x)}</li>" for x in left)
    return f"<section class=missing><h2>Not seen, and not counted</h2><ul>{items}</ul></section>"


def _failures(report: dict[str, Any]) -> str:
    found = []
    for story in report["stories"]["failing"]:
        told = escape("\n".join(story["sentences"]))
        found.append(f"<p><code>{escape(story['replay'])}</code></p><pre>{told}</pre>")
    found += [f"<pre>{escape(line)}</pre>" for line in report["images"]["replay"]]
    return f"<section class=missing><h2>What broke</h2>{''.join(found)}</section>" if found else ""


def _tables(report: dict[str, Any]) -> str:
    s = report["stories"]
    return (
        "<section class=side>"
        + _table("Faults", "stories.faults", s["faults"])
        + _table("Requests harmed on the network", "stories.network", s["network"])
        + _table("Violations by invariant (below)", "stories.violations", s["violations"])
        + "</section>"
    )


def _table(title: str, path: str, counts: dict[str, int]) -> str:
    rows = "".join(
        f'<tr><td>{escape(str(k)).replace("_", " ")}<td data-figure="{path}.{escape(str(k))}">{n:,}'
        for k, n in counts.items()
    )
    return f"<div><h2>{title}</h2><table>{rows or '<tr><td>none'}</table></div>"


def _images(i: dict[str, Any]) -> str:
    lies = (
        f"Disks that lie about their flushes cost {i['lost_to_lies']:,} images an order; those losses"
        " are the disk's, and show that the examination sees them."
    )
    return (
        "<section><h2>Crash images</h2><p>The writes and flushes of the real store code are recorded,"
        f" and the disk is rebuilt at every one of them, over {i['lives']:,} lives with"
        f" {i['acknowledged']:,} commands acknowledged; {i['failing_disks']:,} of the disks failed on"
        f" the way. {lies}</p>{_table('', 'images.by_policy', i['by_policy'])}</section>"
    )


def _mutants(m: dict[str, Any]) -> str:
    groups = []
    for number, sentence in INVARIANTS.items():
        rules = "".join(
            f"<li class={one['verdict'].split(':')[0].replace(' ', '-')}>{escape(one['rule_off'])}"
            f" <b>{escape(one['verdict'][:200])}</b>"
            for one in m["each"]
            if one["invariant"] == number
        )
        if rules:
            groups.append(f"<div><h3>{number}. {escape(sentence)}</h3><ul>{rules}</ul></div>")
    return (
        f"<section><h2>Rules switched off: {m['killed']} of {m['asked']} noticed</h2>"
        "<p>Each rule was taken out of the product, and a run that passes with it failed without it."
        f"</p><div class=rules>{''.join(groups)}</div></section>"
    )


STYLE = """
body{font:13px/1.45 system-ui,sans-serif;color:#1c2733;background:#fff;margin:0}
main{max-width:60rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1rem;margin:1.2rem 0 .3rem}p{margin:.3rem 0}
header{border-left:.5rem solid #2f7d4f;padding-left:1rem}
header.broken{border-color:#b3261e}header.unfinished{border-color:#b7791f}
.verdict{font-size:1.15rem;font-weight:600}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));gap:.6rem;margin:1rem 0}
.figures div{border:1px solid #d5dde5;border-radius:.4rem;padding:.5rem .7rem;color:#4a5866}
.figures b{display:block;font-size:1.35rem;color:#1c2733;font-variant-numeric:tabular-nums}
.figures .bad,.figures .bad b{color:#b3261e;border-color:#b3261e}
.side{display:grid;grid-template-columns:repeat(auto-fit,minmax(16rem,1fr));gap:0 1.5rem}
table{border-collapse:collapse;width:100%}td{padding:.1rem .5rem .1rem 0;vertical-align:top;
border-bottom:1px solid #eef2f5}td:last-child{text-align:right;white-space:nowrap;
font-variant-numeric:tabular-nums}
.rules{columns:2;column-gap:2rem}.rules div{break-inside:avoid}
h3{font-size:1em;margin:.5rem 0 0}.rules ul{margin:0 0 .3rem;padding-left:1.1rem;color:#4a5866}
.rules b{color:#2f7d4f;font-weight:600}.rules li:not(.killed) b{color:#b3261e}
.missing{border:1px solid #b7791f;border-radius:.4rem;padding:0 1rem .6rem;margin-top:1rem}
pre{white-space:pre-wrap;background:#f6f8fa;padding:.5rem}code{background:#f6f8fa;padding:.1rem .3rem}
@media print{main{padding:0;max-width:none}body{font-size:8.5px}@page{margin:12mm}}
"""
