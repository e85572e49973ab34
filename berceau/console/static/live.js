// Asks for the page again and again, and puts the new part with the id "live" in the place of the old.

const PAUSE_MS = 2000;
const button = document.getElementById("pause");

let paused = false;

/** @returns {Promise<void>} */
async function refresh() {
  const live = document.getElementById("live");
  if (paused || document.hidden || live === null || live.contains(document.activeElement)) {
    return;
  }
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!response.ok) {
    return;
  }
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const found = page.getElementById("live");
  if (found !== null && !paused) {
    live.replaceWith(found);
  }
}

async function follow() {
  try {
    await refresh();
  } catch {
    // The server restarts: the next attempt finds it.
  }
  setTimeout(follow, PAUSE_MS);
}

if (button instanceof HTMLButtonElement) {
  button.hidden = false;
  button.addEventListener("click", () => {
    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
  });
}
setTimeout(follow, PAUSE_MS);
