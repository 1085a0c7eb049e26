"""What a person would notice of a page: in each look, with each width, without a mouse, and when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

LOOKS: dict[str, tuple[int, dict[str, Any]]] = {
    "wide": (1280, {}),
    "320 px": (320, {}),
    "320 px, dark": (320, {"color_scheme": "dark"}),
    "wide, more contrast": (1280, {"contrast": "more"}),
    "wide, forced colors": (1280, {"forced_colors": "active"}),
}
"""Name → width in px, and what the user asked of the computer. One page is shown in all of them: they are only CSS."""

PLAIN: dict[str, Any] = {"color_scheme": "light", "contrast": "no-preference", "forced_colors": "none"}

UNFOLD = "document.querySelectorAll('main details').forEach(d => { d.open = true })"
"""Not the menu, which lies over the page when it is open."""


def unfold(page: Page) -> None:
    page.evaluate(UNFOLD)


def looks(page: Page, *names: str) -> Iterator[str]:
    """The page in each look, or in those that are named, unfolded and without anything that moves."""
    unfold(page)
    for name in names or LOOKS:
        width, asked = LOOKS[name]
        height = (page.viewport_size or {"height": 900})["height"]
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(**{**PLAIN, "reduced_motion": "reduce", **asked})
        yield name


def sideways(page: Page) -> str:
    """Empty, or which elements stick out."""
    return str(
        page.evaluate(
            """() => document.documentElement.scrollWidth <= innerWidth ? '' : [...document.querySelectorAll('*')]
            .filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 120))
            .slice(-3).join('\\n') || 'the page'"""
        )
    )


def too_small(page: Page) -> list[str]:
    """What one taps on and is less than 44 px high, but for links in a line of text."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('main button, main select, main summary, main .actions a,'
            + 'main .filter a, main .bed__head a, main .choice')]
        .filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.outerHTML.slice(0, 120))"""
    )
    return found


# ── Without a mouse ──────────────────────────────────────────────────────────────────────────────


def tab_to(page: Page, target: str | Locator, most: int = 120) -> None:
    """With Tab only, and always visible where one is."""
    there = page.locator(target) if isinstance(target, str) else target
    for _ in range(most):
        page.keyboard.press("Tab")
        where = page.evaluate(
            "() => { const e = document.activeElement; return [getComputedStyle(e).outlineWidth, e.outerHTML] }"
        )
        assert float(where[0].removesuffix("px")) >= 2, f"not visible where one is: {where[1]}"
        if there.evaluate_all("all => all.includes(document.activeElement)"):
            return
    raise AssertionError(f"Tab does not reach {target}")


def type_date(page: Page, day: date) -> None:
    """Into the field where one is: month first or day first, as the language of the browser has it."""
    for order in ("%m%d%Y", "%d%m%Y"):
        page.keyboard.type(day.strftime(order))
        if page.evaluate("document.activeElement.value") == str(day):
            return
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
    raise AssertionError(f"{page.evaluate('document.activeElement.value')} instead of {day}")


# ── How much one does, and how soon it is seen ───────────────────────────────────────────────────


class Counted:
    """Taps and answers of a journey."""

    def __init__(self, page: Page, what: str) -> None:
        self.page, self.what, self.taps, self.answers = page, what, 0, 0

    def tap(self, target: Locator) -> None:
        self.taps += 1
        target.click()
        self.page.wait_for_load_state()

    def fill(self, target: Locator, value: str) -> None:
        self.answers += 1
        target.fill(value)

    def choose(self, target: Locator, **option: Any) -> None:
        self.answers += 1
        target.select_option(**option)

    def check(self, target: Locator) -> None:
        self.answers += 1
        target.check()


@contextmanager
def counted(page: Page, what: str) -> Iterator[Counted]:
    """Says at the end how many taps and answers it took, and how long the computer did over it."""
    counting = Counted(page, what)
    begin = page.evaluate("performance.timeOrigin + performance.now()")
    yield counting
    took = page.evaluate("performance.timeOrigin + performance.now()") - begin
    answers = f", {counting.answers} antwoorden" if counting.answers else ""
    print(f"\nGETELD {what}: {counting.taps} tik(ken){answers}; de computer deed er {took / 1000:.1f} s over")
