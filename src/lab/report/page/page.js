import { startReplay } from "./replay.js";

const announcement = document.querySelector("#announcement");

/** Tells those who do not see it, when they have heard the rest. @param {string} text */
function announce(text) {
  if (announcement) announcement.textContent = text;
}

const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");

/** @returns {"dark" | "light"} */
function otherTheme() {
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
  return isDark ? "light" : "dark";
}

/** @type {HTMLButtonElement | null} */
const themeButton = document.querySelector("button.theme");
if (themeButton) {
  const label = () => {
    themeButton.textContent = otherTheme() === "dark" ? "Dark theme" : "Light theme";
  };
  themeButton.addEventListener("click", () => {
    root.dataset.theme = otherTheme();
    label();
  });
  dark.addEventListener("change", label);
  label();
  themeButton.hidden = false;
}

// Paper is white, whatever the screen was, and cannot be unfolded.
/** @type {string | undefined} */
let themeOnScreen;
/** @type {HTMLDetailsElement[]} */
let closedOnScreen = [];
addEventListener("beforeprint", () => {
  closedOnScreen = [...document.querySelectorAll("details")].filter(({ open }) => !open);
  for (const details of closedOnScreen) details.open = true;
  themeOnScreen = root.dataset.theme;
  root.dataset.theme = "light";
});
addEventListener("afterprint", () => {
  for (const details of closedOnScreen) details.open = false;
  if (themeOnScreen === undefined) delete root.dataset.theme;
  else root.dataset.theme = themeOnScreen;
});

/** @param {HTMLButtonElement} button @param {HTMLElement} code */
async function copy(button, code) {
  try {
    await navigator.clipboard.writeText(code.textContent ?? "");
    button.textContent = "Copied";
    announce("Copied");
  } catch {
    // Where the browser does not let us, one key is left to press.
    getSelection()?.selectAllChildren(code);
    button.textContent = "Selected";
    announce("Selected, ready to be copied");
  }
  setTimeout(() => button.textContent = "Copy", 2_000);
}

for (
  const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll(".copy"))
) {
  const code = button.parentElement?.querySelector("code");
  if (!code) continue;
  button.addEventListener("click", () => copy(button, code));
  button.hidden = false;
}

/** What is wider than the page can be scrolled by keys; what is not is no stop for them. */
const widths = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (!(target instanceof HTMLElement)) continue;
    if (target.scrollWidth > target.clientWidth) {
      target.tabIndex = 0;
      target.setAttribute("role", "region");
      target.setAttribute("aria-label", target.dataset.label ?? "");
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) target.removeAttribute(name);
    }
  }
});
for (const scroller of document.querySelectorAll(".scroller")) widths.observe(scroller);

for (const section of document.querySelectorAll(".replay")) {
  if (section instanceof HTMLElement) startReplay(section, announce);
}
