import { secondsText, stageOf } from "./stage.js";

/**
 * The scrubber of one experiment: one clock for the stages of all its variants.
 *
 * @typedef {import("../replay.ts").Replay} Replay
 */

/** At the speed that it begins with, a replay takes so long at least. */
const COMFORTABLE_MS = 6_000;
/** After the last key, before a screen reader is told; whoever holds a key down hears the end. */
const QUIET_MS = 400;
const PLAY = "M4 2.5v11l9-5.5z";
const PAUSE = "M3.5 2.5h3v11h-3zM9.5 2.5h3v11h-3z";

/**
 * @param {HTMLElement} section
 * @param {(text: string) => void} announce to those who do not see the stages
 */
export function startReplay(section, announce) {
  /** @template {Element} T @param {string} selector @returns {T} */
  const find = (selector) => {
    const found = section.querySelector(selector);
    if (!found) throw new Error(`no ${selector} in a replay`);
    return /** @type {T} */ (found);
  };
  /** @type {Replay} */
  const replay = JSON.parse(find("script").textContent ?? "");
  /** @type {HTMLButtonElement} */
  const play = find("[data-do=play]");
  /** @type {HTMLInputElement} */
  const slider = find("input");
  /** @type {HTMLSelectElement} */
  const speed = find("[data-set=speed]");
  /** @type {HTMLElement} */
  const clock = find(".clock");
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  /** @type {ReturnType<typeof stageOf>[]} */
  let stages = [];
  /** When anything happens, in order. @type {number[]} */
  let times = [];
  let endMs = 0;
  let nowMs = 0;
  /** Of the frame that is asked for while it plays. @type {number | undefined} */
  let frame;
  let begun = false;
  let announcing = 0;

  /** @param {number} at the number of the run */
  function load(at) {
    const runs = replay.variants.flatMap(({ name, runs }) => {
      const run = runs[Math.min(at, runs.length - 1)];
      return run ? [{ name, run }] : [];
    });
    stages = runs.map(({ name, run }) => stageOf(name, run));
    endMs = Math.max(0, ...runs.map(({ run }) => run.endMs));
    times = [...new Set(runs.flatMap(({ run }) => run.moves.map(({ atMs }) => atMs)))]
      .sort((a, b) => a - b);
    find(".stages").replaceChildren(...stages.map(({ root }) => root));
    slider.max = String(endMs);
  }

  /** @param {number} atMs */
  function show(atMs) {
    nowMs = Math.min(endMs, Math.max(0, atMs));
    // Whoever wants no motion sees one event after the other, and nothing between them.
    const shownMs = still.matches ? times.findLast((time) => time <= nowMs) ?? 0 : nowMs;
    const animated = begun && !still.matches;
    for (const stage of stages) stage.show(shownMs, { animated });
    slider.value = String(shownMs);
    clock.textContent = `${secondsText(shownMs)} / ${secondsText(endMs)} s`;
    if (frame === undefined) {
      slider.setAttribute(
        "aria-valuetext",
        `${secondsText(shownMs)} of ${secondsText(endMs)} seconds`,
      );
    }
  }

  function start() {
    if (!begun || nowMs >= endMs) nowMs = 0;
    begun = true;
    let last = performance.now();
    /** @param {number} now */
    const step = (now) => {
      const passed = Math.max(0, now - last) * Number(speed.value);
      last = now;
      show(nowMs + passed);
      if (nowMs >= endMs) pause();
      else frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    label("Pause", PAUSE);
  }

  function pause() {
    if (frame === undefined) return;
    cancelAnimationFrame(frame);
    frame = undefined;
    label("Play", PLAY);
    show(nowMs);
  }

  /** @param {string} text @param {string} path */
  function label(text, path) {
    play.querySelector("span")?.replaceChildren(text);
    play.querySelector("path")?.setAttribute("d", path);
  }

  /** @param {number | undefined} atMs of an event, or undefined where there is none */
  function goTo(atMs) {
    pause();
    begun = true;
    if (atMs === undefined) return;
    show(atMs);
    clearTimeout(announcing);
    announcing = setTimeout(() => announce(saidAt(atMs)), QUIET_MS);
  }

  /** @param {number} atMs */
  function saidAt(atMs) {
    const said = stages.flatMap(({ name, moves }) => {
      const texts = moves.filter((move) => move.atMs === atMs).map(({ text }) => text);
      return texts.length > 0 ? [`${name}: ${texts.join(", ")}`] : [];
    });
    return `${secondsText(atMs)} s. ${said.join(". ")}`;
  }

  const actions = {
    back: () => goTo(times.findLast((time) => time < nowMs) ?? 0),
    play: () => frame === undefined ? start() : pause(),
    forward: () => goTo(times.find((time) => time > nowMs)),
    first: () => goTo(0),
    last: () => goTo(endMs),
  };
  /** @type {Record<string, keyof typeof actions>} */
  const keys = {
    " ": "play",
    ArrowLeft: "back",
    ArrowDown: "back",
    ArrowRight: "forward",
    ArrowUp: "forward",
    Home: "first",
    End: "last",
  };

  for (const name of /** @type {const} */ (["back", "play", "forward"])) {
    find(`[data-do=${name}]`).addEventListener("click", actions[name]);
  }
  slider.addEventListener("input", () => {
    const atMs = Number(slider.value);
    pause();
    begun = true;
    show(atMs);
  });
  section.querySelector("[data-set=run]")?.addEventListener("change", ({ target }) => {
    pause();
    load(Number(/** @type {HTMLSelectElement} */ (target).value));
    show(nowMs);
  });
  section.addEventListener("keydown", (event) => {
    const { target, key } = event;
    const action = keys[key];
    if (!action || event.altKey || event.ctrlKey || event.metaKey) return;
    // A list of choices has these keys for itself, and a button the space bar.
    if (target instanceof HTMLSelectElement) return;
    if (target instanceof HTMLButtonElement && key === " ") return;
    event.preventDefault();
    actions[action]();
  });

  load(0);
  const speeds = [...speed.options].map(({ value }) => value);
  speed.value = speeds.findLast((value) => endMs / Number(value) >= COMFORTABLE_MS) ?? speeds[0] ??
    "1";
  section.hidden = false;
  // Before it is played, a moment at which there is something to see.
  show(endMs / 3);
}
