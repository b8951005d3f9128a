// Keeps the kit page up to date: asks for its moving part, and swaps it in only when it says something new,
// so that nobody loses their place. Without this script the page reloads itself now and then.
(function () {
  "use strict";
  const box = document.querySelector("[data-progress]");
  const said = document.querySelector("[data-said]");
  if (!box) return;
  const pause = Math.max(1, Number(box.dataset.seconds) || 15) * 1000;

  async function look() {
    let again = pause;
    try {
      const answer = await fetch(box.dataset.progress, { credentials: "same-origin", redirect: "error" });
      if (answer.ok) {
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-version]");
        const shown = box.querySelector("[data-version]");
        if (fresh && fresh.dataset.version !== shown.dataset.version) {
          box.replaceChildren(document.importNode(fresh, true));
          document.title = fresh.dataset.headline;
          said.textContent = fresh.dataset.news;
          if ("refused" in fresh.dataset) document.querySelectorAll(".flash").forEach((one) => one.remove());
        }
        if (fresh && "finished" in fresh.dataset) return;
      } else if (answer.status === 404 || answer.status === 403) {
        return;
      }
    } catch (error) {
      again = Math.min(pause * 4, 60000); // the shop is away for a moment, or the login has ended
    }
    window.setTimeout(look, document.hidden ? Math.max(again, 30000) : again);
  }

  document.addEventListener("visibilitychange", function () { if (!document.hidden) window.setTimeout(look, 200); }, { once: true });
  window.setTimeout(look, pause);
})();
