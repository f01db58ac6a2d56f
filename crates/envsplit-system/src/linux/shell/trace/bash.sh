{
# Replays a start of bash under a DEBUG trap that prints where a watched variable changed: places and attributes, never
# a value and never the text of a command. The braces make bash read all of it before any alias of the user counts.
# @MOST@ commands are watched; then the rest of the file they stand in runs unwatched, the next stretch gets half of it.
__envsplit_h() {
  if [[ $BASH_SUBSHELL != 0 ]]; then trap - DEBUG; return 0; fi
  local now=$EPOCHREALTIME took=0 n word=${BASH_COMMAND%%[!a-z]*}
  if [[ -n $__envsplit_t ]]; then took=$((10#${now//[!0-9]/} - 10#${__envsplit_t//[!0-9]/})); fi
@CHANGES@
  if [[ $took -gt 9999 ]]; then
    builtin printf '%s\0' T 3 "$took" "$__envsplit_l" "${__envsplit_S[0]-}" >| "$__envsplit_to"
  fi
  if [[ ${BASH_SOURCE[1]-} != "${__envsplit_S[0]-}" ]]; then
    builtin printf '%s\0' F 2 "${now//[!0-9]/}" "${BASH_SOURCE[1]-}" >| "$__envsplit_to"
  fi
  __envsplit_P=${__envsplit_S[0]-}
  __envsplit_S=("${BASH_SOURCE[@]:1}") __envsplit_N=("${BASH_LINENO[@]:1}")
  if [[ $word == return && ${FUNCNAME[1]-} == source || $word == exit || $word == exec ]]; then
    builtin printf '%s\0' R 3 "$word" "$1" "${BASH_SOURCE[1]-}" >| "$__envsplit_to"
  fi
  if [[ $word == eval ]]; then __envsplit_e=("$1" "${#__envsplit_S[@]}${__envsplit_S[0]-}"); fi
  __envsplit_s="@STATE@${#__envsplit_S[@]} $SECONDS"
  # This took as long as some commands do.
  if (((__envsplit_n -= 8) < 1)); then
    n=1
    while [[ ${FUNCNAME[n]-} != @(source|) ]]; do n=$((n + 1)); done
    builtin printf '%s\0' W 0 >| "$__envsplit_to"
    n=$((${#BASH_SOURCE[@]} - n))
    __envsplit_m=$((__envsplit_m / 2)) __envsplit_d=$((n > 1 ? n : 1)) __envsplit_do=$__envsplit_off
  fi
  __envsplit_k=$__envsplit_n
}
__envsplit_c() {
  # Inside `eval` bash counts on from the line of the `eval`: that line goes along.
  local from=0
  if [[ ${__envsplit_e[1]-} == "${#__envsplit_S[@]}${__envsplit_S[0]-}" ]]; then from=${__envsplit_e[0]}; fi
  builtin printf '%s\0' C "$((4 + ${#__envsplit_S[@]} + ${#__envsplit_N[@]}))" \
    "$1" "$2" "$from" "$__envsplit_l" "${__envsplit_S[@]}" "${__envsplit_N[@]}" >| "$__envsplit_to"
}
__envsplit_to=@FIFO@ __envsplit_l=0 __envsplit_p=0 __envsplit_t= __envsplit_S=() __envsplit_N=() __envsplit_e=()
__envsplit_n=@MOST@ __envsplit_m=@MOST@ __envsplit_d=0 __envsplit_k=0 __envsplit_do= __envsplit_P=
__envsplit_T='[[ __envsplit_n-- -gt 0 && "@STATE@${#BASH_SOURCE[@]} $SECONDS" == "$__envsplit_s" && $BASH_COMMAND != @(ret|ex[ei]|eva)* ]] || { __envsplit_h "$LINENO"; \builtin eval "$__envsplit_do"; }; __envsplit_p=$__envsplit_l __envsplit_l=$LINENO __envsplit_t=$EPOCHREALTIME'
__envsplit_off='__envsplit_do= __envsplit_P= __envsplit_S=() __envsplit_N=() __envsplit_e=()
\builtin set +T
if ((__envsplit_m > 9)); then \builtin trap "[[ \${#BASH_SOURCE[@]} -ge $__envsplit_d ]] || \\builtin eval \"\$__envsplit_on\"" RETURN; fi
\builtin trap - DEBUG'
__envsplit_on='\builtin trap - RETURN
\builtin set -T
__envsplit_n=$__envsplit_m __envsplit_d=0 __envsplit_l= __envsplit_p= __envsplit_t= __envsplit_s=
\builtin trap "$__envsplit_T" DEBUG'
@BEFORE@
if [[ -z ${EPOCHREALTIME-} ]]; then
  builtin printf '%s\0' V 0 >| "$__envsplit_to"
else
  builtin printf '%s\0' B 1 "${EPOCHREALTIME//[!0-9]/}" >| "$__envsplit_to"
  trap 'builtin printf "%s\0" X 5 "$__envsplit_p" "${__envsplit_S[0]-}" "$-" "$((__envsplit_n == __envsplit_k))" "$__envsplit_P" >| "$__envsplit_to"' EXIT
  __envsplit_s="@STATE@0 $SECONDS"
  set -T
  trap "$__envsplit_T" DEBUG
fi
@FILES@
__envsplit_l=0
:
if [[ $__envsplit_d != 0 ]]; then
  trap - RETURN
  __envsplit_l= __envsplit_t=
  __envsplit_h 0
elif [[ $__envsplit_l == 0 ]]; then
  builtin printf '%s\0' E 2 replaced "${EPOCHREALTIME//[!0-9]/}" >| "$__envsplit_to"
fi
trap - DEBUG EXIT
builtin printf '%s\0' E 2 kept "${EPOCHREALTIME//[!0-9]/}" >| "$__envsplit_to"
set +T
}
