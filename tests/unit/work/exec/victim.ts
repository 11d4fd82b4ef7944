/**
 * Runs two commands that end only by SIGKILL, one of them through a child, until it is killed. Says
 * "awake" when it is asked: then whatever it began before is through.
 */
import process from "node:process";
import { Rig } from "./rig.ts";

const loop = "trap '' TERM HUP INT; echo up; while :; do sleep 1000; done";
const rig = new Rig({
  script: `case $(cat "$1") in 1) ${loop};; *) (${loop}) & wait;; esac`,
  bodyPlace: "file",
  output: { mode: "inherit" },
});
process.stdin.on("data", () => process.stdout.write("awake\n"));
await Promise.all([rig.run("1"), rig.run("2")]);
