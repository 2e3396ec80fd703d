// Package roman writes numbers as the Romans did.
package roman

import "strings"

var signs = []struct {
	value int
	sign  string
}{
	{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"},
	{50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"},
}

// Write answers the number's signs.
func Write(number int) string {
	var text strings.Builder
	for _, s := range signs {
		text.WriteString(strings.Repeat(s.sign, number/s.value))
		number %= s.value
	}
	return text.String()
}
