// What every page gets. Without it each page works too: this only saves loading again, and the mouse.
"use strict";

// ── Live: what others do is shown without loading the page again ────────────────────────────────
// `data-live` names the events upon which an element with an id is asked for again from where the page is;
// `data-stream` whose events, when those are not the gebeurtenissen of the loket.
// Not on the answer to a form (`data-stil`): the address of that page is the form's, which cannot be asked again.
if (!document.body.matches("[data-stil]") && window.EventSource) {
  const LOKET = "/v1/gebeurtenissen?aanbod=true";
  const parts = () => [...document.querySelectorAll("[data-live][id]:not([data-live=''])")];
  const of = (part) => part.dataset.stream ?? LOKET;
  const status = document.getElementById("live-status");
  const streams = new Map();
  const waiting = new Map();
  const touched = (part) => [...part.querySelectorAll("input:not([type=hidden]), textarea")].some(
    (one) => one.matches("[type=checkbox], [type=radio]") ? one.checked !== one.defaultChecked : one.value !== one.defaultValue);
  const asked = new Map();
  // Nearly at once, and of what comes right after that only twice a second: a region may be busy.
  const soon = (at) => later(at, Math.max(30, (asked.get(at) ?? 0) + 500 - Date.now()));
  const later = (at, ms) => { if (!waiting.has(at)) { waiting.set(at, setTimeout(() => again(at), ms)); } };
  const again = (at) => {
    waiting.delete(at);
    asked.set(at, Date.now());
    // Whoever is filling in a form there, is not disturbed: they see it afterwards.
    const busy = document.activeElement && document.activeElement.closest("[data-live] form, [data-live] dialog");
    for (const part of parts().filter((one) => of(one) === at)) {
      if (busy || touched(part)) { later(at, 3000); continue; }
      htmx.ajax("GET", location.href, { target: `#${part.id}`, select: `#${part.id}`, swap: "outerHTML" });
    }
  };
  const open = (at) => {
    const stream = new EventSource(at);
    const names = new Set(parts().filter((part) => of(part) === at).flatMap((part) => part.dataset.live.split(" ").filter(Boolean)));
    let failed = false;
    for (const name of names) { stream.addEventListener(name, () => soon(at)); }
    stream.addEventListener("open", () => {
      if (status && at === LOKET) { status.hidden = true; }
      if (failed) { failed = false; soon(at); }
    });
    stream.addEventListener("error", () => {
      failed = true;
      if (status && at === LOKET) { status.hidden = false; }
      // Refused (503), a browser does not try again by itself.
      if (stream.readyState === EventSource.CLOSED) {
        setTimeout(() => { if (streams.get(at) === stream) { streams.delete(at); follow(); } }, 2000 + 4000 * Math.random());
      }
    });
    return stream;
  };
  // Again after each part that came: what is over, such as the making of a plan, is not followed any more.
  const follow = () => {
    const wanted = new Set(parts().map(of));
    for (const [at, stream] of streams) { if (!wanted.has(at)) { stream.close(); streams.delete(at); } }
    for (const at of wanted) { if (!streams.has(at)) { streams.set(at, open(at)); } }
  };
  follow();
  document.body.addEventListener("htmx:afterSettle", follow);
  addEventListener("pagehide", () => { for (const stream of streams.values()) { stream.close(); } });
}

// ── What is wrong, and what was just done, is read first ────────────────────────────────────────
document.querySelector("[data-focus]")?.focus();

// ── Keys: `data-key` on a link or button says which; ? shows them all (<dialog id="toetsen">) ────
const typing = (target) => target.closest("input, textarea, select, [contenteditable]");
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) { return; }
  if (event.key === "?") { document.getElementById("toetsen")?.showModal(); return; }
  const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!target) { return; }
  event.preventDefault();
  if (target.matches("a, button, summary")) { target.click(); } else { target.focus(); }
});

// In a list with `data-rows`, j and k go to the next and previous row: to the first link or button in it.
document.addEventListener("keydown", (event) => {
  if (!["j", "k"].includes(event.key) || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) { return; }
  const rows = [...document.querySelectorAll("[data-rows] > *")].map((row) => row.querySelector("a, button, summary")).filter(Boolean);
  if (!rows.length) { return; }
  const here = rows.findIndex((link) => link.closest("[data-rows] > *").contains(document.activeElement));
  const next = here < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, here + (event.key === "j" ? 1 : -1)));
  rows[next].focus();
});

// ── A form is sent once, whatever one taps ──────────────────────────────────────────────────────
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") { return; }
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
});
addEventListener("pageshow", () => { for (const form of document.forms) { delete form.dataset.sent; } });

// ── A choice that sends its form by itself (`data-submit`), beside the button that does so without a script ──
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) { event.target.form.requestSubmit(); }
});

// ── What opens a dialog is only there with a script ─────────────────────────────────────────────
for (const button of document.querySelectorAll("[data-opens]")) {
  button.hidden = false;
  button.addEventListener("click", () => document.getElementById(button.dataset.opens).showModal());
}

// ── Paper ───────────────────────────────────────────────────────────────────────────────────────
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// ── A link to what is folded, opens it (`data-unfold` names it) ────────────────────────────────
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-unfold]");
  if (!link) { return; }
  const folded = document.getElementById(link.dataset.unfold);
  folded.open = !folded.open;
  event.preventDefault();
});

// ── A menu that was folded out (`data-closes`) closes with Escape, and when one goes on elsewhere ────
for (const menu of document.querySelectorAll("details[data-closes]")) {
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) { menu.open = false; } });
  document.addEventListener("focusin", (event) => { if (!menu.contains(event.target)) { menu.open = false; } });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) { return; }
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

// ── A draft is kept by itself: `data-draft` says where, #bewaard says whether ────────────────────
for (const form of document.querySelectorAll("form[data-draft]")) {
  const said = document.getElementById("bewaard");
  let changed = null;
  const keep = async () => {
    changed = null;
    if (form.dataset.sent) { return; }
    let text = said.dataset.failed;
    try {
      const answer = await fetch(form.dataset.draft, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { "Loket-Vanzelf": "ja" } });
      const time = new Intl.DateTimeFormat("nl", { hour: "2-digit", minute: "2-digit" }).format(new Date());
      const no = answer.status === 401 ? said.dataset.out : said.dataset.refused;
      text = answer.ok ? `${said.dataset.kept} ${time}.` : no;
    } catch {
      changed = setTimeout(keep, 10000);
    }
    said.textContent = text;
  };
  form.addEventListener("submit", () => { clearTimeout(changed); });
  form.addEventListener("input", () => { clearTimeout(changed); changed = setTimeout(keep, 3000); });
}
