/**
 * The stage of one variant: its queue, its workers' hands, and where tasks end, at any time.
 *
 * @typedef {import("../replay.ts").Run} Run
 * @typedef {import("../replay.ts").Move} Move
 * @typedef {import("../replay.ts").Place} Place
 * @typedef {{ move: Move, place: Place, worker: string | undefined }} Spot
 */

/** More tasks than this in one place are told by their number. */
const MOST_BOXES = 24;
const RECENT = 5;
const MOST_DOTS = 5;

/** Where a task can end, besides done and lost; a place is shown where the run has tasks in it. */
const SIDE_PLACES = /** @type {const} */ ({
  failed: "failed",
  retry: "next try",
  dead: "dead letters",
  expired: "expired",
  returned: "returned",
  refused: "refused",
  unknown: "unknown",
});

/**
 * An element; text is never taken for markup.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} className
 * @param {readonly (Node | string)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
function element(tag, className = "", ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** A time on the replay's clock, as seconds. @param {number} ms */
export function secondsText(ms) {
  return (ms / 1000).toFixed(2);
}

/**
 * @param {string} name of the variant
 * @param {Run} run
 */
export function stageOf(name, run) {
  const { moves, depths } = run;
  const counts = element("p", "counts");
  const log = element("ol", "log");
  const broker = element("p", "away", "the broker is away");
  const root = element("section", "stage", element("h4", "", name), counts, broker);
  root.classList.toggle("three-digits", run.tasks.length > 99);
  const tasks = new Map(run.tasks.map((task) => [task.task, task]));
  /** @type {Map<number, HTMLLIElement>} */
  const boxes = new Map();
  /** @type {Map<string, { list: HTMLUListElement, more: HTMLElement, row: HTMLElement }>} */
  const rows = new Map();

  /** @param {string} key @param {string} label @param {number} most */
  const addRow = (key, label, most) => {
    const list = element("ul");
    list.setAttribute("aria-label", label);
    const more = element("span", "more");
    // As much room as the row will ever need, so that nothing below it moves.
    const room = element("div", "room");
    for (let at = 0; at < Math.min(most, MOST_BOXES); at++) room.append(element("i"));
    const row = element(
      "div",
      "row",
      element("span", "name", label),
      element("div", "cell", room, list),
      more,
    );
    rows.set(key, { list, more, row });
    root.append(row);
    return row;
  };
  const most = mostAtOnce(moves);
  addRow("queue", "queue", most.get("queue") ?? 0);
  for (const worker of run.workers) {
    const row = addRow(`hand ${worker}`, worker, most.get(`hand ${worker}`) ?? 0);
    row.classList.add("worker");
    const work = element("ul", "work");
    work.setAttribute("aria-label", `${worker} works on`);
    row.querySelector(".cell")?.before(work);
    rows.set(`work ${worker}`, { list: work, more: element("span"), row });
  }
  addRow("done", "done", most.get("done") ?? 0);
  addRow("lost", "lost", most.get("lost") ?? 0);
  for (const [place, label] of Object.entries(SIDE_PLACES)) {
    if (most.has(place)) addRow(place, label, most.get(place) ?? 0);
  }
  root.append(log);

  /** @type {Map<number, Spot>} */
  const spots = new Map();
  /** Of the workers, and of the broker as undefined. @type {Map<string | undefined, string>} */
  const lives = new Map();
  let played = 0;

  /** @param {number} atMs @returns whether anything has changed place */
  function playTo(atMs) {
    const before = played;
    if (played > 0 && atMs < (moves[played - 1]?.atMs ?? 0)) {
      spots.clear();
      lives.clear();
      played = 0;
    }
    for (let move = moves[played]; move && move.atMs <= atMs; move = moves[++played]) {
      if (move.task !== undefined && move.to !== undefined) {
        spots.set(move.task, { move, place: move.to, worker: move.worker });
      }
      if (move.stage) lives.set(move.worker, move.stage);
    }
    return played !== before;
  }

  /** @param {number} task @param {Spot} spot */
  function boxOf(task, { place, move }) {
    let box = boxes.get(task);
    if (!box) {
      box = element("li", "", element("span", "", String(task)));
      const { body = "", dots = 0 } = tasks.get(task) ?? {};
      box.title = body;
      box.dataset.dots = "·".repeat(Math.min(dots, MOST_DOTS));
      boxes.set(task, box);
    }
    box.className = `task ${place}`;
    box.dataset.times = String(move.times ?? 0);
    return box;
  }

  function arrange() {
    /** @type {Map<string, [number, Spot][]>} */
    const inRows = new Map();
    for (const entry of spots) {
      const row = rowOf(entry[1]);
      const others = inRows.get(row);
      if (others) others.push(entry);
      else inRows.set(row, [entry]);
    }
    for (const [key, { list, more }] of rows) {
      const here = inRows.get(key) ?? [];
      // A queue keeps the order in which its tasks were sent, also of those that come back.
      here.sort(([a, one], [b, other]) =>
        key === "queue" ? a - b : one.move.atMs - other.move.atMs
      );
      const shown = key === "done" ? here.slice(-MOST_BOXES) : here.slice(0, MOST_BOXES);
      list.replaceChildren(...shown.map(([task, spot]) => boxOf(task, spot)));
      more.textContent = here.length > shown.length ? `+ ${here.length - shown.length}` : "";
    }
    for (const worker of run.workers) {
      const row = rows.get(`hand ${worker}`)?.row;
      if (row) row.dataset.life = lives.get(worker) ?? "worker-missing";
    }
    root.classList.toggle("broker-away", lives.get(undefined) === "broker-stopped");
    log.replaceChildren(
      ...moves.slice(Math.max(0, played - RECENT), played).reverse().map(({ atMs, text }) =>
        element("li", "", element("span", "time", `${secondsText(atMs)} s`), ` ${text}`)
      ),
    );
  }

  /** @param {number} atMs */
  function drawProgress(atMs) {
    for (const [task, { place, move }] of spots) {
      if (place !== "works") continue;
      const { untilMs = null, stopMs = Infinity } = move.work ?? {};
      const lasts = (untilMs ?? Infinity) - move.atMs;
      const share = Math.min(1, Math.max(0, (Math.min(atMs, stopMs) - move.atMs) / lasts));
      boxes.get(task)?.style.setProperty("--progress", `${share * 100}%`);
    }
    const { ready = 0, unacked = 0 } = depths.findLast((depth) => depth.atMs <= atMs) ?? {};
    counts.textContent = `${ready} ready · ${unacked} unacknowledged`;
  }

  arrange();
  return {
    root,
    name,
    moves,
    /**
     * Shows how things are at a time.
     *
     * @param {number} atMs
     * @param {{ animated: boolean }} options
     */
    show(atMs, { animated }) {
      if (playTo(atMs)) {
        const places = animated ? placesOf(boxes) : new Map();
        arrange();
        for (const [box, from] of places) slide(box, from);
      }
      drawProgress(atMs);
    },
  };
}

