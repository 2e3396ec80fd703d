package roman

import "testing"

func TestYears(t *testing.T) {
	for number, want := range map[int]string{1994: "MCMXCIV", 2026: "MMXXVI"} {
		if got := Write(number); got != want {
			t.Errorf("%d: %s, not %s", number, got, want)
		}
	}
}
