# roman NUMBER: prints the number as the Romans wrote it.
roman() {
  local number="$1" text='' pair
  for pair in 1000:M 900:CM 500:D 400:CD 100:C 90:XC 50:L 40:XL 10:X 9:IX 5:V 4:IV 1:I; do
    while ((number >= ${pair%:*})); do
      text+="${pair#*:}"
      number=$((number - ${pair%:*}))
    done
  done
  printf '%s\n' "$text"
}