/** @param {Spot} spot */
function rowOf({ place, worker }) {
  if (place === "works") return `work ${worker}`;
  return place === "waits" || place === "held" ? `hand ${worker}` : place;
}

/** How many tasks each row holds at most. @param {readonly Move[]} moves */
function mostAtOnce(moves) {
  /** @type {Map<number, string>} */
  const rowOfTask = new Map();
  /** @type {Map<string, number>} */
  const now = new Map();
  /** @type {Map<string, number>} */
  const most = new Map();
  for (const move of moves) {
    if (move.task === undefined || move.to === undefined) continue;
    const from = rowOfTask.get(move.task);
    const to = rowOf({ move, place: move.to, worker: move.worker });
    if (from !== undefined) now.set(from, (now.get(from) ?? 1) - 1);
    now.set(to, (now.get(to) ?? 0) + 1);
    most.set(to, Math.max(most.get(to) ?? 0, now.get(to) ?? 0));
    rowOfTask.set(move.task, to);
  }
  return most;
}

/** @param {Map<number, HTMLElement>} boxes */
function placesOf(boxes) {
  return new Map(
    [...boxes.values()].filter((box) => box.isConnected)
      .map((box) => [box, box.getBoundingClientRect()]),
  );
}

/** Lets a box that has moved be seen on its way. @param {HTMLElement} box @param {DOMRect} from */
function slide(box, from) {
  if (!box.isConnected) return;
  const to = box.getBoundingClientRect();
  const [x, y] = [from.left - to.left, from.top - to.top];
  if (x === 0 && y === 0) return;
  box.animate(
    [{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }],
    { duration: 220, easing: "ease-out" },
  );
}
