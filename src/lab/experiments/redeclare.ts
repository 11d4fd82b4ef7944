import type { Experiment } from "../experiment.ts";
import { tutorial } from "./tutorial.ts";

const REFUSED = 65;

export const redeclare: Experiment = {
  name: "redeclare",
  title: "Declaring a queue again",
  hasPicture: false,
  claim: "A queue that exists cannot be declared again with other properties: the broker answers " +
    "406 PRECONDITION_FAILED.",
  source: tutorial("Message durability", "message-durability"),
  question: "A durable queue, and then a sender that wants it not durable. What are the ways out?",

  variants: () => [{
    name: "four declarations",
    run: async (stage) => {
      const other = stage.anotherQueue("other");
      const tries: [string, string[]][] = [
        ["a durable queue", ["--queue", stage.queue, "--durable"]],
        ["the same, not durable", ["--queue", stage.queue, "--no-durable"]],
        ["way out: the queue as it is", ["--queue", stage.queue]],
        ["way out: another name", ["--queue", other, "--no-durable"]],
      ];
      const facts: Record<string, string> = {};
      for (const [name, flags] of tries) {
        const { code, stderr } = await stage.run(["send", ...flags, "Hello"]);
        const said = stderr.replace(/^worktool: /, "").replaceAll(/\s*\n\s*-?\s*/g, " ").trim();
        facts[name] = `${code}: ${code === 0 ? "sent" : said}`;
      }
      return facts;
    },
  }],

  conclude: ([observed]) => {
    const facts = observed!.facts[0]!;
    const entries = Object.entries(facts).map(([name, fact]) => [name, `${fact}`] as const);
    const codes = entries.map(([, fact]) => Number(fact.split(":")[0]));
    const so = codes.join() === [0, REFUSED, 0, 0].join();
    return {
      verdict: so ? "as the tutorial says" : "not so",
      because: `Exit codes ${codes.join(", ")}: the other declaration was ` +
        `${codes[1] === REFUSED ? "refused with 406" : "not refused"}, the ways out were taken.`,
      tables: [{
        title: "Exit code, and what worktool said",
        columns: ["declaration", "exit code", "said"],
        rows: entries.map(([name, fact]) => {
          const at = fact.indexOf(": ");
          return [name, fact.slice(0, at), fact.slice(at + 2)];
        }),
      }],
    };
  },
};
