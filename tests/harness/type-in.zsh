# Types each argument into a zsh of its own behind a pseudo-terminal, after the completion script was sourced there, and
# prints what that zsh then draws, up to the text that the next argument names.
zmodload zsh/zpty
export TERM=dumb
until_drawn() {
  local drawn part
  repeat 600 {
    zpty -r -t shell part && drawn+=$part || sleep 0.05
    [[ $drawn == *$1* ]] && { print -r -- "$1"; return }
  }
  print -r -- "instead of $1: $drawn"
  exit 1
}
for typed shown in "$@"; do
  zpty -b shell zsh -f -i
  # Quotes keep the echo of this line from being taken for its output.
  zpty -w shell "source <(muster completion zsh); print sou''rced"
  until_drawn sourced
  zpty -w -n shell "$typed"$'\t'
  until_drawn "$shown"
  zpty -d shell
done
