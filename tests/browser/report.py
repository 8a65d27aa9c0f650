#!/usr/bin/env python3
"""Opens a report in headless Chromium, uses it as a reader would, and takes pictures.

    pip install playwright; apt-get install chromium
    tests/browser/report.py report.html pictures/

Cargo's tests need no browser; this is for changes to src/report/page.{css,js}. It fails where
the page asks for anything from outside, reports an error or does not answer as it should.
"""

import argparse
import json
import pathlib
import shutil
import time

from playwright.sync_api import sync_playwright


def check(what, holds):
    if not holds:
        raise SystemExit(f"failed: {what}")
    print("ok:", what)


def data(page):
    return json.loads(page.locator("#data").text_content())


def search(page, names):
    """The search box finds names by any of their words, with and without accents."""
    name = max(names[:200], key=lambda name: name[0].count(" "))[0]
    start = time.monotonic()
    page.fill("#query", name)
    page.wait_for_selector("#found li")
    seconds = time.monotonic() - start
    check(f"{name!r} is found first", page.locator("#found a").first.text_content() == name)
    check(f"among {len(names)} names in {seconds * 1000:.0f} ms", seconds < 1)
    page.fill("#query", name.split()[-1].upper()[:4])
    found = page.locator("#found a").all_text_contents()
    check("a part of a name in capitals finds it", found)
    page.fill("#query", "no such name at all")
    check("nothing is said to be nothing", page.text_content("#status") == "0 names")
    accents = [n[0] for n in names if not n[0].isascii()]
    if accents:
        import unicodedata

        for name in accents[:20]:
            plain = unicodedata.normalize("NFD", name)
            plain = "".join(c for c in plain if not unicodedata.combining(c))
            page.fill("#query", plain)
            found = page.locator("#found a").all_text_contents()
            check(f"{plain!r} finds {name!r}", name in found)
    page.fill("#query", "")
    page.select_option("#kind", "0")
    check("a kind alone lists names of that kind", page.locator("#found li").count() > 0)
    page.select_option("#kind", "")
    check("an empty box lists nothing", page.locator("#found li").count() == 0)


def keyboard(page, names):
    """Everything can be reached without a mouse."""
    page.focus("#query")
    page.keyboard.type(names[0][0][:3])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    tag = page.evaluate("document.activeElement.parentElement.parentElement.id")
    check("arrows walk through what was found", tag == "found")
    page.keyboard.press("Enter")
    page.wait_for_selector("#detail:not([hidden])")
    focus = page.evaluate("document.activeElement.id")
    check("a name that is opened has the focus", focus == "detail")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    check("and is closed by its first button", not page.is_visible("#detail"))
    check("which leads back to the box", page.evaluate("document.activeElement.id") == "query")
    page.fill("#query", "")


def detail(page, names):
    """A name shows its documents, each snippet with the name marked."""
    page.evaluate("location.hash = '#n0'")
    page.wait_for_selector("#detail:not([hidden])")
    check("its heading is the name", page.text_content("#detail h2") == names[0][0])
    check("with its documents", page.locator("#detail li").count() == len(names[0][9]))
    snippets = sum(1 for document in names[0][9] if document[2])
    check("and a marked snippet each", page.locator("#detail blockquote").count() == snippets)
    if snippets:
        check("that marks the name", page.locator("#detail mark").first.text_content())


def zoom(page):
    before = page.get_attribute("#map", "viewBox")
    for _ in range(3):
        page.click("#in")
    check("the map zooms in", page.get_attribute("#map", "viewBox") != before)
    box = page.locator("#map").bounding_box()
    dot = page.locator("#map circle").first.bounding_box()
    x, y = dot["x"] + dot["width"] / 2 - box["x"], dot["y"] + dot["height"] / 2 - box["y"]
    check("to where most documents are", 0 < x < box["width"] and 0 < y < box["height"])
    zoomed = page.get_attribute("#map", "viewBox")
    page.locator("#map").scroll_into_view_if_needed()
    box = page.locator("#map").bounding_box()
    x, y = box["x"] + box["width"] / 3, box["y"] + box["height"] / 3
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 50, y + 30)
    page.mouse.up()
    check("it can be moved", page.get_attribute("#map", "viewBox") != zoomed)


def topics(page):
    """No word of a topic's name runs over two lines."""
    split = page.evaluate(
        """() => [...document.querySelectorAll("tbody th")].filter((head) => {
            const node = head.firstChild, range = document.createRange();
            return [...node.data.matchAll(/\\S+/g)].some((word) => {
                range.setStart(node, word.index);
                range.setEnd(node, word.index + word[0].length);
                return range.getClientRects().length > 1;
            });
        }).map((head) => head.textContent)"""
    )
    check(f"no word of a topic is split {split or ''}", not split)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("report", type=pathlib.Path)
    parser.add_argument("pictures", type=pathlib.Path)
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    args = parser.parse_args()
    args.pictures.mkdir(parents=True, exist_ok=True)
    address = args.report.resolve().as_uri()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=args.chromium, args=["--no-sandbox"]
        )
        for name, width, height, scheme in [
            ("light", 1280, 900, "light"),
            ("dark", 1280, 900, "dark"),
            ("phone", 390, 844, "light"),
        ]:
            page = browser.new_page(
                viewport={"width": width, "height": height}, color_scheme=scheme
            )
            asked, wrong = [], []
            page.on("request", lambda request: asked.append(request.url))
            page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else 0)
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("dialog", lambda dialog: wrong.append(dialog.message))
            start = time.monotonic()
            page.goto(address)
            print(f"{name}: loaded in {(time.monotonic() - start) * 1000:.0f} ms")
            names = data(page)["names"]
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            check("nothing is wider than the screen", over <= 0)
            page.screenshot(path=args.pictures / f"{name}.png", full_page=True)
            topics(page)
            if names:
                search(page, names)
                keyboard(page, names)
                page.fill("#query", "an")
                page.screenshot(path=args.pictures / f"{name}-search.png")
                page.fill("#query", "")
                detail(page, names)
                page.screenshot(path=args.pictures / f"{name}-detail.png")
            if page.locator("#map").count():
                zoom(page)
                page.locator(".map").screenshot(path=args.pictures / f"{name}-map.png")
            check("nothing but the page was asked for", set(u.split("#")[0] for u in asked) == {address})
            check(f"nothing went wrong {wrong or ''}", not wrong)
            page.close()
        browser.close()


main()
