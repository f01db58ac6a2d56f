{
# Replays a start of bash under a DEBUG trap that prints where a watched variable changed: places and attributes, never
# a value and never the text of a command. The braces make bash read all of it before any alias of the user counts.
__envsplit_h() {
  if [[ $BASH_SUBSHELL != 0 ]]; then return 0; fi
  local now=$EPOCHREALTIME took=0 n word=${BASH_COMMAND%%[!a-z]*}
  if [[ -n $__envsplit_t ]]; then took=$((10#${now//[!0-9]/} - 10#${__envsplit_t//[!0-9]/})); fi
@CHANGES@
  if [[ $took -gt 9999 ]]; then
    builtin printf '%s\0' T 3 "$took" "$__envsplit_l" "${__envsplit_S[0]-}" >| "$__envsplit_to"
  fi
  if [[ ${BASH_SOURCE[1]-} != "${__envsplit_S[0]-}" ]]; then
    builtin printf '%s\0' F 2 "${now//[!0-9]/}" "${BASH_SOURCE[1]-}" >| "$__envsplit_to"
  fi
  __envsplit_S=("${BASH_SOURCE[@]:1}") __envsplit_N=("${BASH_LINENO[@]:1}")
  if [[ $word == return && ${FUNCNAME[1]-} == source || $word == exit || $word == exec ]]; then
    builtin printf '%s\0' R 3 "$word" "$1" "${BASH_SOURCE[1]-}" >| "$__envsplit_to"
  fi
  __envsplit_s="@STATE@${#__envsplit_S[@]} $SECONDS"
}
__envsplit_c() {
  builtin printf '%s\0' C "$((3 + ${#__envsplit_S[@]} + ${#__envsplit_N[@]}))" \
    "$1" "$2" "$__envsplit_l" "${__envsplit_S[@]}" "${__envsplit_N[@]}" >| "$__envsplit_to"
}
__envsplit_to=@FIFO@ __envsplit_l=0 __envsplit_p=0 __envsplit_t= __envsplit_S=() __envsplit_N=()
@BEFORE@
if [[ -z ${EPOCHREALTIME-} ]]; then
  builtin printf '%s\0' V 0 >| "$__envsplit_to"
else
  builtin printf '%s\0' B 1 "${EPOCHREALTIME//[!0-9]/}" >| "$__envsplit_to"
  trap 'builtin printf "%s\0" X 2 "$__envsplit_p" "${__envsplit_S[0]-}" >| "$__envsplit_to"' EXIT
  __envsplit_s="@STATE@0 $SECONDS"
  set -T
  trap '[[ "@STATE@${#BASH_SOURCE[@]} $SECONDS" == "$__envsplit_s" && $BASH_COMMAND != [re][ex][tei]* ]] || __envsplit_h "$LINENO"; __envsplit_p=$__envsplit_l __envsplit_l=$LINENO __envsplit_t=$EPOCHREALTIME' DEBUG
  __envsplit_T=$(trap -p DEBUG)
fi
@FILES@
:
if [[ $(trap -p DEBUG) == "$__envsplit_T" ]]; then
  builtin printf '%s\0' E 2 kept "${EPOCHREALTIME//[!0-9]/}" >| "$__envsplit_to"
else
  builtin printf '%s\0' E 2 replaced "${EPOCHREALTIME//[!0-9]/}" >| "$__envsplit_to"
fi
trap - DEBUG EXIT
set +T
}
