// A repair at work: the page looks again, and changes where something has changed. Without scripts
// its link does the same by loading all of it.
"use strict";

function announce(step) {
  const status = document.querySelector("[data-status]");
  const text = `${step} %`;
  if (status && status.textContent !== text) status.textContent = text;
}

function renew(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    const used = part.contains(document.activeElement);
    if (other && !used && part.innerHTML !== other.innerHTML) part.replaceChildren(...other.childNodes);
  }
  const bar = document.querySelector("[data-live] progress");
  if (bar) announce(Math.floor(bar.value / 10) * 10);
}

async function look() {
  const answer = await fetch(location.href);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  // Its work is over, or somebody has to log in again: either is for the whole page to say.
  if (fresh.querySelector("[data-again]")) renew(fresh);
  else location.reload();
}

function begin(line) {
  const seconds = Number(line.dataset.again);
  const button = document.createElement("button");
  let timer = 0;
  const go = () => {
    timer = timer ? clearInterval(timer) : setInterval(() => look().catch(() => {}), seconds * 1000);
    button.textContent = timer ? "Stay still" : "Look again by itself";
    line.firstChild.textContent = timer ? `This page looks again every ${seconds} s. ` : "";
  };
  button.type = "button";
  button.className = "iy-button";
  line.replaceChildren(document.createTextNode(""), button);
  button.addEventListener("click", go);
  go();
}

const line = document.querySelector("[data-again]");
if (line && !document.querySelector("meta[http-equiv=refresh]")) begin(line);
