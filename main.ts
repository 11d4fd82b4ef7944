console.log("worktool");
