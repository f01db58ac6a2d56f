# Stands in for ~/.zshenv: restores ZDOTDIR, sets a DEBUG trap that prints where a watched variable changed (places and
# attributes, never a value and never the text of a command), then takes in the user's own ~/.zshenv. @MOST@ commands
# are watched; then no function is until the file goes on, or nothing any more.
function __envsplit_h {
  builtin emulate -L zsh
  if (( ZSH_SUBSHELL )); then return 0; fi
  builtin local n word= here=${funcfiletrace[1]-} at
  builtin local -i now=0 took=0
  if [[ -n ${EPOCHREALTIME-} ]]; then now=$(( EPOCHREALTIME * 1000000 )); fi
  if [[ -n $__envsplit_t && now -gt 0 ]]; then took=$(( now - __envsplit_t * 1000000 )); fi
  at="${__envsplit_f}:$(( __envsplit_l + __envsplit_o ))"
  if (( __envsplit_e )); then at="${__envsplit_f}:${__envsplit_e}"; fi
@CHANGES@
  if (( took > 9999 )); then
    builtin printf '%s\0' T 2 "$took" "$at" >| "$__envsplit_to"
  fi
  if [[ ${here%:*} != $__envsplit_f ]]; then
    builtin printf '%s\0' F 2 "$now" "${here%:*}" >| "$__envsplit_to"
    if [[ -n $__envsplit_r && ${#funcstack} -lt $__envsplit_d ]]; then
      builtin printf '%s\0' R 2 "${__envsplit_r%% *}" "${__envsplit_r#* }" >| "$__envsplit_to"
    fi
  fi
  __envsplit_r=
  if [[ $ZSH_DEBUG_CMD == ((return|exit|exec)*|*(\&\&|\|\|) (return|exit|exec)*) ]]; then
    word=${ZSH_DEBUG_CMD##*(\&\&|\|\|) }
    word=${word%%[^a-z]*}
    if [[ $word == (return|exit|exec) && ( $word != return || ${funcstack[2]} == ${here%:*} ) ]]; then
      __envsplit_r="$word $here"
    fi
  fi
  __envsplit_f=${here%:*} __envsplit_o=$(( ${here##*:} - $1 )) __envsplit_e=0 __envsplit_d=${#funcstack}
  if [[ ${funcstack[2]-} == '(eval)' ]]; then __envsplit_e=${here##*:}; fi
  __envsplit_S=("${(@)funcfiletrace[2,-1]}")
  # This took as long as some commands do.
  if (( (__envsplit_n -= 25) < 1 )); then
    local -i inside=0
    for n in "${(@)funcstack[2,-1]}"; do
      if [[ $n == '(anon)' ]] || (( ${+functions[$n]} )); then inside=1; fi
    done
    if (( __envsplit_q && ! inside )); then
      __envsplit_q=0 __envsplit_n=$__envsplit_m __envsplit_do=
      return 0
    fi
    if (( ! __envsplit_q )); then
      builtin printf '%s\0' W 0 >| "$__envsplit_to"
      __envsplit_q=1 __envsplit_w=1 __envsplit_m=$(( __envsplit_m / 2 ))
    fi
    __envsplit_f= __envsplit_e=0 __envsplit_r= __envsplit_S=() __envsplit_do='\builtin trap - DEBUG'
    if (( inside && __envsplit_m > 99 )); then
      # The EXIT trap of a function is run after it, in its caller.
      __envsplit_do='[[ -o posixtraps ]] || \builtin trap '\''\builtin trap "$__envsplit_T" DEBUG'\'' EXIT
\builtin trap - DEBUG'
    fi
  fi
}
function __envsplit_c {
  builtin printf '%s\0' C "$((3 + ${#__envsplit_S}))" "$1" "$2" "$at" "${__envsplit_S[@]}" >| "$__envsplit_to"
}
function __envsplit_x {
  builtin emulate -L zsh
  if (( ZSH_SUBSHELL )); then return 0; fi
  builtin printf '%s\0' X 3 "${__envsplit_r%% *}" "${__envsplit_f}:$(( __envsplit_l + __envsplit_o ))" "$1" >| "$__envsplit_to"
}
function __envsplit_end {
  builtin emulate -L zsh
  builtin trap - DEBUG
  if [[ $__envsplit_l != -1 ]]; then
    builtin printf '%s\0' E 1 kept >| "$__envsplit_to"
  elif (( __envsplit_w )); then
    __envsplit_f= __envsplit_l=0 __envsplit_t= __envsplit_S=()
    __envsplit_h 0
    builtin printf '%s\0' E 1 kept >| "$__envsplit_to"
  else
    builtin printf '%s\0' E 1 replaced >| "$__envsplit_to"
  fi
  builtin trap - EXIT
}
__envsplit_to=@FIFO@ __envsplit_l=0 __envsplit_t= __envsplit_f= __envsplit_o=0 __envsplit_e=0 __envsplit_d=0 __envsplit_r=
__envsplit_S=() __envsplit_n=@MOST@ __envsplit_m=@MOST@ __envsplit_q=0 __envsplit_w=0 __envsplit_do=
@BEFORE@
zmodload -F zsh/datetime p:EPOCHREALTIME 2> /dev/null
@ZDOTDIR@
trap '__envsplit_x "$-"' EXIT
__envsplit_s=
builtin printf '%s\0' B 0 >| "$__envsplit_to"
__envsplit_T='[[ __envsplit_n-- -gt 0 && "@STATE@${funcstack} ${SECONDS%.*}" == "$__envsplit_s" && $ZSH_DEBUG_CMD != *[re][ex][tei][utc]* ]] || { __envsplit_h "$LINENO"; __envsplit_s="@STATE@${funcstack} ${SECONDS%.*}$__envsplit_r"; \builtin eval "$__envsplit_do"; }; __envsplit_l=$LINENO __envsplit_t=${EPOCHREALTIME-}'
trap "$__envsplit_T" DEBUG
if [[ -r ${ZDOTDIR:-$HOME}/.zshenv ]]; then source "${ZDOTDIR:-$HOME}/.zshenv"; fi
