/* Comfort on top of pages that work without it. Each part looks for its own marks and does nothing where there are none. */
"use strict";

/* A second click on a slow form sends nothing: the server would know it for the same submission anyway. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!("once" in form.dataset)) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  const button = event.submitter ?? form.querySelector("[type=submit]");
  if (!button) return;
  // Not `disabled`: the browser would leave the button's own value out of what it sends.
  button.setAttribute("aria-disabled", "true");
  if (button.dataset.busy) {
    button.dataset.words = button.textContent;
    button.textContent = button.dataset.busy;
  }
});

/* Back in the browser shows the page as it was left, buttons busy: make them usable again. */
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  document.querySelectorAll("[aria-disabled=true]").forEach((button) => {
    button.removeAttribute("aria-disabled");
    if (button.dataset.words) button.textContent = button.dataset.words;
  });
});

function showErrors() {
  document.getElementById("errors")?.focus();
}

function offerToShowPasswords() {
  document.querySelectorAll("input[type=password]").forEach((input) => {
    if (input.closest(".secret")) return;
    const box = document.createElement("div");
    const button = document.createElement("button");
    box.className = "secret";
    button.type = "button";
    button.textContent = "Show";
    button.setAttribute("aria-label", "Show the password");
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      const shown = input.type === "text";
      input.type = shown ? "password" : "text";
      button.textContent = shown ? "Show" : "Hide";
      button.setAttribute("aria-pressed", String(!shown));
    });
    input.form?.addEventListener("submit", () => { input.type = "password"; });
    input.before(box);
    box.append(input, button);
  });
}

/* A form that wasn't there when the page was opened. */
document.addEventListener("htmx:afterSettle", offerToShowPasswords);

function countChoices() {
  document.querySelectorAll("[data-count]").forEach((line) => {
    const boxes = [...line.closest("form").querySelectorAll(`[name="${line.dataset.count}"]`)];
    const tell = () => {
      line.textContent = countInWords(boxes.filter((box) => box.checked).length, line.dataset);
    };
    boxes.forEach((box) => box.addEventListener("change", tell));
    tell();
  });
}

function countInWords(chosen, { min, max }) {
  if (chosen < min) return `You have chosen ${chosen}. Choose at least ${min - chosen} more.`;
  if (chosen > max) return `You have chosen ${chosen}. Leave out ${chosen - max}.`;
  return `You have chosen ${chosen}. That will do nicely.`;
}

function guessTimeZone() {
  const select = document.querySelector("[data-time-zone] select");
  if (!select || (select.value && select.value !== "UTC")) return;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...select.options].some((option) => option.value === zone)) select.value = zone;
}

/* A date and "not decided" contradict each other: the one just given counts. */
function keepDateAndDoubtApart() {
  const date = document.querySelector("input[type=date]");
  const undecided = document.querySelector("[name=date_undecided]");
  if (!date || !undecided) return;
  undecided.addEventListener("change", () => { if (undecided.checked) date.value = ""; });
  date.addEventListener("input", () => { if (date.value) undecided.checked = false; });
}

/* What htmx asks for in the background */
document.addEventListener("htmx:afterRequest", (event) => {
  const line = event.target.closest?.("[data-autosave]");
  if (!line) return;
  const changed = event.detail.xhr.status === 409;
  if (changed) line.textContent = "This page was saved elsewhere meanwhile. Continue shows you both versions.";
  else line.textContent = event.detail.successful ? "Kept as you type." : "";
});

/* Once the answers themselves are on their way, a draft of them would come too late. */
document.addEventListener("submit", (event) => {
  const line = event.target.querySelector("[data-autosave]");
  if (line) window.htmx?.trigger(line, "htmx:abort");
});
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.closest("[data-autosave]") && event.target.closest("form").dataset.sent) event.preventDefault();
});

/* An answer from another page (logged out, led elsewhere) is not for this spot: ask for this page again. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  const arrived = xhr.responseURL && new URL(xhr.responseURL).pathname;
  if (event.target.closest("[data-autosave]") || !arrived || arrived === location.pathname) return;
  event.detail.shouldSwap = false;
  if (xhr.status < 400) location.reload();
});

/* A ticked task leaves its place, and the focus with it: say how far they are, and go on with the next. */
let doneWasOpen = false;
document.addEventListener("htmx:beforeSwap", () => {
  doneWasOpen = document.getElementById("done")?.open ?? false;
});
document.addEventListener("htmx:afterSettle", () => {
  const done = document.getElementById("done");
  if (done && doneWasOpen) done.open = true;
  const told = document.querySelector("[data-tells]");
  const sum = told && document.getElementById(told.dataset.tells);
  if (!sum) return;
  told.textContent = sum.textContent;
  if (document.activeElement === document.body) document.querySelector(".tick")?.focus();
});

function sayItDidNotArrive(event) {
  if (event.target.closest("[data-autosave]")) return;
  const note = document.createElement("p");
  note.className = "note note-warning";
  note.textContent = "That did not get through. Please look at the page again: what it shows then is what is saved.";
  document.getElementById("messages").replaceChildren(note);
}
document.addEventListener("htmx:responseError", sayItDidNotArrive);
document.addEventListener("htmx:sendError", sayItDidNotArrive);
document.addEventListener("htmx:timeout", sayItDidNotArrive);

offerToShowPasswords();
countChoices();
guessTimeZone();
keepDateAndDoubtApart();
showErrors();
