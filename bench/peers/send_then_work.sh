# What `worktool check` is made of: sends a file of lines, then works on as many tasks.
# Usage: sh send_then_work.sh WORKTOOL LINES COUNT [flags of the connection and the queue]
worktool=$1
lines=$2
count=$3
shift 3
"$worktool" send "$@" --lines < "$lines" && exec "$worktool" work "$@" --prefetch 100 --count "$count"
