/** The compiled executable that is measured. */
export const EXECUTABLE = new URL("../dist/worktool", import.meta.url).pathname;
