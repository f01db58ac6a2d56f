{
# Replays a start of a POSIX shell. `sh -x` names neither file nor line, so `.` keeps the file's name, and PS4 prints it
# with the state of the watched variables. What follows on the same line is the command itself: it is read in memory.
__envsplit_f=
__envsplit_src() {
  case ${1-} in /*) __envsplit_p=$1 ;; *) __envsplit_p=$PWD/${1-} ;; esac
  __envsplit_f="$__envsplit_p:$__envsplit_f"
  command . "$@"
  __envsplit_q=$?
  __envsplit_f=${__envsplit_f#*:}
  return $__envsplit_q
}
alias .=__envsplit_src
PS4='
@TOKEN@ ${__envsplit_f%%:*}:@STATE@ '
set -x
}
@FILES@
: __envsplit_end
set +x
