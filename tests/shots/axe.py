"""What axe-core finds on a page: contrast, names for screen readers, order of headings and the rest."""

from pathlib import Path

from playwright.async_api import Page

SCRIPT = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"

ASK = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations']});
  return found.violations.map((v) => {
    const nodes = v.nodes.slice(0, 3).map((n) => {
      const [why] = n.any.concat(n.all, n.none).map((check) => check.message);
      return `${n.target.join(' ')} (${n.html.slice(0, 90)}) ${why ?? ''}`;
    });
    return `${v.id} (${v.impact}), ${v.nodes.length} times: ${nodes.join('; ')}`;
  });
}"""


async def findings(page: Page) -> list[str]:
    """Everything axe finds, of whatever weight, a sentence each; empty when there is nothing."""
    # In a world of its own: a page that allows no foreign scripts still lets its tester in.
    await page.evaluate(SCRIPT.read_text("utf-8"))
    return list(await page.evaluate(ASK))
