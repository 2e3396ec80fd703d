BEGIN {
  count = split("1000 M 900 CM 500 D 400 CD 100 C 90 XC 50 L 40 XL 10 X 9 IX 5 V 4 IV 1 I", signs, " ")
}
{
  text = ""
  for (i = 1; i < count; i += 2)
    for (; $1 >= signs[i]; $1 -= signs[i]) text = text signs[i + 1]
  print text
}
