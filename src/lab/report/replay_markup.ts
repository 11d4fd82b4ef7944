import type { VariantReport } from "../experiment_report.ts";
import { jsonForScript, type Markup, markup } from "./markup.ts";
import type { Replay } from "./replay.ts";
import { runOf } from "./run_of.ts";

/** Paths in 16 by 16, filled. */
const ICONS = {
  back: "M11 3v10L5 8zM3 3h2v10H3z",
  play: "M4 2.5v11l9-5.5z",
  forward: "M5 3v10l6-5zM11 3h2v10h-2z",
};

/** Times as fast as it was; the script begins with one at which it can be followed. */
const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 5];

/** The scrubber, with what it replays; only the page's script shows it. */
export function replayMarkup(
  title: string,
  variants: readonly VariantReport[],
): Markup | undefined {
  const replay: Replay = {
    variants: variants.filter(({ recordings }) => recordings.length > 0)
      .map(({ name, recordings }) => ({ name, runs: recordings.map(runOf) })),
  };
  if (replay.variants.length === 0) return undefined;
  const runs = Math.max(...replay.variants.map(({ runs }) => runs.length));
  const speeds = SPEEDS.map((speed) => markup`<option value="${speed}">${speed}×</option>`);
  return markup`
<section class="replay" hidden>
  <h3>What happened, step by step</h3>
  <ul class="legend">
    <li><span class="task queue">1</span> in the queue</li>
    <li><span class="task waits"><span>2</span></span> prefetched: waits in a worker’s hand</li>
    <li><span class="task works"><span>3</span></span> worked on</li>
    <li><span class="task held">4</span> done, not acknowledged</li>
    <li><span class="task done">5</span> done</li>
    <li><span class="task lost">6</span> lost</li>
    <li><span class="task queue" data-dots="···">7</span> dots: how much work it is</li>
  </ul>
  <div class="controls" role="group" aria-label="Replay: ${title}">
    <button type="button" data-do="back" aria-label="Step back">${icon("back")}</button>
    <button type="button" data-do="play">${icon("play")}<span>Play</span></button>
    <button type="button" data-do="forward" aria-label="Step forward">${icon("forward")}</button>
    <input type="range" min="0" step="any" value="0" aria-label="Time">
    <span class="clock"></span>
    <label>Speed <select data-set="speed">${speeds}</select></label>
    ${runs > 1 && runChoice(runs)}
  </div>
  <div class="stages"></div>
  <p class="keys">In here <kbd>Space</kbd> plays and pauses, <kbd>←</kbd> and <kbd>→</kbd> step
    from event to event, <kbd>Home</kbd> and <kbd>End</kbd> go to the ends.</p>
  <script type="application/json">${jsonForScript(replay)}</script>
</section>`;
}

function runChoice(runs: number): Markup {
  const options = Array.from(
    { length: runs },
    (_, run) => markup`<option value="${run}">${run + 1} of ${runs}</option>`,
  );
  return markup`<label>Run <select data-set="run">${options}</select></label>`;
}

function icon(name: keyof typeof ICONS): Markup {
  return markup`<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;
}
